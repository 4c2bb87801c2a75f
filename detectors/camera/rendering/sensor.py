"""What camera and air add to a picture: shake, softness, exposure, noise, rain and haze."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering.drawing import Bytes, Floats, bytes_of
from detectors.camera.rendering.scene import Scene, Sensor

_Colours = TypeVar("_Colours", NDArray[np.float32], NDArray[np.float64])

_BANK = 5
_BLOCK_PX = 16
_KEY_FRAMES = 100
_LEAST_GREY = 80.0
_MARGIN_PX = 96


def sunshine(scene: Scene, frame_count: int, rate_hps: float) -> Floats:
    """Return the share of direct sunlight that passes the clouds at each frame, (frames,)."""
    if scene.weather.clouds == 0:
        return np.ones(frame_count)
    dice = np.random.default_rng((scene.seed, 21))
    at_s = np.arange(frame_count) / rate_hps
    wave = np.zeros(frame_count)
    for period_s in (7.0, 19.0, 41.0, 83.0):
        wave += np.sin(2 * np.pi * (at_s / period_s + dice.uniform())) * (period_s / 83.0) ** 0.3
    return np.asarray(1 - scene.weather.clouds / (1 + np.exp(-2.2 * wave)))


def shake(sensor: Sensor, frame_count: int, dice: np.random.Generator) -> Floats:
    """Return how far each frame is shifted: jitter and a slower sway, in pixels, (frames, 2)."""
    jitter = dice.normal(0, 0.6, (frame_count, 2))
    sway = np.zeros((frame_count, 2))
    push = dice.normal(0, 1, (frame_count, 2))
    for frame in range(2, frame_count):
        # A lightly damped swing of the pole, some 20 frames long.
        sway[frame] = 1.85 * sway[frame - 1] - 0.95 * sway[frame - 2] + 0.08 * push[frame]
    return np.asarray(sensor.shake_px * (jitter + 0.8 * sway / max(float(sway.std()), 1e-9)))


def moved(picture: Bytes, shift_px: Floats) -> Bytes:
    """Return a picture shifted by part of a pixel or more."""
    if np.abs(shift_px).max() < 0.01:  # noqa: PLR2004 - nothing to see
        return picture
    matrix = np.array([[1.0, 0.0, shift_px[0]], [0.0, 1.0, shift_px[1]]])
    size = (picture.shape[1], picture.shape[0])
    turned = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


class Exposure:
    """An automatic exposure that follows the mean of the picture.

    Parameters
    ----------
    speed
        Share of an error that is mended in a second.
    rate_hps
        Frames per second.
    target
        Mean grey that it aims at; it never settles for less than 80. [grey levels]
    """

    def __init__(self, *, speed: float, rate_hps: float, target: float) -> None:
        self._step = 1 - (1 - min(speed, 0.99)) ** (1 / rate_hps)
        self._target = max(target, _LEAST_GREY)
        self._gain: float | None = None

    def expose(self, picture: Bytes) -> Bytes:
        """Return the picture at the present gain, and turn the gain towards its target."""
        mean = float(
            np.mean(cv2.mean(cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA))[:3])
        )
        wanted = float(np.clip(self._target / max(mean, 4.0), 0.55, 1.8)) ** 0.7
        before = wanted if self._gain is None else self._gain
        self._gain = before + self._step * (wanted - before)
        if abs(self._gain - 1) < 0.004:  # noqa: PLR2004 - below a grey level
            return picture
        return bytes_of(cv2.convertScaleAbs(picture, alpha=self._gain))


class Grain:
    """Sensor noise: drawn once, laid over each frame from another place."""

    def __init__(self, scene: Scene, dice: np.random.Generator) -> None:
        height, width = scene.view.height_px + _MARGIN_PX, scene.view.width_px + _MARGIN_PX
        self._dice = dice
        self._tiles = []
        for _ in range(_BANK):
            grey = dice.normal(0, scene.sensor.noise, (height, width, 1))
            colour = dice.normal(0, 0.5 * scene.sensor.noise, (height // 2, width // 2, 3))
            blotches = cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR)
            self._tiles.append(np.rint(grey + blotches).astype(np.int16))

    def over(self, picture: Bytes) -> Bytes:
        """Return a picture with fresh noise."""
        height, width = picture.shape[:2]
        top, left = self._dice.integers(0, _MARGIN_PX, 2)
        tile = self._tiles[int(self._dice.integers(_BANK))]
        patch = tile[top : top + height, left : left + width]
        return np.asarray(cv2.add(picture, patch, dtype=cv2.CV_8U), np.uint8)


class Stream:
    """What is left of the pictures after a stream of few bits has carried them.

    A block that differs little from what was sent before is not sent again, so that a quiet street
    stands still but for rare jumps; what is sent loses fine detail. On a real street clip of
    145 kbit/s more than half of the road's pixels stay exactly equal from frame to frame.

    Parameters
    ----------
    strength
        0 none to 1; see ``Sensor.compression``.
    noise
        Noise of the sensor. [grey levels]
    """

    def __init__(self, *, strength: float, noise: float) -> None:
        self._strength = strength
        self._threshold = (
            (0.1 + 0.45 * strength) * (1.0 + noise**2 / 2) * max(1.0, noise / 2.5) ** 2
        )
        self._quality = round(88 - 58 * strength)
        self._sent: Bytes | None = None
        self._frame = 0

    def carry(self, picture: Bytes) -> Bytes:
        """Return the picture as it arrives."""
        if self._strength == 0:
            return picture
        ok, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
        arrived = bytes_of(cv2.imdecode(packed, cv2.IMREAD_COLOR)) if ok else picture
        key = self._frame % _KEY_FRAMES == 0
        self._frame += 1
        if self._sent is None or key:
            self._sent = arrived
            return arrived
        height, width = picture.shape[:2]
        blocks = (-(-width // _BLOCK_PX), -(-height // _BLOCK_PX))
        changed = cv2.cvtColor(cv2.absdiff(arrived, self._sent), cv2.COLOR_BGR2GRAY)
        energy = cv2.multiply(changed, changed, scale=0.25)
        mean = cv2.resize(energy, blocks, interpolation=cv2.INTER_AREA)
        is_sent = (mean > self._threshold).astype(np.uint8)
        mask = cv2.resize(is_sent, (width, height), interpolation=cv2.INTER_NEAREST)
        self._sent = bytes_of(cv2.copyTo(arrived, mask, self._sent.copy()))
        return self._sent


def toned(colours: _Colours, saturation: float) -> _Colours:
    """Return colours (..., 3) with less or more of their difference from grey."""
    grey = (colours @ np.array([0.114, 0.587, 0.299], colours.dtype))[..., None]
    return grey + saturation * (colours - grey)


class Rain:
    """Streaks of falling drops, bright against the dark, and haze."""

    def __init__(self, scene: Scene, dice: np.random.Generator) -> None:
        view = scene.view
        self._strength = scene.weather.rain
        self._dice = dice
        height, width = view.height_px + _MARGIN_PX, view.width_px + _MARGIN_PX
        self._tiles = [self._streaks(height, width) for _ in range(_BANK)] if self._strength else []
        self._haze = (30 if scene.light.is_dark else 150) * 0.18 * self._strength

    def _streaks(self, height: int, width: int) -> Bytes:
        tile = np.zeros((height, width), np.uint8)
        count = int(self._strength * height * width / 450)
        starts = self._dice.uniform(0, 1, (count, 2)) * (width, height)
        lengths = self._dice.uniform(0.01, 0.045, count) * height
        tones = self._dice.gamma(2.0, 9.0, count)
        for (x, y), length, tone in zip(starts, lengths, tones, strict=True):
            ends = (
                np.rint(np.array([x, y, x + 0.12 * length, y + length]) * 16).astype(int).tolist()
            )
            cv2.line(tile, tuple(ends[:2]), tuple(ends[2:]), float(tone), 1, cv2.LINE_AA, 4)
        return bytes_of(cv2.merge([tile, tile, tile]))

    def over(self, picture: Bytes) -> Bytes:
        """Return a picture seen through the rain."""
        if not self._tiles:
            return picture
        height, width = picture.shape[:2]
        top, left = self._dice.integers(0, _MARGIN_PX, 2)
        tile = self._tiles[int(self._dice.integers(_BANK))][top : top + height, left : left + width]
        hazy = cv2.convertScaleAbs(picture, alpha=1 - 0.18 * self._strength, beta=self._haze)
        return bytes_of(cv2.add(hazy, tile))


def fog_share(scene: Scene) -> NDArray[np.float32]:
    """Return how much of each pixel of the street is lost in fog, (height, 1, 1)."""
    view = scene.view
    rows = np.arange(view.height_px) + 0.5
    below = np.maximum(rows - view.horizon_px, 1.0)
    away_m = view.height_m * view.focal_px / below
    return np.asarray(1 - np.exp(-scene.weather.fog_per_m * away_m), np.float32)[:, None, None]


def soften(picture: Bytes, blur_px: float) -> Bytes:
    """Return the picture as a lens of some softness shows it."""
    if blur_px < 0.2:  # noqa: PLR2004 - nothing to see
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur_px), np.uint8)
