"""Scene files: which street, camera and conditions a rendered clip is made of."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from citybrain.errors import InputError
from citybrain.reading import FilePart, checked, read_toml
from detectors.camera.rendering.scene import (
    DAY,
    DIM_NIGHT,
    DUSK,
    LOW_SUN,
    NIGHT,
    OVERCAST,
    Light,
)
from sim.sumo.made_street import Direction, MadeStreet

_LIGHTS = {
    "day": DAY,
    "overcast": OVERCAST,
    "low_sun": LOW_SUN,
    "dusk": DUSK,
    "night": NIGHT,
    "dim_night": DIM_NIGHT,
}


class Street(FilePart):
    """``[street]``: a made street to the north, its stop line at y = 0."""

    lanes: int = Field(default=3, ge=1, le=6)
    flow_vph: float = Field(default=2000.0, gt=0, le=15000)
    oncoming_lanes: int = Field(default=0, ge=0, le=6)
    oncoming_flow_vph: float = Field(default=1000.0, gt=0, le=15000)
    speed_mps: float = Field(default=14.0, gt=1, le=45)
    green_s: float = Field(default=40.0, gt=0, le=600)
    red_s: float = Field(default=0.0, ge=0, le=600)

    def made(self) -> MadeStreet:
        """Return the street that is built."""
        oncoming = Direction(lanes=self.oncoming_lanes, flow_vph=self.oncoming_flow_vph)
        return MadeStreet(
            north=Direction(lanes=self.lanes, flow_vph=self.flow_vph),
            south=oncoming if self.oncoming_lanes else None,
            speed_mps=self.speed_mps,
            green_s=self.green_s,
            red_s=self.red_s,
        )


class _Scenario(FilePart):
    """``[scenario]``: a SUMO scenario and its period."""

    path: Path
    period: str | None = None


class _Camera(FilePart):
    """``[camera]``: beyond the end of an edge, looking back at its traffic."""

    edge: str = "north_in"
    beyond_m: float = Field(default=15.0, ge=-400, le=200)
    right_m: float = Field(default=0.0, ge=-60, le=60)
    height_m: float = Field(default=8.0, gt=2, le=40)
    turn_deg: float = Field(default=180.0, ge=-360, le=360)
    pitch_deg: float = Field(default=18.0, gt=0, lt=90)
    focal_px: float | None = Field(default=None, gt=0)
    frame_px: tuple[int, int] = (640, 360)


class _Band(FilePart):
    """``[band]``: across the edge, and other edges beside it, before its end."""

    before_end_m: float = 9.0
    beside: tuple[str, ...] = ()
    second_m: float | None = 5.0


class _Conditions(FilePart):
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


class _Shot(FilePart):
    """``[shot]``: length, rate and start of the clip."""

    duration_s: float = Field(default=60.0, gt=0, le=3600)
    rate_hps: float = Field(default=25.0, gt=0, le=100)
    warm_up_s: float = Field(default=70.0, ge=0)


class SceneFile(FilePart):
    """A scene file as it stands; every entry has a default."""

    name: str = Field(default="scene", pattern=r"^[\w-]+$")
    seed: int = Field(default=1, ge=0)
    trees: bool = True
    street: Street | None = None
    scenario: _Scenario | None = None
    camera: _Camera = _Camera()
    band: _Band = _Band()
    conditions: _Conditions = _Conditions()
    shot: _Shot = _Shot()


_QUEUE = Street(flow_vph=1500, green_s=38, red_s=105)
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
    if not path.exists():
        mend = f"give a scene.toml, or one of: {', '.join(KNOWN_SCENES)}"
        raise InputError(path, "does not exist", mend)
    read = checked(SceneFile, read_toml(path), path, "correct the entry")
    if read.street and read.scenario:
        raise InputError(path, "has a [street] and a [scenario]", "keep one of them")
    return read
