"""The command ``count``."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.count_request import Request
from citybrain.cli.health import health_content, health_lines
from citybrain.cli.lane_table import lane_table
from citybrain.config import SafetyLimits
from citybrain.engine.area import open_network
from citybrain.errors import InputError
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.feed import CountedFeed, FeedClock, count_feed
from detectors.inventory import check_lanes, read_inventory


def run(request: Request) -> int:
    """Run the command and return its exit code.

    Raises
    ------
    InputError
        The feed cannot be read, or neither an inventory nor a camera file says where it lies.
    """
    if request.camera is not None:
        from citybrain.cli import camera_counting  # noqa: PLC0415 - loads OpenCV

        return camera_counting.run(request, request.camera)
    if request.preview is not None:
        mend = "leave --preview out, or count a clip with --camera CAMERA.toml"
        what = "a preview shows the band of a camera file, and none is given"
        raise InputError(request.preview, what, mend)
    if request.lines is not None:
        from citybrain.cli import box_counting  # noqa: PLC0415 - loads the tracker

        return box_counting.run(request, request.lines)
    if request.detectors is None:
        mend = (
            "give --detectors INVENTORY.toml, --camera CAMERA.toml for a clip, "
            "or --lines LINES.toml for boxes"
        )
        raise InputError(request.feed, "nothing says which lanes it speaks of", mend)
    return _run_detectors(request, request.detectors)


def _run_detectors(request: Request, inventory: Path) -> int:
    with Stages() as stages:
        stages.begin("count", request.feed)
        detectors = read_inventory(inventory)
        if request.network is not None:
            network, _ = open_network(request.network, SafetyLimits())
            check_lanes(detectors, network, inventory)
        clock = FeedClock(start=request.start, assume_zone=request.zone)
        counted = count_feed(Path(request.feed), detectors, bin_s=request.bin_s, clock=clock)
        write_flows(counted.flows, request.out)
    if request.is_json:
        print_json(_content(request, counted))
    else:
        _print(request, counted)
    return 0


def _content(request: Request, counted: CountedFeed) -> dict[str, object]:
    flows = counted.flows
    return {
        "bins": flows.bin_count,
        "caveats": list(counted.caveats),
        "file": str(request.out),
        "health": health_content(counted.health, counted.start),
        "imputed_bins": _filled(flows),
        "lanes": len(flows.lanes),
        "repairs": asdict(counted.repairs),
        "start": flows.start.isoformat(),
        "vehicles": float(np.sum(np.asarray(flows.count_veh))),
    }


def _print(request: Request, counted: CountedFeed) -> None:
    flows = counted.flows
    headline(
        request.feed,
        f": {np.sum(np.asarray(flows.count_veh)):.0f} vehicles on "
        f"{len(flows.lanes)} lanes, {flows.bin_count} bins of {flows.bin_s:g} s from "
        f"{flows.start:%Y-%m-%d %H:%M:%S} UTC",
    )
    mended = {name: number for name, number in asdict(counted.repairs).items() if number}
    rows, _ = mended.pop("rows", 0), mended.pop("used_rows", 0)
    told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in mended.items())
    OUTPUT.print(f"read      {rows} rows, repairs: {told or 'none'}")
    for caveat in counted.caveats:
        OUTPUT.print(f"caveat    {caveat}")
    for line in health_lines(counted.health, counted.start):
        OUTPUT.print(f"health    {line}")
    if filled := _filled(flows):
        OUTPUT.print(f"imputed   {filled} bins, from neighbours and history")
    OUTPUT.print(lane_table(flows))
    OUTPUT.print(f"flows     {request.out}")


def _filled(flows: FlowSnapshot) -> int:
    return 0 if flows.imputed is None else int(np.sum(np.asarray(flows.imputed)))
