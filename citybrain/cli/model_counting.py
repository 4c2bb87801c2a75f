"""The command ``count`` for a camera with a detector of the user's own."""

import numpy as np

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.counting import Request, lane_table
from citybrain.errors import InfeasibleError, InputError
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.camera.counting import lane_detectors
from detectors.camera.model import ModelPlan
from detectors.camera.model.crossings import ModelCount, count_model
from detectors.camera.preview import Mark, write_preview
from detectors.camera.settings import CameraSettings
from detectors.counting import count_pulses


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
            flows = count_pulses(counted.pulses, lane_detectors(settings), bin_s=request.bin_s)
        except InfeasibleError as error:
            mend = "check the clip and the length of the bins"
            raise InputError(request.feed, str(error), mend) from None
        write_flows(flows, request.out)
        if request.preview is not None:
            stages.begin("preview", str(request.preview))
            write_preview(request.preview, request.feed, settings, _marks(counted))
    if request.is_json:
        print_json(_content(request, settings, counted, flows))
    else:
        _print(request, counted, flows)
    return 0


def _marks(counted: ModelCount) -> list[Mark]:
    pulses = counted.pulses
    columns = (pulses.detector.tolist(), pulses.on_s.tolist(), pulses.off_s.tolist())
    return [
        Mark(lane=lane, on_s=on_s, off_s=off_s) for lane, on_s, off_s in zip(*columns, strict=True)
    ]


def _content(
    request: Request, settings: CameraSettings, counted: ModelCount, flows: FlowSnapshot
) -> dict[str, object]:
    lanes = np.bincount(counted.pulses.detector, minlength=len(settings.lane)).tolist()
    return {
        "against": counted.against,
        "bins": flows.bin_count,
        "camera": settings.camera,
        "classes": counted.classes,
        "file": str(request.out),
        "gaps": [
            {"begin_s": gap.begin_s, "end_s": gap.end_s, "reason": gap.reason}
            for gap in counted.gaps
        ],
        "lanes": dict(zip(counted.pulses.names, lanes, strict=True)),
        "notes": list(counted.pulses.notes),
        "seconds": counted.end_s,
        "start": flows.start.isoformat(),
        "vehicles": len(counted.pulses),
    }


def _print(request: Request, counted: ModelCount, flows: FlowSnapshot) -> None:
    headline(
        request.feed,
        f": {len(counted.pulses)} vehicles on "
        f"{len(flows.lanes)} lanes in {counted.end_s:.0f} s, by a detector of your own",
    )
    if counted.against:
        OUTPUT.print(
            f"caveat    {counted.against} vehicles went against their lane and are not counted"
        )
    for note in counted.pulses.notes:
        OUTPUT.print(f"caveat    {note}")
    for name, count in counted.classes.items():
        OUTPUT.print(f"class     {name}: {count}")
    OUTPUT.print(lane_table(flows))
    OUTPUT.print(f"flows     {request.out}")
    if request.preview is not None:
        OUTPUT.print(f"preview   {request.preview}")
