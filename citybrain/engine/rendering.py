"""Clips of simulated streets: SUMO drives, the camera's renderer draws, the truth is kept."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectors.camera.rendering.clip import write_clip
from detectors.camera.rendering.fleet import Kind, Track, Vehicle
from detectors.camera.rendering.scene import Lane, Marking, Scene
from sim.sumo.made_street import (
    TYPES,
    LaneWay,
    MadeStreet,
    lane_ways,
    street_arguments,
    write_street,
)
from sim.sumo.trajectories import Trajectory, run_trajectories

_KINDS = {
    "passenger": Kind.CAR,
    "delivery": Kind.VAN,
    "truck": Kind.LORRY,
    "trailer": Kind.LORRY,
    "bus": Kind.BUS,
    "motorcycle": Kind.MOTORCYCLE,
    "bicycle": Kind.BICYCLE,
}
_WANDER_M = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """How long the clip is and when in the run it starts.

    Parameters
    ----------
    duration_s
        Length of the clip. [s]
    rate_hps
        Frames per second.
    warm_up_s
        Simulated time before the first frame. [s]
    seed
        Seed of the traffic.
    """

    duration_s: float = 180.0
    rate_hps: float = 25.0
    warm_up_s: float = 70.0
    seed: int = 1


def street_lanes(street: MadeStreet) -> tuple[Lane, ...]:
    """Return the lanes of a made street as the renderer draws them.

    Raises
    ------
    SimulationError
        SUMO could not build the street.
    """
    with tempfile.TemporaryDirectory(prefix="citybrain-") as folder:
        net, _ = write_street(street, Path(folder))
        return drawn_lanes(lane_ways(net))


def drawn_lanes(ways: Sequence[LaneWay]) -> tuple[Lane, ...]:
    """Return lanes of a network with the lines between them: dashed within an edge, else solid."""
    return tuple(
        Lane(
            name=way.name,
            centre_m=np.asarray(way.shape_m, np.float64),
            width_m=way.width_m,
            left=Marking.DASHED if way.index < way.lane_count - 1 else Marking.SOLID,
            right=Marking.SOLID if way.index == 0 else Marking.NONE,
            has_stop_line=way.is_signalled,
        )
        for way in ways
    )


def street_tracks(street: MadeStreet, shot: Shot) -> tuple[Track, ...]:
    """Drive a made street in SUMO and return the vehicles' tracks, second 0 at the first frame.

    Raises
    ------
    SimulationError
        SUMO could not build or run the street.
    """
    with tempfile.TemporaryDirectory(prefix="citybrain-") as folder:
        net, routes = write_street(street, Path(folder))
        driven = run_trajectories(
            street_arguments(net, routes, street),
            begin_s=shot.warm_up_s,
            end_s=shot.warm_up_s + shot.duration_s + 1.0,
            seed=shot.seed,
        )
    dice = np.random.default_rng((shot.seed, 41))
    return tuple(_track(one, shot.warm_up_s, dice) for one in driven)


def render_street(scene: Scene, street: MadeStreet, shot: Shot, folder: Path) -> Path:
    """Render a scene on a made street into a folder; see ``write_clip``.

    Returns
    -------
    Path
        The video; ``camera.toml`` and ``truth.json`` lie beside it.

    Raises
    ------
    InputError, SimulationError
        The scene cannot be drawn or driven.
    """
    tracks = street_tracks(street, shot)
    return write_clip(scene, tracks, folder, duration_s=shot.duration_s, rate_hps=shot.rate_hps)


def _track(driven: Trajectory, start_s: float, dice: np.random.Generator) -> Track:
    """Return a trajectory as the renderer takes it, wandering a little in its lane."""
    kind = TYPES[driven.vehicle_type.split("@")[0]]
    length_m, width_m, height_m = kind.size_m
    offset_m, phase = dice.normal(0, _WANDER_M), dice.uniform(0, 2 * np.pi)
    gone_m = np.cumsum(
        np.hypot(
            np.diff(driven.x_m, prepend=driven.x_m[0]), np.diff(driven.y_m, prepend=driven.y_m[0])
        )
    )
    right_m = offset_m + 0.12 * np.sin(gone_m / 23.0 + phase)
    heading = np.radians(driven.heading_deg)
    return Track(
        vehicle=Vehicle(
            name=driven.vehicle,
            kind=_KINDS[kind.vclass],
            length_m=length_m,
            width_m=width_m,
            height_m=height_m * float(np.clip(dice.normal(1.0, 0.03), 0.93, 1.07)),
        ),
        time_s=driven.time_s - start_s,
        x_m=driven.x_m + right_m * np.cos(heading),
        y_m=driven.y_m - right_m * np.sin(heading),
        heading_deg=driven.heading_deg,
        speed_mps=driven.speed_mps,
    )
