"""A street of three lanes drawn with a few shapes, for the tests of counting from pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from detectors.camera.settings import CameraSettings
from detectors.camera.sources import Image

SIZE = (240, 180)
RATE_HPS = 25.0
LANE_PX = 60
LANES_AT = (30, 90, 150)
BAND_Y = 120
STEP_PX = 4
"""Motion of a vehicle in one frame. [px]"""
NOISES = 37
"""Frames after which the noise of the sensor is the same again."""
LONGEST_WAY = (SIZE[1] + 40) // STEP_PX
"""Frames in which a vehicle that does not stand passes the picture from end to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A car that comes down a lane: on the band from `frame` on, standing there for `stands`."""

    lane: int
    frame: int
    stands: int = 0
    grey: int = 200
    goes_up: bool = False


def street_settings(**changes: object) -> CameraSettings:
    content: dict[str, object] = {
        "camera": "street",
        "frame_px": SIZE,
        "band": {"from_px": (30, BAND_Y), "to_px": (210, BAND_Y)},
        "lane": [
            {"name": f"lane_{n}", "limits_px": (60 * n, 60 * n + 60), "heading_deg": 180}
            for n in range(3)
        ],
    }
    return CameraSettings.model_validate(content | changes)


def steady_cars(count: int, rng: Generator) -> list[Car]:
    """Cars one after the other on random lanes, far enough apart to be told apart by eye."""
    frames = 30 + 24 * np.arange(count) + rng.integers(0, 6, count)
    greys = rng.choice([60, 100, 170, 230], count)
    lanes = rng.integers(0, 3, count)
    return [
        Car(lane=int(lane), frame=int(frame), grey=int(grey))
        for lane, frame, grey in zip(lanes, frames, greys, strict=True)
    ]


def frames(cars: Sequence[Car], count: int, rng: Generator, every: int = 1) -> Iterator[Image]:
    """Draw frames with a grainy road, lane markings, and noise of the sensor; or every n-th."""
    road = np.full((SIZE[1], SIZE[0]), 120.0) + rng.normal(0, 4, (SIZE[1], SIZE[0]))
    road[:, ::LANE_PX] = 220
    road[:, 1::LANE_PX] = 220
    road = np.roll(road, 30, axis=1)
    road[:, :28], road[:, 213:], road[:20] = 60, 170, 220
    noisy = road + rng.normal(0, 2, (NOISES, *road.shape))
    for number in range(0, count, every):
        image = noisy[number % NOISES].copy()
        for car in cars:
            _draw(image, car, number)
        yield cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def write_street(path: Path, cars: Sequence[Car], count: int, rng: Generator) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE_HPS, SIZE)
    assert writer.isOpened()
    for image in frames(cars, count, rng):
        writer.write(image)
    writer.release()
    return path


def _draw(image: np.ndarray, car: Car, number: int) -> None:
    gone = number - car.frame
    if not -LONGEST_WAY <= gone <= car.stands + LONGEST_WAY:
        return
    if gone > 0:
        gone = max(gone - car.stands, min(gone, 4))
    top = BAND_Y + STEP_PX * gone - 40
    if car.goes_up:
        top = BAND_Y - STEP_PX * gone
    left = LANES_AT[car.lane] + 10
    body = slice(max(top, 0), max(top + 40, 0)), slice(left, left + 40)
    image[body] = car.grey
    for low, high, grey in ((6, 14, 40), (20, 24, car.grey * 0.6), (32, 36, 250 - car.grey * 0.4)):
        image[max(top + low, 0) : max(top + high, 0), left + 4 : left + 36] = grey
