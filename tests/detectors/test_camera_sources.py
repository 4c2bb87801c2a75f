"""Files and folders: times, broken input, addresses."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.errors import InfeasibleError, InputError
from detectors.camera.sources import Frames, StreamLimits, open_stream
from detectors.camera.sources.address import address_of, masked
from detectors.camera.sources.names import times_of_names
from tests.detectors.camera_sources_kit import (
    RATE_HPS,
    SIZE,
    Corner,
    Means,
    Whole,
    picture,
    read,
    write_clip,
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "street.mp4")


def numbers_of(frames: list[Frames]) -> list[int]:
    """Numbers of pictures, read from their brightness."""
    values = np.concatenate([each.data[:, 0, 0] for each in frames]).astype(float)
    return [round((value - 20) / 2) for value in values]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG")])
def test_every_frame_of_a_file_comes_once_with_its_time(
    tmp_path: Path, name: str, codec: str
) -> None:
    frames, gaps, notes = read(write_clip(tmp_path / name, codec=codec))
    assert not gaps
    assert not notes
    assert np.concatenate([each.index for each in frames]).tolist() == list(range(100))
    times_s = np.concatenate([each.time_s for each in frames])
    np.testing.assert_allclose(times_s, np.arange(100) / RATE_HPS, atol=1e-3)
    away = np.array(numbers_of(frames)) - np.arange(100)
    assert np.max(np.abs(away - np.median(away))) <= 1  # codecs are lossy, and one shifts greys
    assert abs(np.median(away)) <= 2


def test_any_dtype_and_shape_passes(clip: Path) -> None:
    frames, _, _ = read(clip, Means)
    data = np.concatenate([each.data for each in frames])
    assert data.dtype == np.float32
    assert data.shape == (100, 2)
    assert np.all(data[:, 1] == RATE_HPS)


def test_facts_are_known_before_the_first_frame(clip: Path) -> None:
    with open_stream(clip, Corner) as stream:
        info = stream.info
    assert (info.width_px, info.height_px, info.rate_hps) == (*SIZE, RATE_HPS)
    assert info.frame_count == 100
    assert not info.is_live


def test_folder_in_the_order_of_numbers_at_a_given_rate(tmp_path: Path) -> None:
    for number in range(12):
        cv2.imwrite(str(tmp_path / f"frame_{number}.png"), picture(number))
    (tmp_path / "notes.txt").write_text("no picture")
    frames, gaps, _ = read(tmp_path, limits=StreamLimits(picture_rate_hps=5.0))
    assert not gaps
    assert numbers_of(frames) == list(range(12))
    times_s = np.concatenate([each.time_s for each in frames])
    np.testing.assert_allclose(times_s, np.arange(12) / 5.0)


def test_folder_takes_times_from_names_and_leaves_a_gap_where_pictures_are_missing(
    tmp_path: Path,
) -> None:
    for second in (0, 1, 2, 20, 21, 22, 23):
        cv2.imwrite(str(tmp_path / f"cam1_20170721_1410{second:02d}.jpg"), picture(second))
    (tmp_path / "cam1_20170721_141003.jpg").write_bytes(b"cut off")
    frames, gaps, notes = read(tmp_path)
    assert np.concatenate([each.time_s for each in frames]).tolist() == [0, 1, 2, 20, 21, 22, 23]
    assert [(gap.begin_s, gap.end_s) for gap in gaps] == [(2.0, 20.0)]
    assert notes == ["cam1_20170721_141003.jpg cannot be read"]


@pytest.mark.parametrize(
    ("stems", "times_s"),
    [
        (["1500000000", "1500000001"], [0, 1]),
        (["1500000000250", "1500000000500"], [0, 0.25]),
        (["2017-07-21T14:10:00.250", "2017-07-21T14:10:01"], [0, 0.75]),
        (["a_20170721141000", "a_20170721141002"], [0, 2]),
        (["frame1", "frame2"], None),
        (["20170721141002", "20170721141001"], None),
        (["20179921141002", "20179921141003"], None),
    ],
)
def test_times_in_names(stems: list[str], times_s: list[float] | None) -> None:
    found = times_of_names(stems)
    assert (None if found is None else found.tolist()) == times_s


def not_a_video(folder: Path) -> Path:
    (folder / "page.mp4").write_text("<html>not a video</html>" * 100)
    return folder / "page.mp4"


def empty_file(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def no_frames(folder: Path) -> Path:
    return write_clip(folder / "none.avi", 0, "MJPG")


def cut_head(folder: Path) -> Path:
    """An mp4 keeps its index at the end: half of it cannot be read."""
    path = write_clip(folder / "half.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def folder_without_pictures(folder: Path) -> Path:
    (folder / "notes.txt").write_text("x")
    return folder


def folder_of_broken_pictures(folder: Path) -> Path:
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(b"x" * 50)
    return folder


def missing(folder: Path) -> Path:
    return folder / "missing.mp4"


def unknown_codec(folder: Path) -> Path:
    path = write_clip(folder / "codec.avi", 20, "MJPG")
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"ZZZZ"))
    return path


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (not_a_video, "not a video"),
        (empty_file, "empty"),
        (no_frames, "no frame|not a video"),
        (cut_head, "not a video"),
        (folder_without_pictures, "no picture"),
        (folder_of_broken_pictures, "no picture can be read|no times"),
        (missing, "no such file"),
        (unknown_codec, "no frame|not a video"),
    ],
)
def test_what_cannot_be_read_gets_one_line(
    tmp_path: Path, make: Callable[[Path], Path], word: str
) -> None:
    source = make(tmp_path)
    with pytest.raises(InputError, match=word) as caught:
        open_stream(source, Corner)
    assert "\n" not in str(caught.value)
    assert str(source) in str(caught.value)


def test_truncated_file_gives_its_frames_and_then_a_gap(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "cut.avi", codec="MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames, gaps, notes = read(path)
    count = sum(each.index.size for each in frames)
    assert 30 < count < 70
    assert len(gaps) == 1
    assert gaps[0].begin_s == pytest.approx((count - 1) / RATE_HPS, abs=0.05)
    assert gaps[0].end_s == pytest.approx(100 / RATE_HPS, abs=0.05)
    assert "of 100 frames" in gaps[0].reason
    assert len(notes) == 1


def test_picture_that_changes_its_size_ends_the_count_with_a_gap(tmp_path: Path) -> None:
    for number in range(20):
        size = SIZE if number < 12 else (SIZE[0] * 2, SIZE[1] * 2)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number, size))
    frames, gaps, notes = read(tmp_path, limits=StreamLimits(picture_rate_hps=10.0))
    assert sum(each.index.size for each in frames) == 12
    assert [(gap.begin_s, gap.end_s) for gap in gaps] == [(1.1, 2.0)]
    assert gaps[0].reason == "the picture changes from 160x120 to 320x240"
    assert len(notes) == 1


def test_video_that_changes_its_size_is_scaled_to_the_first(tmp_path: Path) -> None:
    """A raw MJPEG file is pictures one after another, so that one can change its size.

    FFmpeg scales what follows, so that a band lies on the same part of the view as before.
    """
    pictures = []
    for number in range(20):
        image = picture(0)
        shown = image if number < 12 else cv2.resize(image, None, fx=2.0, fy=2.0)
        pictures.append(cv2.imencode(".jpg", shown)[1].tobytes())
    (tmp_path / "a.mjpeg").write_bytes(b"".join(pictures))
    frames, gaps, _ = read(tmp_path / "a.mjpeg", Whole)
    data = np.concatenate([each.data for each in frames])
    assert not gaps
    assert data.shape == (20, SIZE[1], SIZE[0])
    assert np.abs(data[19].astype(int) - data[0]).mean() < 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://user:pa@ss@10.0.0.1/a?x=1", "rtsp://***@10.0.0.1/a?x=1"),
        (
            "http://10.0.0.1/v?user=me&password=secret&c=2",
            "http://10.0.0.1/v?user=***&password=***&c=2",
        ),
        ("http://10.0.0.1/v.mp4", "http://10.0.0.1/v.mp4"),
        ("failed: https://a:b@c/d and rtsp://e:f@g", "failed: https://***@c/d and rtsp://***@g"),
    ],
)
def test_passwords_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_address_shows_no_password() -> None:
    assert "secret" not in repr(address_of("rtsp://user:secret@127.0.0.1/x"))
    with pytest.raises(InputError, match="scheme"):
        address_of("ftp://user:secret@127.0.0.1/x")


def test_impossible_limits_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="frame_s"):
        StreamLimits(frame_s=0.0)
