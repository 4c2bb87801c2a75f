"""What drives: kinds of vehicles, their sizes and paint, and where each is at every frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Kind(StrEnum):
    """What kind of vehicle a counting engineer tells apart."""

    CAR = "car"
    VAN = "van"
    LORRY = "lorry"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"
    BICYCLE = "bicycle"


SIZES_M: dict[Kind, tuple[float, float, float]] = {
    Kind.CAR: (4.4, 1.80, 1.50),
    Kind.VAN: (5.6, 2.00, 2.40),
    Kind.LORRY: (10.0, 2.50, 3.60),
    Kind.BUS: (12.0, 2.55, 3.10),
    Kind.MOTORCYCLE: (2.2, 0.80, 1.50),
    Kind.BICYCLE: (1.8, 0.60, 1.70),
}
"""Usual length, width and height of each kind, in metres."""

_PAINTS: dict[Kind, tuple[tuple[float, tuple[int, int, int]], ...]] = {
    Kind.CAR: (
        (0.20, (108, 107, 104)),  # the grey of asphalt
        (0.08, (72, 70, 68)),
        (0.10, (165, 164, 160)),  # silver
        (0.21, (228, 228, 226)),
        (0.20, (32, 31, 30)),
        (0.10, (110, 62, 38)),  # blue
        (0.06, (38, 36, 150)),  # red
        (0.03, (62, 78, 50)),
        (0.02, (40, 130, 205)),
    ),
    Kind.VAN: (
        (0.60, (225, 226, 224)),
        (0.15, (112, 110, 107)),
        (0.15, (42, 40, 38)),
        (0.10, (120, 70, 36)),
    ),
    Kind.LORRY: (
        (0.45, (218, 219, 217)),
        (0.20, (118, 116, 112)),
        (0.15, (112, 66, 34)),
        (0.10, (40, 38, 128)),
        (0.10, (50, 52, 46)),
    ),
    Kind.BUS: ((0.50, (36, 34, 150)), (0.30, (214, 216, 214)), (0.20, (60, 120, 70))),
    Kind.MOTORCYCLE: ((0.6, (36, 35, 34)), (0.25, (40, 38, 130)), (0.15, (120, 118, 115))),
    Kind.BICYCLE: ((0.5, (60, 58, 56)), (0.25, (120, 80, 50)), (0.25, (70, 70, 150))),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """One vehicle that stays the same as long as it is seen.

    Parameters
    ----------
    name
        Its name in the truth.
    kind
        What it is.
    length_m, width_m, height_m
        Its size. [m]
    """

    name: str
    kind: Kind
    length_m: float
    width_m: float
    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OnStreet:
    """A vehicle on one street.

    Parameters
    ----------
    street
        The street.
    from_s, to_s
        First and last instant at which it was there. [s]
    """

    street: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where one vehicle was: the middle of its front, on the street.

    Parameters
    ----------
    vehicle
        The vehicle.
    time_s
        Rising instants since the first frame, (n,). [s]
    x_m, y_m
        Middle of its front, (n,). [m]
    heading_deg
        Where it points, clockwise from north, (n,).
    speed_mps
        Its speed, (n,). [m/s]
    streets
        The streets that it drove along, where movements are wanted.
    """

    vehicle: Vehicle
    time_s: Floats
    x_m: Floats
    y_m: Floats
    heading_deg: Floats
    speed_mps: Floats
    streets: tuple[OnStreet, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """All vehicles at one frame.

    Parameters
    ----------
    vehicle
        Index of each vehicle in the traffic's list, (n,).
    front_m
        Middle of each front on the street, (n, 2). [m]
    heading
        Unit vector that each points along, (n, 2).
    speed_mps
        Speed of each, (n,). [m/s]
    is_braking
        Whether its brake lamps are on, (n,).
    """

    vehicle: NDArray[np.int64]
    front_m: Floats
    heading: Floats
    speed_mps: Floats
    is_braking: NDArray[np.bool_]


class Traffic:
    """Every vehicle of a clip at every frame.

    Parameters
    ----------
    tracks
        The vehicles' tracks.
    frame_count
        Frames of the clip.
    rate_hps
        Frames per second.
    """

    def __init__(self, tracks: Sequence[Track], *, frame_count: int, rate_hps: float) -> None:
        self.vehicles = tuple(track.vehicle for track in tracks)
        self.frame_count = frame_count
        self.rate_hps = rate_hps
        rows = [_sample(i, track, frame_count, rate_hps) for i, track in enumerate(tracks)]
        table = np.concatenate(rows) if rows else np.empty((0, 8))
        table = table[np.argsort(table[:, 0], kind="stable")]
        self._table = table
        self._starts = np.searchsorted(table[:, 0], np.arange(frame_count + 1))

    def at(self, frame: int) -> Moment:
        """Return the vehicles of a frame."""
        rows = self._table[self._starts[frame] : self._starts[frame + 1]]
        return Moment(
            vehicle=rows[:, 1].astype(np.int64),
            front_m=rows[:, 2:4],
            heading=rows[:, 4:6],
            speed_mps=rows[:, 6],
            is_braking=rows[:, 7] > 0,
        )


def _sample(index: int, track: Track, frame_count: int, rate_hps: float) -> Floats:
    """Return the rows (frame, vehicle, x, y, east, north, speed, brakes) of one track."""
    first = max(0, int(np.ceil(track.time_s[0] * rate_hps - 1e-9)))
    last = min(frame_count - 1, int(np.floor(track.time_s[-1] * rate_hps + 1e-9)))
    frames = np.arange(first, max(first, last + 1))
    at_s = frames / rate_hps
    turn = np.unwrap(np.radians(track.heading_deg))
    heading = np.interp(at_s, track.time_s, turn)
    speed_mps = np.interp(at_s, track.time_s, track.speed_mps)
    ahead_mps = np.interp(at_s + 0.3, track.time_s, track.speed_mps)
    brakes = (speed_mps - ahead_mps > 0.25) | (speed_mps < 0.3)  # noqa: PLR2004 - 0.8 m/s²
    columns = [
        frames,
        np.full(len(frames), index),
        np.interp(at_s, track.time_s, track.x_m),
        np.interp(at_s, track.time_s, track.y_m),
        np.sin(heading),
        np.cos(heading),
        speed_mps,
        brakes,
    ]
    return np.column_stack(columns).astype(np.float64)


def paint_of(kind: Kind, dice: np.random.Generator) -> Floats:
    """Draw the colour of a vehicle.

    Shares follow what paint makers report for Europe: white, black and grey make up three cars
    of four, and one in five is as grey as the road.

    Returns
    -------
    Floats
        Blue, green, red, 0–255, (3,).
    """
    shares, colours = zip(*_PAINTS[kind], strict=True)
    chosen = int(dice.choice(len(shares), p=shares))
    return np.asarray(np.clip(np.asarray(colours[chosen]) * dice.normal(1.0, 0.06), 12, 250))
