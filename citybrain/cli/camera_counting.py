"""The command ``count`` for a clip or a stream of a camera."""

from collections import Counter
from pathlib import Path

import numpy as np

from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.cli.counting import Request, lane_table
from citybrain.errors import InputError
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.counting import count_pulses

try:
    from detectors.camera.counting import CameraCount, count_stream, lane_detectors
    from detectors.camera.preview import SlitKeeper, write_preview
except ModuleNotFoundError as error:
    if error.name != "cv2":
        raise
    mend = "install citybrain with its extra: citybrain[camera]"
    raise InputError(__name__, "OpenCV is not installed", mend) from None
from detectors.camera.band import geometry_of
from detectors.camera.model.settings import has_model, read_model
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
        slit = SlitKeeper(geometry_of(settings))
        counted = count_stream(request.feed, settings, look=slit)
        pulses = counted.pulses(settings, request.start)
        flows = count_pulses(pulses, lane_detectors(settings), bin_s=request.bin_s)
        write_flows(flows, request.out)
        if request.preview is not None:
            stages.begin("preview", str(request.preview))
            write_preview(request.preview, request.feed, settings, counted, slit)
    if request.is_json:
        print_json(_content(request, settings, counted, flows))
    else:
        _print(request, counted, flows)
    return 0


def _content(
    request: Request, settings: CameraSettings, counted: CameraCount, flows: FlowSnapshot
) -> dict[str, object]:
    names = [lane.name for lane in settings.lane]
    return {
        "against": sum(one.is_against for one in counted.passages),
        "bins": flows.bin_count,
        "camera": settings.camera,
        "classes": _classes(counted),
        "file": str(request.out),
        "gaps": [
            {"begin_s": gap.begin_s, "end_s": gap.end_s, "reason": gap.reason}
            for gap in counted.gaps
        ],
        "lanes": {
            name: sum(one.lane == at and not one.is_against for one in counted.passages)
            for at, name in enumerate(names)
        },
        "notes": list(counted.notes),
        "seconds": counted.end_s,
        "start": flows.start.isoformat(),
        "vehicles": float(np.sum(np.asarray(flows.count_veh))),
    }


def _classes(counted: CameraCount) -> dict[str, int]:
    known = (one.length_class for one in counted.passages)
    return dict(sorted(Counter(name.value for name in known if name is not None).items()))


def _print(request: Request, counted: CameraCount, flows: FlowSnapshot) -> None:
    info = counted.info
    OUTPUT.print(
        f"[bold]{request.feed}[/bold]: {np.sum(np.asarray(flows.count_veh)):.0f} vehicles on "
        f"{len(flows.lanes)} lanes in {counted.end_s:.0f} s "
        f"({info.width_px} x {info.height_px}, {info.rate_hps:.1f} frames a second)"
    )
    against = sum(one.is_against for one in counted.passages)
    if against:
        OUTPUT.print(f"caveat    {against} vehicles went against their lane and are not counted")
    for note in counted.notes:
        OUTPUT.print(f"caveat    {note}")
    for name, count in _classes(counted).items():
        OUTPUT.print(f"length    {name}: {count}")
    OUTPUT.print(lane_table(flows))
    OUTPUT.print(f"flows     {request.out}", soft_wrap=True)
    if request.preview is not None:
        OUTPUT.print(f"preview   {request.preview}", soft_wrap=True)
