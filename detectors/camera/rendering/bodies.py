"""Shapes of vehicles: boxes with slanted sides, their windows, wheels and lamps.

All coordinates are shares of the vehicle's size: x from the rear (0) to the front (1), y from its
left (-0.5) to its right (0.5), z from the street (0) to its roof (1).
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering.fleet import Kind

Floats = NDArray[np.float64]


class Material(IntEnum):
    """What a face is made of."""

    PAINT = 0
    GLASS = 1
    DARK = 2
    TYRE = 3
    LAMP = 4
    TAIL = 5
    PLATE = 6
    CLOTH = 7
    SKIN = 8
    CANVAS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A convex piece of a vehicle with the details on its faces.

    Parameters
    ----------
    corners
        Faces of four corners each, (faces, 4, 3), seen anticlockwise from outside.
    material
        Material of each face, (faces,).
    layer
        Parts of a higher layer are painted later; within a layer the farther comes first.
    solid_faces
        The first faces, which enclose the piece; the others are details on them.
    """

    corners: Floats
    material: NDArray[np.int64]
    layer: int
    solid_faces: int


_Quad = list[tuple[float, float, float]]


def _frustum(
    bottom: tuple[float, float, float], top: tuple[float, float, float], widths: tuple[float, float]
) -> list[_Quad]:
    """Return front, rear, left, right and top of a piece between two levels.

    Parameters
    ----------
    bottom, top
        Where it starts and ends along x, and the level z.
    widths
        Width at the bottom and at the top.
    """
    (rear, front, low), (top_rear, top_front, high) = bottom, top
    w, v = widths[0] / 2, widths[1] / 2
    return [
        [(front, -w, low), (front, w, low), (top_front, v, high), (top_front, -v, high)],
        [(rear, w, low), (rear, -w, low), (top_rear, -v, high), (top_rear, v, high)],
        [(rear, -w, low), (front, -w, low), (top_front, -v, high), (top_rear, -v, high)],
        [(front, w, low), (rear, w, low), (top_rear, v, high), (top_front, v, high)],
        [(top_rear, -v, high), (top_front, -v, high), (top_front, v, high), (top_rear, v, high)],
    ]


def _patch(face: _Quad, across: tuple[float, float], up: tuple[float, float]) -> _Quad:
    """Return a piece of a face: shares along its first edge and from there upwards."""
    corners = np.asarray(face, np.float64)

    def at(u: float, v: float) -> tuple[float, float, float]:
        low = corners[0] * (1 - u) + corners[1] * u
        high = corners[3] * (1 - u) + corners[2] * u
        x, y, z = low * (1 - v) + high * v
        return float(x), float(y), float(z)

    return [at(across[0], up[0]), at(across[1], up[0]), at(across[1], up[1]), at(across[0], up[1])]


def _wheels(at: tuple[float, ...], radius: tuple[float, float], width: float) -> list[_Quad]:
    """Return eight-cornered wheels on both sides, each as two quads."""
    quads: list[_Quad] = []
    turn = np.arange(8) * np.pi / 4 + np.pi / 8
    for x in at:
        xs, zs = x + radius[0] * np.cos(turn), radius[1] * (1 + np.sin(turn))
        for side in (-1, 1):
            ring = [(float(a), side * width / 2, float(b)) for a, b in zip(xs, zs, strict=True)]
            ring = ring if side < 0 else ring[::-1]
            quads += [ring[:4], [ring[0], ring[3], ring[4], ring[7]], ring[4:]]
    return quads


def _part(layer: int, *pieces: tuple[Material, list[_Quad]]) -> Part:
    """Join the faces of a piece (first) and its details."""
    corners = [quad for _, quads in pieces for quad in quads]
    materials = [material for material, quads in pieces for _ in quads]
    return Part(
        corners=np.asarray(corners, np.float64),
        material=np.asarray(materials, np.int64),
        layer=layer,
        solid_faces=len(pieces[0][1]),
    )


def _lamps(
    front: _Quad, rear: _Quad, up: tuple[float, float]
) -> list[tuple[Material, list[_Quad]]]:
    """Return head lamps, tail lamps and plates on the faces of a body."""
    return [
        (Material.LAMP, [_patch(front, (0.04, 0.22), up), _patch(front, (0.78, 0.96), up)]),
        (Material.TAIL, [_patch(rear, (0.02, 0.16), up), _patch(rear, (0.84, 0.98), up)]),
        (
            Material.PLATE,
            [_patch(front, (0.38, 0.62), (0.2, 0.38)), _patch(rear, (0.38, 0.62), (0.35, 0.55))],
        ),
    ]


def _car() -> list[Part]:
    sill = _frustum((0.01, 0.99, 0.12), (0.0, 1.0, 0.42), (0.94, 1.0))
    bonnet = _frustum((0.0, 1.0, 0.42), (0.03, 0.96, 0.62), (1.0, 0.94))
    cabin = _frustum((0.06, 0.72, 0.61), (0.16, 0.50, 0.97), (0.90, 0.70))
    front, rear, left, right, _ = cabin
    glass = [
        _patch(front, (0.05, 0.95), (0.05, 0.92)),
        _patch(rear, (0.08, 0.92), (0.15, 0.88)),
        *[_patch(side, span, (0.08, 0.88)) for side in (left, right) for span in _SIDE_PANES],
    ]
    return [
        _part(
            0,
            (Material.PAINT, sill[:4]),
            (Material.DARK, [_patch(sill[0], (0.15, 0.85), (0.05, 0.5))]),
            (Material.TYRE, _wheels((0.17, 0.80), (0.072, 0.21), 1.005)),
        ),
        _part(1, (Material.PAINT, bonnet), *_lamps(bonnet[0], bonnet[1], (0.15, 0.75))),
        _part(2, (Material.PAINT, cabin), (Material.GLASS, glass)),
    ]


