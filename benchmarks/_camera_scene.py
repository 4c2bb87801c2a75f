"""One rendered scene of the camera benchmark: its description, and how it is made and kept."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from citybrain.engine import rendering as engine
from citybrain.engine.rendering import Shot, parked_car, render_street, street_lanes
from detectors.camera import rendering
from detectors.camera.rendering.scene import DAY, Band, Light, Pole, Scene, Sensor, Tree, Weather
from detectors.camera.rendering.view import View
from sim.sumo import made_street
from sim.sumo.made_street import MadeStreet

LANE_M = 3.4
"""Width of a lane in the pictures. [m]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraScene:
    """One scene: a street, a view and its conditions.

    Parameters
    ----------
    street
        The street and its demand.
    view
        The camera.
    band_at_m
        Distance of the band along the street from the stop line. [m]
    light, weather, sensor
        The conditions.
    shot
        Length, rate and seed.
    is_tuning
        Whether the counter may be tuned on it.
    poles, trees, parked
        What hides the street, sways beside it or stands there; a car's front is at (x, y). [m]
    """

    street: MadeStreet
    view: View
    band_at_m: float
    shot: Shot
    is_tuning: bool
    light: Light = DAY
    weather: Weather = field(default_factory=Weather)
    sensor: Sensor = field(default_factory=Sensor)
    poles: tuple[Pole, ...] = ()
    trees: tuple[Tree, ...] = ()
    parked: tuple[tuple[float, float], ...] = ()


def drawn_scene(name: str, one: CameraScene) -> Scene:
    """Return the renderer's description of a scene.

    Parameters
    ----------
    name, one
        The scene.
    """
    lanes = street_lanes(one.street)
    middles = [float(lane.centre_m[:, 0].mean()) for lane in lanes]
    east = max(middles) + LANE_M / 2
    west = min(middles) - LANE_M / 2
    ends = ((west, one.band_at_m), (east, one.band_at_m))
    left_first = sorted(
        ends, key=lambda end: float(one.view.project(np.array([end[0], end[1], 0.0]))[0])
    )
    second_m = 5.0 if left_first == list(ends) else -5.0
    return Scene(
        name=name,
        view=one.view,
        lanes=lanes,
        band=Band(from_m=left_first[0], to_m=left_first[1], second_at_m=-second_m),
        light=one.light,
        weather=one.weather,
        sensor=one.sensor,
        poles=one.poles,
        trees=one.trees,
        street_lamps=tuple((east + 2.2, float(y), 10.0) for y in range(-330, 120, 28)),
        seed=one.shot.seed,
    )


def render_camera_scene(name: str, one: CameraScene, folder: Path) -> None:
    """Render a scene into a folder.

    Parameters
    ----------
    name, one
        The scene.
    folder
        Where the clip, its settings and its truth are written.
    """
    parked = [parked_car(x, y, 0.0, one.shot) for x, y in one.parked]
    render_street(drawn_scene(name, one), one.street, one.shot, folder, parked)


def kept(name: str, description: object, folder: Path, render: Callable[[Path], object]) -> Path:
    """Return the folder of a rendered scene, which is rendered if it is not there.

    Its name holds a hash of the description and of the renderer's code, so that a change of
    either renders anew.

    Parameters
    ----------
    name, description
        The scene.
    folder
        Where scenes are kept.
    render
        Renders it into a folder.
    """
    made = folder / f"{name}-{_content_hash(description)}"
    if not (made / "truth.json").exists():
        partial = folder / f".{made.name}.{os.getpid()}.part"
        render(partial)
        if not made.exists():
            partial.replace(made)
    return made


def _content_hash(description: object) -> str:
    told = hashlib.sha256(repr(description).encode())
    root = Path(rendering.__file__).parent
    for path in (*sorted(root.glob("*.py")), *map(Path, (engine.__file__, made_street.__file__))):
        told.update(path.read_bytes())
    return told.hexdigest()[:12]
