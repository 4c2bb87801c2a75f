"""A rendered clip on disk: the video, the settings of its camera and the truth."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from citybrain.errors import InputError
from detectors.camera.rendering.fleet import Track, Traffic
from detectors.camera.rendering.frames import render_frames
from detectors.camera.rendering.scene import Scene
from detectors.camera.rendering.truth import (
    LaneSpan,
    band_pixels,
    lane_spans,
    movements,
    passages,
)

_CODECS = {".mp4": "mp4v", ".avi": "MJPG"}


def write_clip(
    scene: Scene,
    tracks: Sequence[Track],
    path: Path,
    *,
    duration_s: float,
    rate_hps: float = 25.0,
    on_progress: Callable[[float, str], None] = lambda _done, _text: None,
) -> Path:
    """Render a scene into ``clip.mp4``, ``camera.toml`` and ``truth.json``.

    Parameters
    ----------
    scene
        Street, camera and conditions.
    tracks
        The vehicles.
    path
        The video; its ending chooses MPEG-4 (``.mp4``) or Motion JPEG (``.avi``). Settings and
        truth are written beside it, and its folder is made if absent.
    duration_s, rate_hps
        Length of the clip and its frames per second. [s], [1/s]
    on_progress
        Told the share of the frames that is done, and a text.

    Returns
    -------
    Path
        The video.

    Raises
    ------
    InputError
        No lane crosses the band, the ending is unknown, or the video cannot be written.
    """
    frame_count = round(duration_s * rate_hps)
    traffic = Traffic(tracks, frame_count=frame_count, rate_hps=rate_hps)
    spans = lane_spans(scene)
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    _write_video(scene, traffic, path, on_progress)
    (folder / "camera.toml").write_text(camera_toml(scene, spans), encoding="utf-8")
    events = passages(spans, scene.band, tracks, rate_hps=rate_hps, end_s=duration_s)
    turned = movements(scene.view, tracks, rate_hps=rate_hps, end_s=duration_s)
    truth = {
        "video": path.name,
        "rate_hps": rate_hps,
        "frames": frame_count,
        "lanes": [span.name for span in spans],
        "events": [asdict(event) for event in events],
        "movements": [asdict(one) for one in turned],
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return path


def camera_toml(scene: Scene, spans: Sequence[LaneSpan]) -> str:
    """Return the settings of the scene's camera as ``camera.toml`` holds them."""
    view = scene.view
    lines = [f'camera = "{scene.name}"', f"frame_px = [{view.width_px}, {view.height_px}]", ""]
    lines += _band_lines("band", band_pixels(view, scene.band))
    for span in spans:
        lines += [
            "[[lane]]",
            f'name = "{span.name}"',
            f"limits_px = [{span.limits_px[0]}, {span.limits_px[1]}]",
            f"heading_deg = {span.heading_deg}",
            "",
        ]
    if scene.band.second_at_m is not None:
        second = scene.band.moved(scene.band.second_at_m)
        lines += _band_lines("second_band", band_pixels(view, second))[:-1]
        lines += [f"distance_m = {abs(scene.band.second_at_m)}", ""]
    return "\n".join(lines)


def _band_lines(name: str, ends: np.ndarray) -> list[str]:
    (x0, y0), (x1, y1) = np.round(ends, 2)
    return [f"[{name}]", f"from_px = [{x0}, {y0}]", f"to_px = [{x1}, {y1}]", ""]


def _write_video(
    scene: Scene, traffic: Traffic, path: Path, on_progress: Callable[[float, str], None]
) -> None:
    codec = _CODECS.get(path.suffix)
    if codec is None:
        raise InputError(path, "has an unknown ending", "choose .mp4 or .avi")
    size = (scene.view.width_px, scene.view.height_px)
    code = cv2.VideoWriter.fourcc(*codec)
    partial = path.with_name(f".{path.name.removesuffix(path.suffix)}.part{path.suffix}")
    writer = cv2.VideoWriter(str(partial), code, traffic.rate_hps, size)
    if not writer.isOpened():
        raise InputError(path, "cannot be written as video", "check the folder and the disk")
    try:
        for number, frame in enumerate(render_frames(scene, traffic), start=1):
            writer.write(frame)
            on_progress(number / traffic.frame_count, f"frame {number}")
        writer.release()
        partial.replace(path)
    finally:
        writer.release()
        partial.unlink(missing_ok=True)
