"""Scene files: which street, camera and conditions a rendered clip is made of."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citybrain.engine.rendering import (
    VIDEO,
    Shot,
    drawn_lanes,
    scenario_tracks,
    street_lanes,
    street_tracks,
)
from citybrain.errors import InputError
from detectors.camera.rendering.clip import write_clip
from detectors.camera.rendering.fleet import Track
from detectors.camera.rendering.scene import (
    DAY,
    DIM_NIGHT,
    DUSK,
    LOW_SUN,
    NIGHT,
    OVERCAST,
    Band,
    Lane,
    Light,
    Scene,
    Sensor,
    Tree,
    Weather,
)
from detectors.camera.rendering.view import View
from sim.sumo.lane_ways import junction_areas, lane_ways
from sim.sumo.made_street import Direction, MadeStreet
from sim.sumo.scenario import SumoScenario, open_scenario

_LIGHTS = {
    "day": DAY,
    "overcast": OVERCAST,
    "low_sun": LOW_SUN,
    "dusk": DUSK,
    "night": NIGHT,
    "dim_night": DIM_NIGHT,
}
_SIGHT_M = 500.0
_LAMP_EVERY_M, _LAMP_HEIGHT_M = 28.0, 10.0


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Street(_Table):
    """``[street]``: a made street to the north, its stop line at y = 0."""

    lanes: int = Field(default=3, ge=1, le=6)
    flow_vph: float = Field(default=2000.0, gt=0, le=15000)
    oncoming_lanes: int = Field(default=0, ge=0, le=6)
    oncoming_flow_vph: float = Field(default=1000.0, gt=0, le=15000)
    speed_mps: float = Field(default=14.0, gt=1, le=45)
    green_s: float = Field(default=40.0, gt=0, le=600)
    red_s: float = Field(default=0.0, ge=0, le=600)

    def made(self) -> MadeStreet:
        oncoming = Direction(lanes=self.oncoming_lanes, flow_vph=self.oncoming_flow_vph)
        return MadeStreet(
            north=Direction(lanes=self.lanes, flow_vph=self.flow_vph),
            south=oncoming if self.oncoming_lanes else None,
            speed_mps=self.speed_mps,
            green_s=self.green_s,
            red_s=self.red_s,
        )


class _Scenario(_Table):
    """``[scenario]``: a SUMO scenario and its period."""

    path: Path
    period: str | None = None


class _Camera(_Table):
    """``[camera]``: beyond the end of an edge, looking back at its traffic."""

    edge: str = "north_in"
    beyond_m: float = Field(default=15.0, ge=-400, le=200)
    right_m: float = Field(default=0.0, ge=-60, le=60)
    height_m: float = Field(default=8.0, gt=2, le=40)
    turn_deg: float = Field(default=180.0, ge=-360, le=360)
    pitch_deg: float = Field(default=18.0, gt=0, lt=90)
    focal_px: float | None = Field(default=None, gt=0)
    frame_px: tuple[int, int] = (640, 360)


class _Band(_Table):
    """``[band]``: across the edge, and other edges beside it, before its end."""

    before_end_m: float = 9.0
    beside: tuple[str, ...] = ()
    second_m: float | None = 5.0


class _Conditions(_Table):
    """``[conditions]``: light, weather and camera."""

    light: Literal["day", "overcast", "low_sun", "dusk", "night", "dim_night"] = "day"
    sun_height_deg: float | None = Field(default=None, gt=0, le=90)
    sun_azimuth_deg: float | None = None
    rain: float = Field(default=0.0, ge=0, le=1)
    wetness: float = Field(default=0.0, ge=0, le=1)
    fog_per_m: float = Field(default=0.0, ge=0, le=0.2)
    clouds: float = Field(default=0.0, ge=0, le=1)
    wind: float = Field(default=0.15, ge=0, le=1)
    noise: float = Field(default=2.5, ge=0, le=20)
    shake_px: float = Field(default=0.05, ge=0, le=5)

    def lit(self) -> Light:
        light = _LIGHTS[self.light]
        height, azimuth = self.sun_height_deg, self.sun_azimuth_deg
        return replace(
            light,
            sun_height_deg=light.sun_height_deg if height is None else height,
            sun_azimuth_deg=light.sun_azimuth_deg if azimuth is None else azimuth,
        )


class _Shot(_Table):
    """``[shot]``: length, rate and start of the clip."""

    duration_s: float = Field(default=60.0, gt=0, le=3600)
    rate_hps: float = Field(default=25.0, gt=0, le=100)
    warm_up_s: float = Field(default=70.0, ge=0)


class SceneFile(_Table):
    """A scene file as it stands; every entry has a default."""

    name: str = Field(default="scene", pattern=r"^[\w-]+$")
    seed: int = Field(default=1, ge=0)
    trees: bool = True
    street: _Street | None = None
    scenario: _Scenario | None = None
    camera: _Camera = _Camera()
    band: _Band = _Band()
    conditions: _Conditions = _Conditions()
    shot: _Shot = _Shot()


_QUEUE = _Street(flow_vph=1500, green_s=38, red_s=105)
KNOWN_SCENES: dict[str, SceneFile] = {
    "day": SceneFile(name="day"),
    "low-sun": SceneFile(name="low-sun", conditions=_Conditions(light="low_sun")),
    "dusk": SceneFile(name="dusk", conditions=_Conditions(light="dusk", noise=3.5)),
    "night": SceneFile(name="night", conditions=_Conditions(light="night", noise=3.5)),
    "rain": SceneFile(
        name="rain", conditions=_Conditions(light="overcast", rain=0.7, wetness=0.8, noise=3.0)
    ),
    "night-rain": SceneFile(
        name="night-rain", conditions=_Conditions(light="night", rain=0.6, wetness=0.9, noise=3.5)
    ),
    "queue": SceneFile(name="queue", street=_QUEUE, shot=_Shot(duration_s=180)),
    "night-queue": SceneFile(
        name="night-queue",
        street=_QUEUE,
        conditions=_Conditions(light="night", noise=3.5),
        shot=_Shot(duration_s=180),
    ),
}
"""Scenes that can be asked for by name."""


def read_scene(path: Path) -> SceneFile:
    """Read a scene file, or return a known scene by its name.

    Raises
    ------
    InputError
        There is no such file or name, or an entry is wrong.
    """
    if str(path) in KNOWN_SCENES and not path.exists():
        return KNOWN_SCENES[str(path)]
    try:
        with path.open("rb") as file:
            read = SceneFile.model_validate(tomllib.load(file))
    except OSError as error:
        mend = f"give a scene.toml, or one of: {', '.join(KNOWN_SCENES)}"
        raise InputError(path, f"cannot be read ({error.strerror or error})", mend) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not valid TOML ({error})", "correct the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{path}, {'.'.join(map(str, first['loc']))}"
        raise InputError(where, first["msg"], "correct the entry") from None
    if read.street and read.scenario:
        raise InputError(path, "has a [street] and a [scenario]", "keep one of them")
    return read


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
    drawn = _placed(scene, lanes, areas)
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
        street = (scene.street or _Street()).made()
        return street_lanes(street), (), street_tracks(street, shot)
    opened: SumoScenario = open_scenario(find(scene.scenario.path), scene.scenario.period)
    areas = tuple(np.asarray(area, np.float64) for area in junction_areas(opened.net_file))
    return drawn_lanes(lane_ways(opened.net_file)), areas, scenario_tracks(opened, shot)


def _placed(scene: SceneFile, lanes: Sequence[Lane], areas: Sequence[NDArray[np.float64]]) -> Scene:
    """Return the scene with its camera and band where the file puts them."""
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
