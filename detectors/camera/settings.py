"""The camera file: one band across adjacent lanes, and the lanes' limits on it."""

from math import cos, hypot, radians, sin
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from citybrain.reading import FilePart
from detectors.settings_file import read_settings

Number = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Number, Number]


class Band(FilePart):
    """A line on the ground across all adjacent lanes.

    Parameters
    ----------
    from_px, to_px
        Its ends in the picture, from kerb to kerb. [px]
    """

    from_px: Point
    to_px: Point

    @property
    def length_px(self) -> float:
        """Length in the picture [px]."""
        return hypot(self.to_px[0] - self.from_px[0], self.to_px[1] - self.from_px[1])

    @property
    def along(self) -> Point:
        """Direction of the band, of length 1."""
        x = (self.to_px[0] - self.from_px[0]) / self.length_px
        return x, (self.to_px[1] - self.from_px[1]) / self.length_px

    @property
    def across(self) -> Point:
        """Direction across the band, of length 1; down the picture, or right if that is level."""
        x, y = self.along
        normal = (-y, x)
        is_forward = normal[1] > 0 or (normal[1] == 0 and normal[0] > 0)
        return normal if is_forward else (y, -x)


class SecondBand(Band):
    """A second line across the same lanes, for speed and length.

    Parameters
    ----------
    distance_m
        From the first band, along the road. [m]
    """

    distance_m: float = Field(gt=0, allow_inf_nan=False)


class CameraLane(FilePart):
    """One lane on the band.

    Parameters
    ----------
    name
        Lane of the network.
    limits_px
        Where it begins and ends along the band, from ``from_px``. [px]
    heading_deg
        Where vehicles go in the picture, clockwise from up: 180 comes towards the camera.
    lanes
        Real lanes between the limits, where they are counted together.
    """

    name: str = Field(min_length=1)
    limits_px: Point
    heading_deg: Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)] | None = None
    lanes: int = Field(default=1, ge=1, le=12)

    @property
    def width_px(self) -> float:
        """Width of one real lane along the band [px]."""
        return (self.limits_px[1] - self.limits_px[0]) / self.lanes

    def is_along(self, across: Point) -> bool | None:
        """Say whether vehicles cross the band along `across`; none where it is not known.

        Parameters
        ----------
        across
            Direction across the band.
        """
        if self.heading_deg is None:
            return None
        heading = radians(self.heading_deg)
        return sin(heading) * across[0] - cos(heading) * across[1] > 0


class CameraSettings(FilePart):
    """A camera file.

    Parameters
    ----------
    camera
        Name of the camera.
    frame_px
        Width and height of the picture in which the pixels were taken. [px]
    band
        Counting line.
    lane
        Lanes on it.
    second_band
        Line for speed and length.
    """

    camera: str = Field(min_length=1)
    frame_px: tuple[Annotated[int, Field(ge=16)], Annotated[int, Field(ge=16)]]
    band: Band
    lane: tuple[CameraLane, ...] = Field(min_length=1)
    second_band: SecondBand | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "CameraSettings":
        for band in (self.band, self.second_band):
            if band is not None:
                _check_band(band, self.frame_px)
        reach_px = 0.0
        for lane in self.lane:
            begin_px, end_px = lane.limits_px
            if not reach_px - 1e-6 <= begin_px < end_px <= self.band.length_px + 1:
                msg = (
                    f"lane {lane.name!r} lies from {begin_px:g} to {end_px:g} px; lanes follow "
                    f"each other on the band of {self.band.length_px:.0f} px"
                )
                raise ValueError(msg)
            reach_px = end_px
        names = [lane.name for lane in self.lane]
        if len(set(names)) < len(names):
            msg = "a lane stands twice"
            raise ValueError(msg)
        return self


def read_camera(path: Path) -> CameraSettings:
    """Read a camera file.

    Parameters
    ----------
    path
        TOML with ``camera``, ``frame_px``, ``[band]``, one ``[[lane]]`` for each lane and, where
        speeds are wanted, ``[second_band]``.  A ``[model]`` table is for `detectors.camera.model`.

    Raises
    ------
    InputError
        The file is missing or no TOML; a key is missing, unknown or wrong; a band lies outside the
        frame; lanes overlap.
    """
    return read_settings(path, CameraSettings, "camera file")


def _check_band(band: Band, frame_px: tuple[int, int]) -> None:
    if band.from_px == band.to_px:
        msg = "the band has no length"
        raise ValueError(msg)
    for x, y in (band.from_px, band.to_px):
        if not (0 <= x <= frame_px[0] and 0 <= y <= frame_px[1]):
            size = f"{frame_px[0]} x {frame_px[1]}"
            msg = f"the band ends at ({x:g}, {y:g}), outside the frame of {size}"
            raise ValueError(msg)
