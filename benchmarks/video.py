"""The camera counter on recorded and on rendered clips, beside MOG2 with components; its speed.

Recorded clips are looked for in ``../shared/data/video``.  Rendered scenes are made when they are
first asked for, minutes each, and kept under ``~/.cache/citybrain/scenes``.  Without names a few
are taken; ``--networks all`` takes every scene made by hand, ``tuning`` and ``held_out`` one half,
``developing`` and ``checking`` one half of those drawn by dice, and any name of
`benchmarks._camera_scenes` or `benchmarks._camera_development` that scene; ``clips`` takes the
recorded clips and ``speed`` the measurement of speed, both of which are also taken without names
and with ``all``.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks._camera_development import CHECKING, DEVELOPING
from benchmarks._camera_scenes import HELD_OUT as HELD_OUT_SCENES
from benchmarks._camera_scenes import SCENES, SPEED_NAME, make_scene
from benchmarks._camera_scenes import TUNING as TUNING_SCENES
from benchmarks._decode import decode_only, streamed
from benchmarks._environment import FOLDER as CACHE
from benchmarks._mog2 import Mog2Counter, images, mog2_counts_veh
from benchmarks._printing import print_whole
from benchmarks._street_clips import FOLDER, HELD_OUT, OWN_COUNTS, TUNING, Clip, clips
from benchmarks._video_matching import matched
from benchmarks._video_results import (
    RENDERED,
    ClipResult,
    Results,
    Speed,
    misses_of,
    results_content,
    results_table,
)
from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.errors import InputError
from detectors.camera.band import geometry_of, make_reducer
from detectors.camera.counting import LaneCounter, count_stream
from detectors.camera.settings import CameraSettings, read_camera
from detectors.camera.sources import Frames

SCENE_FOLDER = CACHE / "scenes"
QUICK = ("held_day_free", "held_night_free", "held_day_queue")
"""Scenes that are taken without names."""
CLIPS, SPEED = "clips", "speed"
REPEATS = 6
"""How often the clip for speed is put behind itself, so that starting is a small part of it."""
ROUNDS = 3
"""Decoding alone and the counter take turns so often; the median of each is told."""
PEER_FRAMES = 150
"""Frames on which the peer's speed is measured."""


