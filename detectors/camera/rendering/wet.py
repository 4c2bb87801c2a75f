"""What rain adds around vehicles and on the lens: spray behind wheels, drops on the glass."""

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering import drawing
from detectors.camera.rendering.drawing import Bytes, Floats, bytes_of
from detectors.camera.rendering.scene import Scene
from detectors.camera.rendering.shells import Shell, place
from detectors.camera.rendering.view import NEAR_M, View

_REACH_S = 0.35
_LONGEST_M = 8.0
_FASTEST_MPS = 25.0


class Spray:
    """Clouds of water that wheels throw up on a wet road, denser the faster the vehicle.

    Parameters
    ----------
    view
        The camera.
    wetness
        0 dry to 1.
    """

    def __init__(self, view: View, wetness: float) -> None:
        self._view = view
        self._wetness = wetness
        self._mask = np.zeros(((view.height_px + 3) // 4, (view.width_px + 3) // 4), np.uint8)

    def add(self, shell: Shell, stand: tuple[Floats, Floats], speed_mps: float) -> None:
        """Add the cloud behind a vehicle."""
        rear_m, wide_m = float(shell.corners_m[..., 0].min()), float(shell.corners_m[..., 1].max())
        back_m = rear_m - min(_LONGEST_M, _REACH_S * speed_mps)
        corners = [
            (x, y, z) for x in (rear_m, back_m) for y in (-wide_m, wide_m) for z in (0.0, 1.1)
        ]
        seen = self._view.seen(place(np.array(corners), *stand))
        if seen[:, 2].min() < NEAR_M:
            return
        hull = cv2.convexHull((self._view.pictured(seen) / 4).astype(np.float32))[:, 0]
        dense = 150.0 * self._wetness * min(1.0, speed_mps / _FASTEST_MPS)
        drawing.fill(self._mask, hull.astype(np.float64), dense)

    def over(self, picture: Bytes, tone: Floats) -> Bytes:
        """Return the picture with the clouds before it, lit by the sky."""
        soft = cv2.GaussianBlur(self._mask, (0, 0), max(1.0, picture.shape[0] / 240))
        size = (picture.shape[1], picture.shape[0])
        share = cv2.merge([cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)] * 3)
        water = bytes_of(np.full_like(picture, np.clip(tone, 0, 255).astype(np.uint8)))
        kept = cv2.multiply(picture, cv2.bitwise_not(share), scale=1 / 255)
        return bytes_of(cv2.add(kept, cv2.multiply(water, share, scale=1 / 255)))


class Drops:
    """Drops on the camera's glass, behind which the picture is blurred."""

    def __init__(self, scene: Scene, dice: np.random.Generator) -> None:
        height, width = scene.view.height_px, scene.view.width_px
        self._cover: NDArray[np.uint8] = np.zeros((height, width), np.uint8)
        for _ in range(int(9 * scene.weather.rain)):
            at = dice.uniform(0, 1, 2) * (width, height)
            radius = dice.uniform(0.006, 0.022) * width
            place_px = (int(at[0]), int(at[1]))
            cv2.circle(self._cover, place_px, max(2, int(radius)), 255, -1, cv2.LINE_AA)
        self._blur_px = max(1.5, width / 130)
        self._is_dry = not self._cover.any()

    def over(self, picture: Bytes) -> Bytes:
        """Return the picture through the drops."""
        if self._is_dry:
            return picture
        blurred = cv2.blur(picture, (int(2 * self._blur_px) | 1, int(2 * self._blur_px) | 1))
        return bytes_of(cv2.copyTo(blurred, self._cover, picture))