_SIDE_PANES = ((0.08, 0.45), (0.50, 0.92))


def _van() -> list[Part]:
    sill = _frustum((0.0, 1.0, 0.10), (0.0, 1.0, 0.42), (0.96, 1.0))
    body = _frustum((0.0, 1.0, 0.42), (0.01, 0.80, 1.0), (1.0, 0.86))
    front, rear, left, right, _ = body
    glass = [
        _patch(front, (0.06, 0.94), (0.22, 0.86)),
        _patch(rear, (0.10, 0.46), (0.45, 0.85)),
        _patch(rear, (0.54, 0.90), (0.45, 0.85)),
        _patch(left, (0.70, 0.90), (0.20, 0.72)),
        _patch(right, (0.10, 0.30), (0.20, 0.72)),
    ]
    return [
        _part(
            0,
            (Material.PAINT, sill[:4]),
            (Material.DARK, [_patch(sill[0], (0.12, 0.88), (0.05, 0.55))]),
            (Material.TYRE, _wheels((0.17, 0.82), (0.062, 0.14), 1.005)),
            *_lamps(sill[0], sill[1], (0.62, 0.95)),
        ),
        _part(1, (Material.PAINT, body), (Material.GLASS, glass)),
    ]


def _bus() -> list[Part]:
    body = _frustum((0.0, 1.0, 0.10), (0.0, 0.995, 1.0), (1.0, 0.97))
    front, rear, left, right, _ = body
    panes = [(0.03 + 0.16 * i, 0.17 + 0.16 * i) for i in range(6)]
    glass = [
        _patch(front, (0.04, 0.96), (0.34, 0.84)),
        _patch(rear, (0.10, 0.90), (0.52, 0.84)),
        *[_patch(side, pane, (0.42, 0.80)) for side in (left, right) for pane in panes],
    ]
    return [
        _part(
            0,
            (Material.PAINT, body),
            (Material.GLASS, glass),
            (Material.TYRE, _wheels((0.25, 0.78), (0.042, 0.16), 1.004)),
            *_lamps(front, rear, (0.06, 0.16)),
        )
    ]


def _lorry() -> list[Part]:
    chassis = _frustum((0.0, 1.0, 0.12), (0.0, 0.99, 0.30), (0.92, 0.92))
    box = _frustum((0.0, 0.80, 0.28), (0.0, 0.80, 1.0), (1.0, 1.0))
    cab = _frustum((0.83, 1.0, 0.16), (0.83, 0.985, 0.84), (0.98, 0.94))
    front, _, left, right, _ = cab
    glass = [
        _patch(front, (0.05, 0.95), (0.52, 0.88)),
        _patch(left, (0.35, 0.9), (0.52, 0.85)),
        _patch(right, (0.1, 0.65), (0.52, 0.85)),
    ]
    lamps = _lamps(front, chassis[1], (0.08, 0.18))
    return [
        _part(
            0,
            (Material.DARK, chassis),
            (Material.TYRE, _wheels((0.10, 0.20, 0.88), (0.048, 0.14), 0.96)),
            lamps[1],
        ),
        _part(1, (Material.CANVAS, box), (Material.DARK, [_patch(box[1], (0.49, 0.51), (0, 1))])),
        _part(1, (Material.PAINT, cab), (Material.GLASS, glass), lamps[0]),
    ]


def _rider(*, wheel: float, body_low: float, frame_width: float) -> list[Part]:
    frame = _frustum((0.12, 0.90, 0.16), (0.25, 0.80, body_low), (frame_width, frame_width * 0.8))
    legs = _frustum((0.34, 0.62, 0.28), (0.32, 0.60, body_low + 0.05), (0.62, 0.60))
    trunk = _frustum((0.28, 0.55, body_low), (0.40, 0.66, 0.84), (0.62, 0.80))
    head = _frustum((0.46, 0.62, 0.84), (0.48, 0.61, 1.0), (0.34, 0.28))
    front = frame[0]
    return [
        _part(
            0,
            (Material.PAINT, frame),
            (Material.TYRE, _wheels((0.18, 0.82), (wheel, 0.20), 0.16)),
            (Material.LAMP, [_patch(front, (0.1, 0.9), (0.5, 1.0))]),
            (Material.TAIL, [_patch(frame[1], (0.1, 0.9), (0.5, 1.0))]),
        ),
        _part(1, (Material.CLOTH, legs)),
        _part(2, (Material.CLOTH, trunk)),
        _part(3, (Material.SKIN, head)),
    ]


@cache
def body(kind: Kind) -> tuple[Part, ...]:
    """Return the parts of a kind of vehicle."""
    match kind:
        case Kind.CAR:
            return tuple(_car())
        case Kind.VAN:
            return tuple(_van())
        case Kind.LORRY:
            return tuple(_lorry())
        case Kind.BUS:
            return tuple(_bus())
        case Kind.MOTORCYCLE:
            return tuple(_rider(wheel=0.15, body_low=0.55, frame_width=0.45))
        case Kind.BICYCLE:
            return tuple(_rider(wheel=0.175, body_low=0.55, frame_width=0.10))