def run(*, networks: Sequence[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Scenes or groups, see above.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A scene is not known.
    """
    results = measure(networks)
    misses = misses_of(results)
    if is_json:
        print_json(results_content(results))
    else:
        _print(results, misses)
    return 1 if is_check and misses else 0


def measure(names: Sequence[str]) -> Results:
    """Count what is asked for with both counters."""
    wanted = _wanted(names)
    counted: list[ClipResult] = []
    skipped = []
    speed = None
    with Stages() as stages:
        if CLIPS in wanted and FOLDER.exists():
            for group, clip in _recorded():
                stages.begin("clip", clip.name)
                counted.append(_counted(clip, group))
        elif CLIPS in wanted:
            skipped.append(f"recorded clips: {FOLDER} is not there")
        for name in wanted:
            if name in (CLIPS, SPEED):
                continue
            stages.begin("scene", name)
            counted.append(_counted(_rendered(name), _group_of(name)))
        if SPEED in wanted:
            stages.begin("speed", "1080p")
            speed = _speed(_rendered(SPEED_NAME))
    return Results(clips=tuple(counted), speed=speed, skipped=tuple(skipped))


def _wanted(names: Sequence[str]) -> list[str]:
    groups = {
        "all": (CLIPS, *TUNING_SCENES, *HELD_OUT_SCENES, SPEED),
        "tuning": TUNING_SCENES,
        "held_out": HELD_OUT_SCENES,
        "developing": DEVELOPING,
        "checking": CHECKING,
    }
    wanted: list[str] = []
    for name in names or (CLIPS, *QUICK, SPEED):
        if name not in groups and name not in (CLIPS, SPEED, *SCENES):
            known = ", ".join((*groups, CLIPS, SPEED, *TUNING_SCENES, *HELD_OUT_SCENES))
            raise InputError(name, "is no scene of this benchmark", f"choose from: {known}")
        wanted += groups.get(name, (name,))
    return [name for name in dict.fromkeys(wanted) if name != SPEED_NAME]


def _group_of(name: str) -> str:
    if name in CHECKING:
        return "rendered, checking"
    return "rendered, tuning" if SCENES[name].is_tuning else "rendered, held out"


def _recorded() -> Iterator[tuple[str, Clip]]:
    groups = {"tuning": TUNING, "held out": HELD_OUT, "held out, own counts": tuple(OWN_COUNTS)}
    for group, names in groups.items():
        for clip in clips(names):
            yield group, clip


def _rendered(name: str) -> Clip:
    SCENE_FOLDER.mkdir(parents=True, exist_ok=True)
    folder = make_scene(name, SCENE_FOLDER)
    settings = read_camera(folder / "camera.toml")
    lanes = [lane for _, lane in _truth(folder, settings)]
    truth_veh = tuple(map(lanes.count, range(len(settings.lane))))
    return Clip(name=name, path=folder / "clip.mp4", settings=settings, truth_veh=truth_veh)


def _truth(folder: Path, settings: CameraSettings) -> list[tuple[float, int]]:
    """Return when each vehicle of a rendered scene passed, and its lane [s]."""
    told = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    lanes = [lane.name for lane in settings.lane]
    return [(event["time_s"], lanes.index(event["lane"])) for event in told["events"]]


def _counted(clip: Clip, group: str) -> ClipResult:
    passages = [
        one for one in count_stream(clip.path, clip.settings).passages if not one.is_against
    ]
    lanes = [one.lane for one in passages]
    return ClipResult(
        name=clip.name,
        group=group,
        truth_veh=clip.truth_veh,
        citybrain_veh=tuple(map(lanes.count, range(len(clip.settings.lane)))),
        mog2_veh=mog2_counts_veh(clip),
        matching=matched(
            passages, _truth(clip.path.parent, clip.settings), geometry_of(clip.settings)
        )
        if group.startswith(RENDERED)
        else None,
    )


def _speed(clip: Clip) -> Speed:
    long = replace(clip, path=_repeated(clip))
    rates = [(decode_only(long.path).cpu_hps, _citybrain_hps(long)) for _ in range(ROUNDS)]
    decode_hps, citybrain_hps = np.median(rates, axis=0).tolist()
    return Speed(decode_hps=decode_hps, citybrain_hps=citybrain_hps, mog2_hps=_mog2_hps(long))


def _repeated(clip: Clip) -> Path:
    """Return a file that holds a clip several times in a row, made once."""
    path = clip.path.with_name(f"{clip.path.stem}-{REPEATS}x.mp4")
    if not path.exists():
        partial_path = path.with_name(f".{path.name}.part.mp4")
        size = clip.settings.frame_px
        writer = cv2.VideoWriter(str(partial_path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, size)
        for _ in range(REPEATS):
            for image in images(clip):
                writer.write(image)
        writer.release()
        partial_path.replace(path)
    return path


def _citybrain_hps(clip: Clip) -> float:
    """Return frames per second of computing time of both processes, their start included [1/s]."""
    counter = LaneCounter(clip.settings, 25.0)

    def use(part: Frames) -> None:
        counter.feed(part.time_s, part.data)

    return streamed(clip.path, partial(make_reducer, clip.settings), use=use).cpu_hps


def _mog2_hps(clip: Clip) -> float:
    counter = Mog2Counter(clip.settings)
    begin_s, frames = time.process_time(), 0
    for image in images(clip, PEER_FRAMES):
        counter.see(image)
        frames += 1
    return frames / (time.process_time() - begin_s)


def _print(results: Results, misses: Sequence[str]) -> None:
    print_whole(results_table(results))
    for line in results.skipped:
        OUTPUT.print(f"skipped   {line}")
    if results.speed is not None:
        one = results.speed
        OUTPUT.print(
            f"speed     1080p, one core: decoding alone {one.decode_hps:.0f} frames/s, citybrain "
            f"{one.citybrain_hps:.0f} ({one.share:.0%}, target 70 %), MOG2 {one.mog2_hps:.0f}"
        )
    for miss in misses:
        OUTPUT.print(f"missed    {miss}")
    if not misses:
        OUTPUT.print("every target is met")
