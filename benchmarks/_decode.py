"""Decoding alone, and decoding through a stream, both on one core: what counting is held against.

``python -m benchmarks._decode CLIP`` prints both.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.camera.sources import Frames, Image, MakeReducer, StreamInfo, open_stream

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "threads;1",
    "OPENCV_LOG_LEVEL": "SILENT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How fast frames of a clip were handled on one core.

    Parameters
    ----------
    frames
        Frames of the clip.
    wall_hps
        Frames per second of the clock, from the first frame on. [1/s]
    cpu_hps
        Frames per second of computing time, steadier on a shared machine. [1/s]
    """

    frames: int
    wall_hps: float
    cpu_hps: float


def decode_only(clip: Path, core: int = 0) -> Rate:
    """Read every frame with OpenCV in a fresh process, on one core and one thread.

    Parameters
    ----------
    clip
        Video file.
    core
        The core to use.

    Returns
    -------
    Rate
        Nothing is done with the frames.
    """
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks._decode", "--only", str(clip), str(core)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **THREADS, "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path)},
    )
    return Rate(**json.loads(run.stdout))


def streamed(
    clip: Path,
    make: MakeReducer,
    core: int = 0,
    *,
    use: Callable[[Frames], object] = lambda _: None,
) -> Rate:
    """Read every frame through a stream; the decoder and this process share one core.

    Parameters
    ----------
    clip
        Video file.
    make
        Makes the reducer.
    core
        The core to use.
    use
        Is given the reduced frames.

    Returns
    -------
    Rate
        The computing time is that of both, with the start of the decoder.
    """
    frames, children_s = 0, _children_s()
    with pinned(core), open_stream(clip, make) as stream:
        begin_s, cpu_s = time.perf_counter(), time.process_time()
        for part in stream:
            if isinstance(part, Frames):
                frames += part.index.size
                use(part)
        wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_s
    return Rate(
        frames=frames,
        wall_hps=frames / wall_s,
        cpu_hps=frames / (cpu_s + _children_s() - children_s),
    )


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process, and those that it starts, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Row:
    """Takes a band of 16 rows in the middle of the picture."""

    def __init__(self, info: StreamInfo) -> None:
        self._top = info.height_px // 2

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        """Return the band."""
        return image[self._top : self._top + 16]


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _decode_here(clip: str, core: int) -> Rate:
    import cv2  # noqa: PLC0415 (so that the parent needs no OpenCV)

    os.sched_setaffinity(0, {core})
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(clip, cv2.CAP_FFMPEG, [int(cv2.CAP_PROP_N_THREADS), 1])
    good, image = capture.read()
    frames, begin_s, cpu_s = int(good), time.perf_counter(), time.process_time()
    while good:
        good, image = capture.read(image)
        frames += good
    wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_s
    return Rate(frames=frames, wall_hps=frames / wall_s, cpu_hps=frames / cpu_s)


def _main(words: list[str]) -> None:
    if words[0] == "--only":
        print(json.dumps(asdict(_decode_here(words[1], int(words[2])))))
        return
    from benchmarks._decode import Row as Sent  # noqa: PLC0415 (the decoder imports it by name)

    clip = Path(words[0])
    for _ in range(3):
        only, through = decode_only(clip), streamed(clip, Sent)
        share, cpu = through.wall_hps / only.wall_hps, through.cpu_hps / only.cpu_hps
        print(
            f"decode only {only.wall_hps:.0f}/s ({only.cpu_hps:.0f} per CPU s), through a stream "
            f"{through.wall_hps:.0f}/s ({through.cpu_hps:.0f}): {share:.0%} by the clock, "
            f"{cpu:.0%} by computing time"
        )


if __name__ == "__main__":
    _main(sys.argv[1:])
