"""The frozen description of a scene: street, camera, light, weather and what goes wrong."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from detectors.camera.rendering.view import View

Floats = NDArray[np.float64]
Colour = tuple[float, float, float]


class Marking(StrEnum):
    """A line painted along a lane's side."""

    NONE = "none"
    DASHED = "dashed"
    SOLID = "solid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane as it lies on the street.

    Parameters
    ----------
    name
        Its name in the truth and in ``camera.toml``.
    centre_m
        Centre line in the direction of travel, (n, 2). [m]
    width_m
        Its width. [m]
    left, right
        Lines painted along its sides.
    has_stop_line
        Whether a stop line lies across its end.
    """

    name: str
    centre_m: Floats
    width_m: float
    left: Marking = Marking.NONE
    right: Marking = Marking.NONE
    has_stop_line: bool = False

    def beside(self, right_m: float) -> Floats:
        """Return the centre line moved sideways to the right, (n, 2) [m]."""
        along = np.gradient(self.centre_m, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        return self.centre_m + right_m * np.column_stack([along[:, 1], -along[:, 0]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Daylight, street lamps and the share of vehicles that drive with lamps on.

    Parameters
    ----------
    sky
        Light on the street from the sky, (blue, green, red) as shares of full daylight.
    sun
        What the sun adds on a level street, as a share of full daylight.
    sun_height_deg, sun_azimuth_deg
        Where the sun stands: above the horizon, and clockwise from north.
    street_lamp
        Light straight below a street lamp, (blue, green, red); zero when they are off.
    lamps_on
        Share of vehicles with their lamps on.
    """

    sky: Colour = (0.55, 0.52, 0.49)
    sun: float = 0.55
    sun_height_deg: float = 50.0
    sun_azimuth_deg: float = 200.0
    street_lamp: Colour = (0.0, 0.0, 0.0)
    lamps_on: float = 0.2

    @property
    def darkness(self) -> float:
        """How far from full daylight it is: 0 by day, nearly 1 by night."""
        return 1.0 - min(1.0, max(self.sky) + self.sun)

    @property
    def is_dark(self) -> bool:
        """Whether head lamps light the street visibly."""
        return self.darkness > 0.25  # noqa: PLR2004 - a quarter of daylight is gone


DAY = Light()
OVERCAST = Light(sky=(0.92, 0.90, 0.88), sun=0.0, lamps_on=0.35)
LOW_SUN = Light(
    sky=(0.50, 0.42, 0.36), sun=0.42, sun_height_deg=14.0, sun_azimuth_deg=115.0, lamps_on=0.3
)
DUSK = Light(sky=(0.58, 0.49, 0.44), sun=0.0, street_lamp=(0.08, 0.20, 0.30), lamps_on=0.95)
NIGHT = Light(sky=(0.16, 0.15, 0.15), sun=0.0, street_lamp=(0.62, 1.05, 1.40), lamps_on=1.0)
"""As a street camera with a long exposure shows a road below sodium lamps: grey 60 to 120."""
DIM_NIGHT = Light(sky=(0.13, 0.11, 0.10), sun=0.0, street_lamp=(0.12, 0.30, 0.46), lamps_on=1.0)
"""A poorly lit road: bodies barely stand out from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What the air and the clouds do.

    Parameters
    ----------
    rain
        0 dry to 1 downpour: streaks, haze and drops.
    wetness
        0 dry to 1 standing water: darker asphalt that mirrors.
    fog_per_m
        Loss of contrast with distance. [1/m]
    clouds
        0 steady to 1 quickly changing sunlight.
    wind
        0 calm to 1 storm: trees sway, and the pole of the camera with them.
    """

    rain: float = 0.0
    wetness: float = 0.0
    fog_per_m: float = 0.0
    clouds: float = 0.0
    wind: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """What the camera itself adds.

    Parameters
    ----------
    noise
        Standard deviation of the noise of a grey pixel. [grey levels]
    shake_px
        How far the picture jitters, as a standard deviation. [px]
    exposure_speed
        Share of a brightness error that the automatic exposure mends in a second; 0: fixed.
    blur_px
        Softness of the lens. [px]
    saturation
        Strength of colours, 0 grey to 1.
    compression
        0 none to 1: blocks that change little are left as they were, the others lose detail,
        as in a stream of few bits.
    """

    noise: float = 2.5
    shake_px: float = 0.05
    exposure_speed: float = 0.4
    blur_px: float = 0.6
    saturation: float = 0.7
    compression: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pole:
    """A post between the camera and the street that hides what is behind it.

    Parameters
    ----------
    x_m, y_m
        Its foot. [m]
    height_m, width_m
        Its size. [m]
    arm_m
        Length of an arm across the street at its top; negative to the other side. [m]
    """

    x_m: float
    y_m: float
    height_m: float
    width_m: float = 0.25
    arm_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree that sways in the wind.

    Parameters
    ----------
    x_m, y_m
        Its foot. [m]
    height_m, crown_m
        Its height and the radius of its crown. [m]
    """

    x_m: float
    y_m: float
    height_m: float = 8.0
    crown_m: float = 2.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The counting line on the street, from kerb to kerb.

    Parameters
    ----------
    from_m, to_m
        Its ends. [m]
    second_at_m
        Distance along the street to a second band; none if left out. [m]
    """

    from_m: tuple[float, float]
    to_m: tuple[float, float]
    second_at_m: float | None = None

    @property
    def normal(self) -> Floats:
        """Unit vector across the band, to the left of ``from`` → ``to``, (2,)."""
        along = np.subtract(self.to_m, self.from_m)
        along = along / np.linalg.norm(along)
        return np.array([-along[1], along[0]])

    def moved(self, distance_m: float) -> "Band":
        """Return the band moved along its normal."""
        shift = self.normal * distance_m
        return Band(
            from_m=(self.from_m[0] + shift[0], self.from_m[1] + shift[1]),
            to_m=(self.to_m[0] + shift[0], self.to_m[1] + shift[1]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything about a clip but the traffic.

    Parameters
    ----------
    name
        Name of the camera.
    view
        The camera.
    lanes
        Every lane that is drawn.
    band
        Where vehicles are counted.
    areas
        Outlines of plain asphalt, such as junctions, (n, 2) each. [m]
    light, weather, sensor
        The conditions.
    poles, trees, street_lamps
        What stands beside the street; a lamp is (x, y, height). [m]
    seed
        Seed of everything random.

    Raises
    ------
    InputError
        There is no lane.
    """

    name: str
    view: View
    lanes: tuple[Lane, ...]
    band: Band
    areas: tuple[Floats, ...] = ()
    light: Light = DAY
    weather: Weather = field(default_factory=Weather)
    sensor: Sensor = field(default_factory=Sensor)
    poles: tuple[Pole, ...] = ()
    trees: tuple[Tree, ...] = ()
    street_lamps: tuple[tuple[float, float, float], ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse a street without lanes."""
        if not self.lanes:
            where = f"scene {self.name}"
            raise InputError(where, "has no lane", "add one")
