"""Snapshots: never by default, blurred, the owner's alone, and gone when they expire."""

import stat
from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.errors import InfeasibleError, InputError
from detectors.camera.sources import SnapshotRule, StreamLimits, open_stream
from detectors.camera.sources.snapshots import SIDE_PX, SnapshotFolder, blurred
from tests.detectors.camera_sources_kit import Corner, picture, write_clip


def plate(letters: str) -> np.ndarray:  # type: ignore[type-arg]
    """A picture with a plate 140 px wide in the middle of 1,280 by 720."""
    image = np.full((720, 1280, 3), 90, np.uint8)
    image[340:380, 570:710] = 235
    cv2.putText(image, letters, (575, 370), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (10, 10, 10), 3)
    return image


def test_two_plates_cannot_be_told_apart() -> None:
    one, other = blurred(plate("B AX 4711")), blurred(plate("M QE 8253"))
    assert max(one.shape) == SIDE_PX
    sharp = np.abs(plate("B AX 4711").astype(int) - plate("M QE 8253")).max()
    assert sharp > 200
    assert np.abs(one.astype(int) - other).max() < 10


def test_fine_detail_is_gone() -> None:
    """Of stripes of 8 px on 1,280, less than a hundredth of the contrast is left."""
    stripes = np.tile(np.repeat(np.uint8([0, 255]), 4), 160)
    image = np.repeat(np.tile(stripes, (720, 1))[:, :, None], 3, axis=2)
    assert image.std() > 120
    assert blurred(image)[:, 2:-2].std() < 1.2


def test_coarse_scene_stays_visible() -> None:
    image = np.full((720, 1280, 3), 30, np.uint8)
    image[:, 640:] = 200
    small = blurred(image)
    assert small[:, 5].mean() < 35
    assert small[:, -5].mean() > 195


def test_nothing_is_stored_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = write_clip(tmp_path / "a.avi", 30, "MJPG")
    monkeypatch.chdir(tmp_path)
    with open_stream(clip, Corner) as stream:
        assert sum(1 for _ in stream) > 0
    assert [path.name for path in tmp_path.rglob("*")] == ["a.avi"]


def test_snapshots_of_a_run_are_blurred_and_the_owners_alone(tmp_path: Path) -> None:
    source, folder = tmp_path / "pictures", tmp_path / "snapshots"
    source.mkdir()
    for number in range(10):
        cv2.imwrite(str(source / f"{number}.png"), plate("B AX 4711"))
    rule = SnapshotRule(folder=folder, every_s=0.5, expires_s=600.0)
    with open_stream(source, Corner, StreamLimits(picture_rate_hps=10.0), snapshots=rule) as stream:
        assert sum(1 for _ in stream) > 0
    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        shown = cv2.imread(str(file))
        assert shown is not None
        again = cv2.resize(shown, (1280, 720)).astype(float)
        letters = again[345:375, 580:700].std()
        assert letters < 0.15 * plate("B AX 4711")[345:375, 580:700].std()


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


def test_snapshots_expire_while_the_run_goes_on(tmp_path: Path) -> None:
    clock = Clock()
    folder = SnapshotFolder(SnapshotRule(folder=tmp_path, every_s=1, expires_s=10.0), clock)
    first = folder.write(blurred(picture(1)))
    clock.now_s += 6
    second = folder.write(blurred(picture(2)))
    assert first.exists()
    clock.now_s += 5
    third = folder.write(blurred(picture(3)))
    assert not first.exists()
    assert second.exists()
    assert third.exists()


def test_next_start_removes_what_a_dead_run_left(tmp_path: Path) -> None:
    clock = Clock()
    rule = SnapshotRule(folder=tmp_path, every_s=1, expires_s=10.0)
    left = SnapshotFolder(rule, clock).write(blurred(picture(1)))
    own = tmp_path / "citybrain-snapshot-of-mine.png"
    own.write_bytes(b"not written by citybrain")
    clock.now_s += 3600
    SnapshotFolder(rule, clock)
    assert not left.exists()
    assert own.exists()


def test_sharp_picture_is_never_written_whole(tmp_path: Path) -> None:
    rule = SnapshotRule(folder=tmp_path, every_s=1, expires_s=10.0)
    shown = cv2.imread(str(SnapshotFolder(rule).write(plate("B AX 4711"))))
    assert shown is not None
    assert max(shown.shape) <= SIDE_PX
    assert cv2.resize(shown, (1280, 720))[345:375, 580:700].std() < 10


def test_rule_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError, match="none lives a week"):
        SnapshotRule(folder=tmp_path, expires_s=1e9)
    with pytest.raises(InfeasibleError):
        SnapshotRule(folder=tmp_path, every_s=0.0)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="no folder for snapshots"):
        SnapshotFolder(SnapshotRule(folder=tmp_path / "file" / "x"))


def test_folder_that_is_taken_away_is_named(tmp_path: Path) -> None:
    folder = SnapshotFolder(SnapshotRule(folder=tmp_path / "kept"))
    (tmp_path / "kept").rmdir()
    with pytest.raises(InputError, match=r"kept: a snapshot cannot be written \(No such file"):
        folder.write(blurred(picture(1)))
