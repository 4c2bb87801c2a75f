"""The command ``count``."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.table import Table

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.health import health_content, health_lines
from citybrain.config import SafetyLimits
from citybrain.engine.area import open_network
from citybrain.errors import InputError
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.feed import CountedFeed, FeedClock, count_feed
from detectors.inventory import check_lanes, read_inventory

USUAL_BIN_S = 300.0
"""Length of a bin where none is asked for. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    feed: str
    detectors: Path | None
    camera: Path | None
    preview: Path | None
    out: Path
    bin_s: float
    start: datetime | None
    zone: str | None
    network: Path | None
    is_json: bool
    lines: Path | None = None
    is_bin_given: bool = True


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


def in_utc(start: datetime | None) -> datetime | None:
    """Return an instant in UTC, which it is in unless it carries an offset."""
    if start is None:
        return None
    return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)


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


def lane_table(flows: FlowSnapshot) -> Table:
    """Return a table of the mean flow of every lane."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("lane")
    for title in ("veh/h", "95 %", "occupancy", "speed, m/s", "coverage", "imputed", "quality"):
        table.add_column(title, justify="right")
    coverage, occupancy = np.asarray(flows.coverage), np.asarray(flows.occupancy)
    hours = np.maximum(coverage.sum(axis=0) * flows.bin_s / 3600.0, 1e-9)
    grids = (flows.count_veh, flows.low_veh, flows.high_veh)
    sums = [np.asarray(grid).sum(axis=0) / hours for grid in grids]
    counts = np.asarray(flows.count_veh)
    speeds = np.asarray(flows.speed_mps)
    imputed = np.zeros(counts.shape) if flows.imputed is None else np.asarray(flows.imputed)
    for column, lane in enumerate(flows.lanes):
        known = np.isfinite(speeds[:, column]) & (counts[:, column] > 0)
        speed = (
            f"{np.average(speeds[known, column], weights=counts[known, column]):.1f}"
            if known.any()
            else "-"
        )
        table.add_row(
            lane,
            f"{sums[0][column]:.0f}",
            f"{sums[1][column]:.0f}-{sums[2][column]:.0f}",
            f"{occupancy[:, column].mean():.2f}",
            speed,
            f"{coverage[:, column].mean():.0%}",
            f"{imputed[:, column].mean():.0%}",
            flows.quality[column].value,
        )
    return table
