"""Clips of simulated streets: SUMO drives, the camera's renderer draws, the truth is kept."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectors.camera.rendering.clip import write_clip
from detectors.camera.rendering.fleet import Kind, OnStreet, Track, Vehicle
from detectors.camera.rendering.scene import Lane, Marking, Scene
from sim.sumo.lane_ways import LaneWay, lane_ways
from sim.sumo.made_street import MadeStreet, street_arguments, write_street
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging
from sim.sumo.trajectories import Trajectory, run_trajectories
from sim.sumo.vehicle_types import VehicleType, read_vehicle_types

_KINDS = {
    "delivery": Kind.VAN,
    "emergency": Kind.VAN,
    "truck": Kind.LORRY,
    "trailer": Kind.LORRY,
    "bus": Kind.BUS,
    "coach": Kind.BUS,
    "motorcycle": Kind.MOTORCYCLE,
    "moped": Kind.MOTORCYCLE,
    "bicycle": Kind.BICYCLE,
}
_WANDER_M = 0.16

VIDEO = "clip.mp4"
"""Name of a rendered video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """How long the clip is and when in the run it starts.

    Parameters
    ----------
    duration_s
        Length of the clip. [s]
    rate_hps
        Frames per second. [1/s]
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
        types = read_vehicle_types([routes])
    return _tracks(driven, types, shot.warm_up_s, shot.seed)


def scenario_tracks(scenario: SumoScenario, shot: Shot) -> tuple[Track, ...]:
    """Drive a scenario in SUMO and return the vehicles' tracks, second 0 at the first frame.

    Raises
    ------
    InputError, SimulationError
        SUMO could not run the scenario.
    """
    start_s = scenario.begin_s + shot.warm_up_s
    with Staging(scenario, planned=()) as staging:
        additional = ",".join(map(str, staging.additional_files))
        arguments: list[str | Path] = ["-c", staging.config]
        arguments += ["--additional-files", additional] if additional else []
        driven = run_trajectories(
            arguments,
            begin_s=start_s,
            end_s=start_s + shot.duration_s + 1.0,
            seed=shot.seed,
        )
    types = read_vehicle_types((*scenario.route_files, *scenario.additional_files))
    return _tracks(driven, types, start_s, shot.seed)


def parked_car(x_m: float, y_m: float, heading_deg: float, shot: Shot) -> Track:
    """Return a car that stands at a place for the whole clip; its front is there.

    Parameters
    ----------
    x_m, y_m
        Middle of its front. [m]
    heading_deg
        Where it points, clockwise from north. [degrees]
    shot
        Length of the clip.
    """
    still = np.zeros(2)
    return Track(
        vehicle=Vehicle(
            name=f"parked {x_m:g} {y_m:g}",
            kind=Kind.CAR,
            length_m=4.4,
            width_m=1.8,
            height_m=1.5,
        ),
        time_s=np.array([-1.0, shot.duration_s + 1.0]),
        x_m=still + x_m,
        y_m=still + y_m,
        heading_deg=still + heading_deg,
        speed_mps=still + 0.5,
    )


def render_street(
    scene: Scene, street: MadeStreet, shot: Shot, folder: Path, parked: Sequence[Track] = ()
) -> Path:
    """Render a scene on a made street into a folder; see ``write_clip``.

    Parameters
    ----------
    scene, street, shot
        What to render.
    folder
        Where to write; made if absent.
    parked
        Vehicles that stand beside the street.

    Returns
    -------
    Path
        The video; ``camera.toml`` and ``truth.json`` lie beside it.

    Raises
    ------
    InputError, SimulationError
        The scene cannot be drawn or driven.
    """
    tracks = (*street_tracks(street, shot), *parked)
    return write_clip(
        scene, tracks, folder / VIDEO, duration_s=shot.duration_s, rate_hps=shot.rate_hps
    )


def _tracks(
    driven: Sequence[Trajectory], types: Mapping[str, VehicleType], start_s: float, seed: int
) -> tuple[Track, ...]:
    dice = np.random.default_rng((seed, 41))
    usual = types["DEFAULT_VEHTYPE"]
    return tuple(
        _track(one, types.get(one.vehicle_type.split("@")[0], usual), start_s, dice)
        for one in driven
    )


def _track(
    driven: Trajectory, size: VehicleType, start_s: float, dice: np.random.Generator
) -> Track:
    """Return a trajectory as the renderer takes it, wandering a little in its lane."""
    offset_m, phase = dice.normal(0, _WANDER_M), dice.uniform(0, 2 * np.pi)
    steps_m = np.hypot(
        np.diff(driven.x_m, prepend=driven.x_m[0]), np.diff(driven.y_m, prepend=driven.y_m[0])
    )
    right_m = offset_m + 0.12 * np.sin(np.cumsum(steps_m) / 23.0 + phase)
    heading = np.radians(driven.heading_deg)
    return Track(
        vehicle=Vehicle(
            name=driven.vehicle,
            kind=_KINDS.get(size.vclass, Kind.CAR),
            length_m=size.length_m,
            width_m=size.width_m,
            height_m=size.height_m * float(np.clip(dice.normal(1.0, 0.03), 0.93, 1.07)),
        ),
        time_s=driven.time_s - start_s,
        x_m=driven.x_m + right_m * np.cos(heading),
        y_m=driven.y_m - right_m * np.sin(heading),
        heading_deg=driven.heading_deg,
        speed_mps=driven.speed_mps,
        streets=tuple(
            OnStreet(street=one.edge, from_s=one.from_s - start_s, to_s=one.to_s - start_s)
            for one in driven.stretches
        ),
    )
