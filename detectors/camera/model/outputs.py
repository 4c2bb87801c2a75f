"""Outputs of detectors to candidates: boxes, best score and its class."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.camera.model.plan import Layout
from detectors.pulses import Ints

Reals = NDArray[np.float32]
Candidates = tuple[Reals, Reals, Ints]
"""Corners (n, 4) on the input, scores (n,), class numbers (n,)."""

EXPECTED = {
    Layout.YOLO: "one output (1, N, 5 + C)",
    Layout.YOLOV8: "one output (1, 4 + C, N)",
    Layout.THREE: "three outputs (1, N, 4), (1, N) and (1, N)",
}


class ShapeError(ValueError):
    """Outputs are not laid out as declared."""


def candidates_of(layout: Layout, outputs: Sequence[NDArray[Any]], classes: int) -> Candidates:
    """Read the outputs of one picture.

    Parameters
    ----------
    layout
        How they are laid out.
    outputs
        As the model gave them.
    classes
        Least number of classes that the model must tell apart.

    Returns
    -------
    tuple
        Corners on the input, (n, 4); scores, (n,); class numbers, (n,).

    Raises
    ------
    ShapeError
        They are not laid out like that.
    """
    try:
        return _READERS[layout](outputs, classes)
    except (ShapeError, ValueError, IndexError):
        shapes = ", ".join(str(tuple(output.shape)) for output in outputs)
        msg = f"its outputs are {shapes}, {layout.value!r} with {classes} classes or more "
        msg += f"is {EXPECTED[layout]}"
        raise ShapeError(msg) from None


def _yolo(outputs: Sequence[NDArray[Any]], classes: int) -> Candidates:
    rows = _only(outputs)
    _check(5 + classes <= rows.shape[1] <= rows.shape[0])
    return _best(rows[:, :4], rows[:, 5:] * rows[:, 4:5])


def _yolov8(outputs: Sequence[NDArray[Any]], classes: int) -> Candidates:
    rows = _only(outputs).T
    _check(4 + classes <= rows.shape[1] <= rows.shape[0])  # the other way round otherwise
    return _best(rows[:, :4], rows[:, 4:])


def _three(outputs: Sequence[NDArray[Any]], classes: int) -> Candidates:
    del classes
    boxes, *others = outputs
    corners = np.asarray(boxes, np.float32).reshape(-1, 4)
    scores, numbers = (np.asarray(output).reshape(-1) for output in others)
    _check(boxes.shape[-1:] == (4,) and corners.shape[0] == scores.size == numbers.size)
    known = np.isfinite(numbers)
    return corners, scores.astype(np.float32), np.where(known, numbers, -1).astype(np.int64)


def _only(outputs: Sequence[NDArray[Any]]) -> Reals:
    (output,) = outputs
    (one, _, _) = output.shape
    _check(one == 1)
    return np.asarray(output[0], np.float32)


def _best(centred: Reals, scores: Reals) -> Candidates:
    numbers = np.argmax(scores, axis=1)
    half = centred[:, 2:] / 2
    corners = np.hstack([centred[:, :2] - half, centred[:, :2] + half]).astype(np.float32)
    return corners, scores[np.arange(scores.shape[0]), numbers], numbers.astype(np.int64)


def _check(holds: bool) -> None:
    if not holds:
        raise ShapeError


_READERS: dict[Layout, Callable[[Sequence[NDArray[Any]], int], Candidates]] = {
    Layout.YOLO: _yolo,
    Layout.YOLOV8: _yolov8,
    Layout.THREE: _three,
}
