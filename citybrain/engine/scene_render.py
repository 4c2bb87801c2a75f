"""Rendering what a scene file asks for: drive the street, place the camera, write the clip."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.engine.rendering import (
    VIDEO,
    Shot,
    drawn_lanes,
    scenario_tracks,
    street_lanes,
    street_tracks,
)
from citybrain.engine.scene_file import SceneFile, Street
from citybrain.errors import InputError
from detectors.camera.rendering.clip import write_clip
from detectors.camera.rendering.fleet import Track
from detectors.camera.rendering.scene import Band, Lane, Scene, Sensor, Tree, Weather
from detectors.camera.rendering.view import View
from sim.sumo.lane_ways import junction_areas, lane_ways
from sim.sumo.scenario import SumoScenario, open_scenario

_SIGHT_M = 500.0
_LAMP_EVERY_M, _LAMP_HEIGHT_M = 28.0, 10.0


def render_scene(
    scene: SceneFile,
    folder: Path,
    *,
    find: Callable[[Path], Path] = Path,
    on_progress: Callable[[float, str], None] = lambda _done, _text: None,
) -> Path:
    """Render a scene into ``clip.mp4``, ``camera.toml`` and ``truth.json``.

    Parameters
    ----------
    scene
        The scene.
    folder
        Where to write; made if absent.
    find
        Finds the scenario that the scene names.
    on_progress
        Told the share of the frames that is done, and a text.

    Returns
    -------
    Path
        The video.

    Raises
    ------
    InputError, SimulationError
        The scene cannot be driven or drawn.
    """
    shot = Shot(
        duration_s=scene.shot.duration_s,
        rate_hps=scene.shot.rate_hps,
        warm_up_s=scene.shot.warm_up_s,
        seed=scene.seed,
    )
    lanes, areas, tracks = _driven(scene, shot, find)
    drawn = placed_scene(scene, lanes, areas)
    return write_clip(
        drawn,
        tracks,
        folder / VIDEO,
        duration_s=shot.duration_s,
        rate_hps=shot.rate_hps,
        on_progress=on_progress,
    )


def _driven(
    scene: SceneFile, shot: Shot, find: Callable[[Path], Path]
) -> tuple[tuple[Lane, ...], tuple[NDArray[np.float64], ...], tuple[Track, ...]]:
    """Return lanes, junctions and tracks of the street that the scene names."""
    if scene.scenario is None:
        street = (scene.street or Street()).made()
        return street_lanes(street), (), street_tracks(street, shot)
    opened: SumoScenario = open_scenario(find(scene.scenario.path), scene.scenario.period)
    areas = tuple(np.asarray(area, np.float64) for area in junction_areas(opened.net_file))
    return drawn_lanes(lane_ways(opened.net_file)), areas, scenario_tracks(opened, shot)


def placed_scene(
    scene: SceneFile, lanes: Sequence[Lane], areas: Sequence[NDArray[np.float64]]
) -> Scene:
    """Return the scene with its camera and band where the file puts them.

    Parameters
    ----------
    scene
        What the file says.
    lanes
        Every lane of the street or network.
    areas
        Outlines of junctions, float64 of shape (n, 2) each. [m]

    Raises
    ------
    InputError
        The camera or the band names an edge that the network does not have.
    """
    seen = _lanes_of(lanes, (scene.camera.edge,), f"scene {scene.name}")
    counted = seen + _lanes_of(lanes, scene.band.beside, f"scene {scene.name}")
    end = np.mean([lane.centre_m[-1] for lane in seen], axis=0)
    along = seen[0].centre_m[-1] - seen[0].centre_m[-2]
    along = along / np.linalg.norm(along)
    right = np.array([along[1], -along[0]])
    view = _view(scene, end, along, right)
    edge_m = max(float((lane.centre_m[-1] - end) @ right) + lane.width_m / 2 for lane in seen)
    posts = [end - along * back + right * (edge_m + 2.2) for back in _lamp_steps()]
    trees = [end - along * back + right * (edge_m + 9.0) for back in range(4, 180, 19)]
    near = [lane for lane in lanes if _away_m(lane.centre_m, end) < _SIGHT_M]
    conditions = scene.conditions
    return Scene(
        name=scene.name,
        view=view,
        lanes=tuple(near),
        areas=tuple(area for area in areas if _away_m(area, end) < _SIGHT_M),
        band=_band(scene, counted, (end, along, right), view),
        light=conditions.lit(),
        weather=Weather(
            rain=conditions.rain,
            wetness=conditions.wetness,
            fog_per_m=conditions.fog_per_m,
            clouds=conditions.clouds,
            wind=conditions.wind,
        ),
        sensor=Sensor(noise=conditions.noise, shake_px=conditions.shake_px),
        trees=tuple(Tree(x_m=x, y_m=y) for x, y in trees) if scene.trees else (),
        street_lamps=tuple((float(x), float(y), _LAMP_HEIGHT_M) for x, y in posts),
        seed=scene.seed,
    )


def _lamp_steps() -> NDArray[np.float64]:
    return np.arange(-100.0, 340.0, _LAMP_EVERY_M)


def _away_m(line: NDArray[np.float64], place: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(line - place, axis=1).min())


def _lanes_of(lanes: Sequence[Lane], edges: Sequence[str], where: str) -> list[Lane]:
    """Return the lanes of edges; an edge without lanes is refused."""
    found: list[Lane] = []
    for edge in edges:
        of_edge = [lane for lane in lanes if lane.name.rpartition("_")[0] == edge]
        if not of_edge:
            what = f"names edge {edge!r}, which the network does not have"
            raise InputError(where, what, "name an edge of the network")
        found += of_edge
    return found


def _view(
    scene: SceneFile,
    end: NDArray[np.float64],
    along: NDArray[np.float64],
    right: NDArray[np.float64],
) -> View:
    camera = scene.camera
    stands = end + along * camera.beyond_m + right * camera.right_m
    heading_deg = float(np.degrees(np.arctan2(along[0], along[1])))
    return View(
        x_m=float(stands[0]),
        y_m=float(stands[1]),
        height_m=camera.height_m,
        yaw_deg=(heading_deg + camera.turn_deg) % 360.0,
        pitch_deg=camera.pitch_deg,
        focal_px=camera.focal_px or 0.85 * camera.frame_px[0],
        width_px=camera.frame_px[0],
        height_px=camera.frame_px[1],
    )


def _band(
    scene: SceneFile,
    counted: Sequence[Lane],
    frame: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    view: View,
) -> Band:
    """Return the band across the counted lanes, its start on the left of the picture."""
    end, along, right = frame
    middle = end - along * scene.band.before_end_m
    sides = [
        offset + half * lane.width_m / 2
        for lane in counted
        for offset in [float((_nearest(lane.centre_m, middle) - middle) @ right)]
        for half in (-1, 1)
    ]
    ends = [middle + right * min(sides), middle + right * max(sides)]
    columns = [float(view.project(np.array([*place, 0.0]))[0]) for place in ends]
    first, last = ends if columns[0] < columns[1] else ends[::-1]
    second_m = scene.band.second_m
    band = Band(from_m=_pair(first), to_m=_pair(last))
    upstream = 1.0 if float(band.normal @ along) < 0 else -1.0
    return replace(band, second_at_m=None if second_m is None else second_m * upstream)


def _pair(place: NDArray[np.float64]) -> tuple[float, float]:
    return float(place[0]), float(place[1])


def _nearest(line: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the place on a line that is nearest to another place."""
    steps = np.diff(line, axis=0)
    lengths = np.maximum((steps**2).sum(axis=1), 1e-12)
    shares = np.clip(((place - line[:-1]) * steps).sum(axis=1) / lengths, 0, 1)
    feet = line[:-1] + shares[:, None] * steps
    return np.asarray(feet[np.argmin(np.linalg.norm(feet - place, axis=1))])
