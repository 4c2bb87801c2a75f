"""Turning counts of a clip without a detector, beside blobs that are tracked as boxes.

Rendered junctions, minutes each when they are first asked for, kept under
``~/.cache/citybrain/scenes``.  ``--networks`` names scenes, ``tuning`` or ``held_out``; without it
all are taken.  A movement is found if it is told from the same zone to the same zone within 5 s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks._names import check_names
from benchmarks._printing import print_misses, print_whole
from benchmarks._turning_scenes import HELD_OUT, TUNING, Turn, TurningScene
from citybrain.cli.console import OUTPUT, Stages, print_json
from detectors.camera.blobs.turning import count_clip
from detectors.camera.model.boxes import boxes_of
from detectors.camera.sources import Gap, open_stream
from detectors.camera.sources.stream import Image, StreamInfo
from detectors.tracking.lines_file import LinesFile
from detectors.tracking.tracker.follower import Tracker, TrackRules
from detectors.tracking.zones import MovementCounter, Movements

NEAREST_S = 5.0
"""Longest time between a vehicle's front on its new street and its box in the zone there. [s]"""
MOST_WRONG = 0.25
"""Share of missed and false movements that the held-out scenes are to stay below. [-]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one counter made of one scene.

    Parameters
    ----------
    scene, counter
        Names.
    movements, found, false
        That were, that were told rightly, and that were told and were not. [veh]
    """

    scene: str
    counter: str
    movements: int
    found: int
    false: int

    @property
    def error(self) -> float:
        """Share of what was missed and of what was false in what there was [-]."""
        return (self.movements - self.found + self.false) / max(1, self.movements)


def run(*, networks: Sequence[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Scenes, ``tuning`` or ``held_out``; all if none.
    is_check
        Return 1 if a held-out scene has more errors than the target.
    is_json
        Print JSON.

    Raises
    ------
    InputError
        There is no such scene.
    """
    groups = {"tuning": TUNING, "held_out": HELD_OUT}
    known = (*TUNING, *HELD_OUT)
    check_names(networks, (*known, *groups), "scene")
    wanted = [one for name in networks or known for one in groups.get(name, (name,))]
    results: list[Found] = []
    with Stages() as stages:
        for name in wanted:
            stages.begin("scene", name)
            results += _measured(name, TurningScene.of(name))
    missed = [
        f"{one.scene}: {one.error:.0%} of the movements missed or false, target {MOST_WRONG:.0%}"
        for one in results
        if one.scene in HELD_OUT and one.counter == "citybrain" and one.error > MOST_WRONG
    ]
    if is_json:
        print_json({"rows": [asdict(one) for one in results], "missed": missed})
    else:
        print_whole(_table(results))
        OUTPUT.print(f"peer: {_PEER}", style="dim")
        print_misses(missed)
    return 1 if is_check and missed else 0


def matches(told: Sequence[Turn], truth: Sequence[Turn]) -> int:
    """Return how many movements were told rightly, each once, the nearest in time first."""
    left, found = list(told), 0
    for turn in truth:
        near = [one for one in left if (one.entry, one.exit) == (turn.entry, turn.exit)]
        best = min(near, key=lambda one: abs(one.time_s - turn.time_s), default=None)
        if best is not None and abs(best.time_s - turn.time_s) <= NEAREST_S:
            left.remove(best)
            found += 1
    return found


def _measured(name: str, scene: TurningScene) -> Iterator[Found]:
    counters = {"citybrain": count_clip(scene.clip, scene.lines).movements, "peer": _peer(scene)}
    for counter, movements in counters.items():
        told = _turns(movements, scene.lines)
        found = matches(told, scene.truth)
        yield Found(
            scene=name,
            counter=counter,
            movements=len(scene.truth),
            found=found,
            false=len(told) - found,
        )


def _turns(movements: Movements, lines: LinesFile) -> list[Turn]:
    zones = [zone.name for zone in lines.zones]
    rows = zip(movements.time_s, movements.entry, movements.exit, strict=True)
    return [Turn(float(at_s), zones[entry], zones[leave]) for at_s, entry, leave in rows]


def _table(results: Sequence[Found]) -> Table:
    table = Table()
    for header in ("scene", "counter", "movements", "found", "false", "missed or false"):
        table.add_column(header, justify="left" if header in {"scene", "counter"} else "right")
    for one in results:
        numbers = (one.movements, one.found, one.false)
        table.add_row(one.scene, one.counter, *map(str, numbers), f"{one.error:.0%}")
    return table


_PEER = "MOG2 with OpenCV's defaults, components, citybrain's tracker of boxes, the same zones"
_RULES = TrackRules(size_noise=0.5, sightings=5)
_LEAST_AREA = 2.5e-4
_MOST_BOXES = 128


class _BlobBoxes:
    """The peer's eyes: components of what MOG2 takes for no background, as boxes."""

    def __init__(self, _info: StreamInfo, *, zoom: float) -> None:
        self._zoom = zoom
        self._street = cv2.createBackgroundSubtractorMOG2()
        self._speck, self._gap = np.ones((3, 3), np.uint8), np.ones((7, 7), np.uint8)

    def __call__(self, image: Image) -> NDArray[np.float32]:
        small = cv2.resize(image, None, fx=self._zoom, fy=self._zoom)
        mask = np.asarray(self._street.apply(small) == 255, np.uint8)
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, self._speck)
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, self._gap)
        _, _, stats, _ = cv2.connectedComponentsWithStats(closed)
        large = stats[1:][stats[1:, 4] >= _LEAST_AREA * closed.size][:_MOST_BOXES]
        boxes = np.full((_MOST_BOXES, 6), np.nan, np.float32)
        left, top, width, height = large[:, :4].T / self._zoom
        boxes[: len(large), :4] = np.column_stack([left, top, left + width, top + height])
        boxes[: len(large), 4:] = 1.0, 7
        return boxes


def _peer(scene: TurningScene) -> Movements:
    counter = MovementCounter(scene.lines.zones, sightings=_RULES.sightings)
    tracker = Tracker(_RULES)
    with open_stream(scene.clip, partial(_BlobBoxes, zoom=2 / 3)) as stream:
        for part in boxes_of(stream):
            if not isinstance(part, Gap):
                counter.add(part, tracker.add(part).track)
    counter.finish()
    return counter.take()
