"""The command ``count`` for a camera with a detector of the user's own."""

import numpy as np

from citybrain.cli.clip_bins import ClipTime, bins_told, clip_flows
from citybrain.cli.clip_report import ClipReport, tell
from citybrain.cli.console import Stages
from citybrain.cli.count_request import Request
from citybrain.errors import InfeasibleError, InputError
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.camera.counting import lane_detectors
from detectors.camera.model import ModelPlan
from detectors.camera.model.crossings import ModelCount, count_model
from detectors.camera.preview import Mark, write_preview
from detectors.camera.settings import CameraSettings


def run(request: Request, settings: CameraSettings, plan: ModelPlan) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    request
        Options of the command.
    settings
        Camera file.
    plan
        Its ``[model]`` table.

    Raises
    ------
    InputError
        The source holds no frame to count.
    """
    with Stages() as stages:
        stages.begin("count", request.feed)
        counted = count_model(request.feed, plan, settings, start=request.start)
        try:
            lanes = lane_detectors(settings)
            flows = clip_flows(request, counted.pulses, lanes, _clip(counted))
        except InfeasibleError as error:
            mend = "check the clip and the length of the bins"
            raise InputError(request.feed, str(error), mend) from None
        write_flows(flows, request.out)
        if request.preview is not None:
            stages.begin("preview", str(request.preview))
            write_preview(request.preview, request.feed, settings, _marks(counted))
    tell(request, _report(request, settings, counted, flows), flows)
    return 0


def _clip(counted: ModelCount) -> ClipTime:
    return ClipTime(end_s=counted.end_s, is_live=counted.info.is_live)


def _marks(counted: ModelCount) -> list[Mark]:
    pulses = counted.pulses
    columns = (pulses.detector.tolist(), pulses.on_s.tolist(), pulses.off_s.tolist())
    return [
        Mark(lane=lane, on_s=on_s, off_s=off_s) for lane, on_s, off_s in zip(*columns, strict=True)
    ]


def _report(
    request: Request, settings: CameraSettings, counted: ModelCount, flows: FlowSnapshot
) -> ClipReport:
    lanes = np.bincount(counted.pulses.detector, minlength=len(settings.lane)).tolist()
    return ClipReport(
        camera=settings.camera,
        vehicles=len(counted.pulses),
        lanes=dict(zip(counted.pulses.names, lanes, strict=True)),
        kinds=counted.classes,
        kinds_are="class",
        against=counted.against,
        gaps=counted.gaps,
        notes=counted.pulses.notes,
        duration_s=counted.end_s,
        found_by=", by a detector of your own",
        bins=bins_told(request, flows, _clip(counted)),
    )
