"""The command ``measures``: what a controller log tells about its phases and lanes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.errors import InputError
from citybrain.files import atomic_write_bytes
from detectors.controller_log.codes import name_of
from detectors.controller_log.events import EventLog
from detectors.controller_log.queues import QueueState
from detectors.controller_log.reading import read_config, read_events
from detectors.controller_log.report import LaneMeasure, LogReport, report_log
from detectors.pulses import FeedRepairs

COLUMNS = (
    ("cycles", "cycles", True),
    ("arrivals_veh", "veh", True),
    ("arrivals_on_green", "AOG", False),
    ("platoon_ratio", "R_p", False),
    ("occupancy_on_green", "GOR", False),
    ("occupancy_on_red", "ROR5", False),
    ("split_failures", "SF", True),
    ("gap_outs", "gap", True),
    ("max_outs", "max", True),
    ("force_offs", "force", True),
    ("red_actuations", "on red", True),
    ("ped_delay_s", "ped, s", False),
)
"""Measure, its short title in the terminal, and whether it is a count."""
MOST_CODES = 12
"""Codes that the terminal shows; JSON has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    log: Path
    config: Path
    out: Path | None
    bin_s: float
    zone: str | None
    is_json: bool


def run(request: Request) -> int:
    """Run the command and return its exit code."""
    with Stages() as stages:
        stages.begin("measure", str(request.log))
        config = read_config(request.config)
        log, reading, notes = read_events(request.log, request.zone)
        report = report_log(log, config, round(request.bin_s * 1000))
        if not report.measures.is_matched:
            what = "no row of it names a controller, channel and function of the log"
            raise InputError(request.config, what, "give the configuration of these controllers")
        repairs = report.measures.repairs_after(reading)
        notes = (*notes, *report.measures.notes)
        table = report.table()
        if request.out is not None:
            atomic_write_bytes(request.out, table.to_parquet(index=False))
    if request.is_json:
        print_json(_content(log, report, table, repairs, notes))
        return 0
    headline(
        request.log,
        f": {len(log.code):,} events of {len(log.devices)} controllers, "
        f"{report.measures.by_phase.shape[0]} bins of {request.bin_s:g} s",
    )
    OUTPUT.print(f"repairs   {', '.join(repairs.lines) or 'none'}")
    for note in notes:
        OUTPUT.print(f"note      {note}")
    OUTPUT.print(f"events    {_events(log)}")
    OUTPUT.print(phase_table(report))
    for line in lane_lines(report.lanes):
        OUTPUT.print(line)
    if request.out is not None:
        OUTPUT.print(f"measures  {request.out}: {len(table):,} rows")
    return 0


def phase_table(report: LogReport) -> Table:
    """Return one row for each phase: its measures with all of the log as one bin."""
    shown = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for title in ("unit", "phase", *(title for _, title, _ in COLUMNS)):
        shown.add_column(title, justify="right", no_wrap=True)
    table = report.whole().table()
    of_phases = table[table["detector"] == 0]
    for (device, phase), rows in of_phases.groupby(["device", "phase"]):
        values = rows.set_index("measure")["value"]
        cells = [
            _number(values.get(name), digits=0 if is_count else 2) for name, _, is_count in COLUMNS
        ]
        shown.add_row(str(device), str(phase), *cells)
    return shown


def lane_lines(lanes: Sequence[LaneMeasure]) -> list[str]:
    """Return one line for each detector that tells something, and one for each reason not to."""
    lines = []
    silent: dict[str, list[str]] = {}
    for lane in lanes:
        name = f"{lane.device}:{lane.detector}"
        is_saturation = lane.saturation is not None
        reason = lane.saturation.reason if lane.saturation is not None else lane.reason
        if reason:
            what = "saturation flow" if is_saturation else "queues"
            silent.setdefault(f"{what} unknown, {reason}", []).append(name)
        else:
            told = f"saturation flow {_saturation(lane)}" if is_saturation else _queues(lane)
            lines.append(f"{name:<9} phase {lane.phase}, {lane.function}: {told}")
    lines += [f"{reason}: {', '.join(names)}" for reason, names in silent.items()]
    return lines


def _saturation(lane: LaneMeasure) -> str:
    found = lane.saturation
    if found is None:
        return "–"
    if found.reason:
        return f"unknown: {found.reason}"
    interval = f"{found.low_vph:.0f}-{found.high_vph:.0f}"
    return f"{found.flow_vph:.0f} veh/h ({interval}, {found.cycles} cycles)"


def _queues(lane: LaneMeasure) -> str:
    if lane.queues is None:
        return f"unknown: {lane.reason}" if lane.reason else "–"
    state, length_m = lane.queues.state, lane.queues.length_m
    known = state == QueueState.KNOWN
    counts = [int(np.sum(state == kind)) for kind in QueueState]
    told = ""
    if known.any():
        mean_m, longest_m = length_m[known].mean(), length_m[known].max()
        told = f"queue mean {mean_m:.0f}, longest {longest_m:.0f} m; "
    return (
        f"{told}cycles: {counts[0]} known, {counts[1]} not reaching the detector, "
        f"{counts[2]} longer than can be told, {counts[3]} unclear"
    )


def _events(log: EventLog) -> str:
    codes, counts = np.unique(log.code, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:MOST_CODES]
    told = ", ".join(f"{name_of(int(codes[at]))} {counts[at]:,}" for at in most)
    return told + (" ..." if len(codes) > MOST_CODES else "")


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:,.{digits}f}"


def _content(
    log: EventLog,
    report: LogReport,
    table: pd.DataFrame,
    repairs: FeedRepairs,
    notes: Sequence[str],
) -> dict[str, object]:
    codes, counts = np.unique(log.code, return_counts=True)
    rows = table.assign(bin_start=table["bin_start"].map(lambda at: at.isoformat()))
    return {
        "events": {name_of(int(code)): int(n) for code, n in zip(codes, counts, strict=True)},
        "lanes": [
            {
                "device": lane.device,
                "phase": lane.phase,
                "detector": lane.detector,
                "function": lane.function,
                "saturation": _saturation(lane),
                "queues": _queues(lane),
            }
            for lane in report.lanes
        ],
        "measures": rows.to_dict("records"),
        "notes": list(notes),
        "repairs": asdict(repairs),
    }
