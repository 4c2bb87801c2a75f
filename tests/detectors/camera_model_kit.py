"""Writes a tiny ONNX detector of bright blocks, without the onnx package.

Field numbers are those of the published ``onnx.proto`` (ONNX IR version 8).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

INPUT_PX = (160, 120)
BLOCK_PX = (24, 16)
STRIDE = 4


def _varint(value: int) -> bytes:
    text = b""
    while value > 127:
        text += bytes([value & 127 | 128])
        value >>= 7
    return text + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    text = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(text)) + text


def tensor(name: str, values: NDArray) -> bytes:  # type: ignore[type-arg]
    kind = {"float32": 1, "int64": 7}[values.dtype.name]
    dims = b"".join(_number(1, side) for side in values.shape)
    return dims + _number(2, kind) + _bytes(8, name) + _bytes(9, values.tobytes())


def ints(name: str, *values: int) -> bytes:
    return _bytes(1, name) + b"".join(_number(8, value) for value in values) + _number(20, 7)


def int_(name: str, value: int) -> bytes:
    return _bytes(1, name) + _number(3, value) + _number(20, 2)


def node(kind: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    text = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output)
    text += _bytes(3, f"make_{output}") + _bytes(4, kind)
    return text + b"".join(_bytes(5, attribute) for attribute in attributes)


def value(name: str, *shape: int) -> bytes:
    dims = b"".join(_bytes(1, _number(1, side)) for side in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, dims)))


def model(nodes: list[bytes], tensors: list[bytes], source: bytes, results: list[bytes]) -> bytes:
    graph = b"".join(_bytes(1, each) for each in nodes) + _bytes(2, "blocks")
    graph += b"".join(_bytes(5, each) for each in tensors) + _bytes(11, source)
    graph += b"".join(_bytes(12, each) for each in results)
    opset = _bytes(1, "") + _number(2, 13)
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, opset)


def write_block_finder(path: Path, layout: str = "yolov8") -> Path:
    """Write a detector of two classes: 0, white blocks; 1, red ones; 24 by 16 px.

    The score of a place is the mean over a block of one channel less a part of another, so it
    is largest where the block fits best.
    """
    columns = (INPUT_PX[0] - BLOCK_PX[0]) // STRIDE + 1
    rows = (INPUT_PX[1] - BLOCK_PX[1]) // STRIDE + 1
    count, area = rows * columns, BLOCK_PX[0] * BLOCK_PX[1]
    weights = np.zeros((2, 3, BLOCK_PX[1], BLOCK_PX[0]), np.float32)
    weights[0, 1] = 1.0 / area  # white: green is bright
    weights[1, 0], weights[1, 1] = 1.0 / area, -1.0 / area  # red without green
    left, top = np.meshgrid(np.arange(columns) * STRIDE, np.arange(rows) * STRIDE)
    corner = np.stack([left.ravel(), top.ravel()]).astype(np.float32)
    size = np.tile(np.array(BLOCK_PX, np.float32)[:, None], count)
    centred = np.concatenate([corner + size / 2, size])[None]
    nodes = [
        node("Conv", ["images", "weights"], "map", ints("strides", STRIDE, STRIDE)),
        node("Reshape", ["map", "shape"], "scores"),
    ]
    tensors = [
        tensor("weights", weights),
        tensor("shape", np.array([1, 2, count], np.int64)),
        tensor("boxes", centred),
    ]
    source = value("images", 1, 3, INPUT_PX[1], INPUT_PX[0])
    if layout == "yolov8":
        nodes.append(node("Concat", ["boxes", "scores"], "found", int_("axis", 1)))
        results = [value("found", 1, 6, count)]
    elif layout == "yolo":
        tensors.append(tensor("sure", np.ones((1, 1, count), np.float32)))
        nodes.append(node("Concat", ["boxes", "sure", "scores"], "columns", int_("axis", 1)))
        nodes.append(node("Transpose", ["columns"], "found", ints("perm", 0, 2, 1)))
        results = [value("found", 1, count, 7)]
    else:
        corners = np.concatenate([corner, corner + size]).T[None]
        tensors[2] = tensor("boxes", np.ascontiguousarray(corners))
        tensors += [
            tensor("zero", np.zeros(1, np.float32)),
            tensor("both", np.array([1, 2 * count], np.int64)),
            tensor("twice", np.concatenate([corners, corners], axis=1)),
            tensor("which", np.repeat(np.float32([0, 1]), count)[None]),
        ]
        nodes += [
            node("Reshape", ["map", "both"], "rated"),
            node("Add", ["twice", "zero"], "placed"),
            node("Add", ["which", "zero"], "named"),
        ]
        nodes = [nodes[0], *nodes[2:]]
        tensors = [each for k, each in enumerate(tensors) if k not in {1, 2}]
        results = [
            value("placed", 1, 2 * count, 4),
            value("rated", 1, 2 * count),
            value("named", 1, 2 * count),
        ]
    path.write_bytes(model(nodes, tensors, source, results))
    return path
