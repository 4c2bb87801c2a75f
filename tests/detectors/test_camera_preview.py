"""The picture beside a count shows one frame, and holds one."""

from collections.abc import Generator
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

from detectors.camera import preview
from detectors.camera.sources import Image


def test_the_middle_frame_is_found_without_keeping_those_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[ref[Image]] = []
    most = 0

    def frames(_: object) -> Generator[tuple[float, Image, None], None, None]:
        nonlocal most
        for number in range(300):
            image = np.full((2, 2, 3), number % 256, dtype=np.uint8)
            made.append(ref(image))
            most = max(most, sum(one() is not None for one in made))
            yield number / 10, image, None

    monkeypatch.setattr(preview, "_frames", frames)
    image = preview._first_from(Path("street.mp4"), 4.95)
    assert image[0, 0, 0] == 50
    assert most <= 2
