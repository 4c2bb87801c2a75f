"""Vehicles as painted faces in their own metres, and their placing on the street."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering.bodies import Material, body
from detectors.camera.rendering.fleet import Kind, Vehicle

Floats = NDArray[np.float64]

_COLOURS: dict[Material, tuple[float, float, float]] = {
    Material.GLASS: (56, 51, 46),
    Material.DARK: (38, 37, 36),
    Material.TYRE: (30, 30, 30),
    Material.LAMP: (214, 216, 214),
    Material.TAIL: (46, 42, 128),
    Material.PLATE: (176, 196, 198),
    Material.SKIN: (52, 52, 56),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The faces of one vehicle.

    Parameters
    ----------
    corners_m
        Ahead of the front's middle, to the right of it and up, (faces, 4, 3). [m]
    normals
        Unit vectors out of the faces, (faces, 3).
    colour
        Blue, green, red in full daylight, (faces, 3).
    material
        Material of each face, (faces,).
    parts
        First face, end of the enclosing faces, end of the details, and layer of each part.
    head_m, tail_m
        Places of its lamps, (n, 3). [m]
    """

    corners_m: Floats
    normals: Floats
    colour: Floats
    material: NDArray[np.int64]
    parts: tuple[tuple[int, int, int, int], ...]
    head_m: Floats
    tail_m: Floats


def build_shell(vehicle: Vehicle, paint: Floats, dice: np.random.Generator) -> Shell:
    """Build the faces of a vehicle from its size and its paint."""
    size = np.array([vehicle.length_m, vehicle.width_m, vehicle.height_m])
    pieces = body(vehicle.kind)
    corners = np.concatenate([part.corners for part in pieces])
    corners = (corners - (1.0, 0.0, 0.0)) * size
    material = np.concatenate([part.material for part in pieces])
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.maximum(lengths, 1e-9)
    starts = np.cumsum([0, *[len(part.corners) for part in pieces]])
    parts = tuple(
        (int(start), int(start) + part.solid_faces, int(end), part.layer)
        for part, start, end in zip(pieces, starts[:-1], starts[1:], strict=True)
    )
    head_m, tail_m = _lamp_places(vehicle)
    return Shell(
        corners_m=corners,
        normals=normals,
        colour=_colours(material, paint, dice),
        material=material,
        parts=parts,
        head_m=head_m,
        tail_m=tail_m,
    )


def _colours(material: NDArray[np.int64], paint: Floats, dice: np.random.Generator) -> Floats:
    colour = np.tile(paint, (len(material), 1))
    for kind, tone in _COLOURS.items():
        colour[material == kind] = tone
    colour[material == Material.CLOTH] = dice.uniform(25, 170, 3)
    tarpaulin = np.array([(222, 222, 220), (150, 148, 146), (108, 106, 104), (130, 70, 40)])
    colour[material == Material.CANVAS] = tarpaulin[dice.choice(4, p=(0.45, 0.15, 0.2, 0.2))]
    return colour


def _lamp_places(vehicle: Vehicle) -> tuple[Floats, Floats]:
    """Return where the head and tail lamps are, (n, 3) each."""
    up_m = {Kind.LORRY: 0.85, Kind.BUS: 0.75, Kind.VAN: 0.8}.get(vehicle.kind, 0.65)
    if vehicle.kind in (Kind.MOTORCYCLE, Kind.BICYCLE):
        across = np.array([0.0])
    else:
        across = np.array([-0.39, 0.39]) * vehicle.width_m
    heads = [(0.02, y, up_m) for y in across]
    tails = [(-vehicle.length_m - 0.02, y, up_m + 0.15) for y in across]
    return np.array(heads), np.array(tails)


def place(points_m: Floats, front_m: Floats, heading: Floats) -> Floats:
    """Return points of a vehicle as points of the world, (..., 3) [m].

    Parameters
    ----------
    points_m
        Ahead of its front, to its right, up, (..., 3). [m]
    front_m
        Middle of its front on the street, (2,). [m]
    heading
        Unit vector that it points along, (2,).
    """
    east, north = heading
    turned = np.empty_like(points_m)
    turned[..., 0] = front_m[0] + points_m[..., 0] * east + points_m[..., 1] * north
    turned[..., 1] = front_m[1] + points_m[..., 0] * north - points_m[..., 1] * east
    turned[..., 2] = points_m[..., 2]
    return turned


def turn(vectors: Floats, heading: Floats) -> Floats:
    """Return directions of a vehicle as directions of the world, (..., 3)."""
    return place(vectors, np.zeros(2), heading)
