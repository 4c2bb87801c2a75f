"""The command ``count`` for a clip or a stream of a camera."""

from collections import Counter
from pathlib import Path

import numpy as np

from citybrain.cli.clip_bins import ClipTime, bins_told, clip_flows
from citybrain.cli.clip_report import ClipReport, tell
from citybrain.cli.console import Stages
from citybrain.cli.count_request import Request
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.camera.counting import CameraCount, count_stream, lane_detectors
from detectors.camera.model.settings import has_model, read_model
from detectors.camera.preview import marks_of, write_preview
from detectors.camera.settings import CameraSettings, read_camera


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
        pulses, lanes = counted.pulses(settings, request.start), lane_detectors(settings)
        flows = clip_flows(request, pulses, lanes, _clip(counted))
        write_flows(flows, request.out)
        if request.preview is not None:
            stages.begin("preview", str(request.preview))
            write_preview(request.preview, request.feed, settings, marks_of(counted))
    tell(request, _report(request, settings, counted, flows), flows)
    return 0


def _clip(counted: CameraCount) -> ClipTime:
    return ClipTime(end_s=counted.end_s, is_live=counted.info.is_live)


def _report(
    request: Request, settings: CameraSettings, counted: CameraCount, flows: FlowSnapshot
) -> ClipReport:
    info = counted.info
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
        bins=bins_told(request, flows, _clip(counted)),
    )


def _classes(counted: CameraCount) -> dict[str, int]:
    known = (one.length_class for one in counted.passages)
    return dict(sorted(Counter(name.value for name in known if name is not None).items()))
