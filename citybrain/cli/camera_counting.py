"""The command ``count`` for a clip or a stream of a camera."""

from collections import Counter
from datetime import timedelta
from math import ceil
from pathlib import Path

import numpy as np

from citybrain.cli.clip_report import ClipReport, tell
from citybrain.cli.console import Stages
from citybrain.cli.counting import USUAL_BIN_S, Request
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.camera.counting import CameraCount, count_stream, lane_detectors
from detectors.camera.model.settings import has_model, read_model
from detectors.camera.preview import marks_of, write_preview
from detectors.camera.settings import CameraSettings, read_camera
from detectors.counting import count_pulses
from detectors.pulses import SIMULATION_START

MINUTE_S = 60.0
SLACK_S = 0.05
"""A clip that is longer than whole seconds by less than this needs no further second. [s]"""


def run(request: Request, camera: Path) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    request
        Options of the command.
    camera
        Camera file.
    """
    settings = read_camera(camera)
    if has_model(camera):
        from citybrain.cli import model_counting  # noqa: PLC0415 - loads the tracker

        return model_counting.run(request, settings, read_model(camera))
    with Stages() as stages:
        stages.begin("count", request.feed)
        counted = count_stream(request.feed, settings)
        flows = _flows(request, settings, counted)
        write_flows(flows, request.out)
        if request.preview is not None:
            stages.begin("preview", str(request.preview))
            write_preview(request.preview, request.feed, settings, marks_of(counted))
    tell(request, _report(request, settings, counted, flows), flows)
    return 0


def bin_for_s(clip_s: float) -> float:
    """Return the length of bins for a clip where none is asked for. [s].

    Parameters
    ----------
    clip_s
        Length of the clip. [s]

    Returns
    -------
    float
        The usual bin where the clip fills one, else a minute, else the whole clip as one bin, so
        that what was seen is not a small part of what a bin would hold. [s]
    """
    fitting_s = [bin_s for bin_s in (USUAL_BIN_S, MINUTE_S) if bin_s <= clip_s]
    return fitting_s[0] if fitting_s else max(float(ceil(clip_s - SLACK_S)), 1.0)


def _flows(request: Request, settings: CameraSettings, counted: CameraCount) -> FlowSnapshot:
    """Count per bin; bins that nobody asked for begin with the clip."""
    pulses = counted.pulses(settings, request.start)
    detectors = lane_detectors(settings)
    if request.is_bin_given or counted.info.is_live:
        return count_pulses(pulses, detectors, bin_s=request.bin_s)
    begin = request.start or SIMULATION_START
    recorded = (begin, begin + timedelta(seconds=counted.end_s))
    return count_pulses(pulses, detectors, bin_s=bin_for_s(counted.end_s), recorded=recorded)


def _report(
    request: Request, settings: CameraSettings, counted: CameraCount, flows: FlowSnapshot
) -> ClipReport:
    info = counted.info
    chosen = "" if request.is_bin_given else ", by the length of the clip; --bin sets it"
    bins = "1 bin" if flows.bin_count == 1 else f"{flows.bin_count} bins"
    return ClipReport(
        camera=settings.camera,
        vehicles=float(np.sum(np.asarray(flows.count_veh))),
        lanes={
            lane.name: sum(one.lane == at and not one.is_against for one in counted.passages)
            for at, lane in enumerate(settings.lane)
        },
        kinds=_classes(counted),
        kinds_are="length",
        against=sum(one.is_against for one in counted.passages),
        gaps=counted.gaps,
        notes=counted.notes,
        duration_s=counted.end_s,
        found_by=f" ({info.width_px} x {info.height_px}, {info.rate_hps:.1f} frames a second)",
        bins=f"{bins} of {flows.bin_s:g} s{chosen}",
    )


def _classes(counted: CameraCount) -> dict[str, int]:
    known = (one.length_class for one in counted.passages)
    return dict(sorted(Counter(name.value for name in known if name is not None).items()))
