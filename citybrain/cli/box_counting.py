"""The command ``count`` on lines and between zones: an edge box's boxes, or a clip's."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.count_request import Request
from citybrain.cli.lane_table import lane_table
from citybrain.errors import InfeasibleError, InputError
from citybrain.files import atomic_write_text
from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import write_flows
from detectors.counting import count_pulses
from detectors.tables import GZIP_MAGIC
from detectors.tracking.crossing.pulses import line_detectors
from detectors.tracking.edge_count import BoxCount, count_edge_boxes
from detectors.tracking.lines_file import LinesFile, read_lines
from detectors.tracking.turning_counts import turning_counts

_HEAD = 512


def run(request: Request, lines_path: Path) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    request
        Options of the command.
    lines_path
        Lines file.

    Raises
    ------
    InputError
        The feed or the lines file cannot be used.
    """
    lines = read_lines(lines_path)
    with Stages() as stages:
        stages.begin("count", request.feed)
        counted = _counted(request, lines_path, lines)
        try:
            flows = _flows(request, lines, counted)
            turns = _turns(request, lines, counted)
        except InfeasibleError as error:
            mend = "check the times of the feed and the length of the bins"
            raise InputError(request.feed, str(error), mend) from None
    if request.is_json:
        print_json(_content(request, counted, flows, turns))
    else:
        _print(request, counted, flows, turns)
    return 0


def is_clip(feed: str) -> bool:
    """Tell whether a feed is a camera's: a URL, a folder, or a file that is neither text nor gzip.

    Parameters
    ----------
    feed
        Path or URL.
    """
    path = Path(feed)
    if "://" in feed or path.is_dir():
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return b"\x00" in head and not head.startswith((GZIP_MAGIC, b"{"))


def _counted(request: Request, lines_path: Path, lines: LinesFile) -> BoxCount:
    if not is_clip(request.feed):
        path = Path(request.feed)
        return count_edge_boxes(path, lines, start=request.start, assume_zone=request.zone)
    from citybrain.cli import clip_boxes  # noqa: PLC0415 - loads OpenCV

    return clip_boxes.count(request, lines_path, lines)


def movements_path(out: Path) -> Path:
    """Return where turning counts are written, beside the flows."""
    return out.with_name(f"{out.stem}.movements.csv")


def _flows(request: Request, lines: LinesFile, counted: BoxCount) -> FlowSnapshot | None:
    if not lines.line:
        return None
    lanes = [line.lane for line in lines.line]
    flows = count_pulses(counted.pulses, line_detectors(lanes), bin_s=request.bin_s)
    write_flows(flows, request.out)
    return flows


def _turns(request: Request, lines: LinesFile, counted: BoxCount) -> pd.DataFrame | None:
    if not lines.zone:
        return None
    turns = turning_counts(
        counted.movements, counted.pulses, lines, counted.kinds, bin_s=request.bin_s
    )
    atomic_write_text(movements_path(request.out), turns.to_csv(index=False))
    return turns


def _caveats(counted: BoxCount) -> list[str]:
    caveats = list(counted.pulses.notes)
    if counted.pulses.start is None:
        caveats.append("the feed does not say when its clock started; bins count from 1970-01-01")
    if counted.is_followed:
        caveats.append("the tracks are citybrain's own")
    if counted.against:
        caveats.append(f"{counted.against} vehicles went against their lane and are not counted")
    halves = counted.movements.entered_only + counted.movements.left_only
    if halves:
        caveats.append(
            f"{halves} vehicles made no whole movement: {counted.movements.entered_only} were seen "
            f"in an entry zone only, {counted.movements.left_only} in an exit zone only"
        )
    return caveats


def _content(
    request: Request,
    counted: BoxCount,
    flows: FlowSnapshot | None,
    turns: pd.DataFrame | None,
) -> dict[str, object]:
    content: dict[str, object] = {
        "against": counted.against,
        "caveats": _caveats(counted),
        "classes": counted.classes,
        "repairs": asdict(counted.pulses.repairs),
        "vehicles": len(counted.pulses),
    }
    if flows is not None:
        content |= {
            "bins": flows.bin_count,
            "file": str(request.out),
            "lanes": dict(zip(flows.lanes, _lane_counts(flows), strict=True)),
            "start": flows.start.isoformat(),
        }
    if turns is not None:
        content |= {
            "movements": [
                {"from": entry, "to": leave, "movement": name, "vehicles": count}
                for entry, leave, name, count in _sums(turns)
            ],
            "movements_file": str(movements_path(request.out)),
        }
    return content


def _print(
    request: Request,
    counted: BoxCount,
    flows: FlowSnapshot | None,
    turns: pd.DataFrame | None,
) -> None:
    repairs = counted.pulses.repairs
    headline(
        request.feed,
        f": {len(counted.pulses)} vehicles on "
        f"{len(counted.pulses.names)} lanes, {len(counted.movements)} movements",
    )
    OUTPUT.print(
        f"read      {repairs.rows} rows, {repairs.used_rows} used; "
        f"{', '.join(repairs.lines) or 'nothing to mend'}",
    )
    for caveat in _caveats(counted):
        OUTPUT.print(f"caveat    {caveat}")
    for name, count in counted.classes.items():
        OUTPUT.print(f"class     {name}: {count}")
    if flows is not None:
        OUTPUT.print(lane_table(flows))
        OUTPUT.print(f"flows     {request.out}")
    if turns is not None:
        OUTPUT.print(_turning_table(turns))
        OUTPUT.print(f"movements {movements_path(request.out)}")


def _lane_counts(flows: FlowSnapshot) -> list[int]:
    return [int(count) for count in np.asarray(flows.count_veh).sum(axis=0)]


def _sums(turns: pd.DataFrame) -> list[tuple[str, str, str, int]]:
    sums = turns.groupby(["from", "to", "movement"], as_index=False)["count_veh"].sum()
    columns = (sums[name].tolist() for name in ("from", "to", "movement", "count_veh"))
    return list(zip(*columns, strict=True))


def _turning_table(turns: pd.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("from", "to", "movement"):
        table.add_column(title)
    table.add_column("vehicles", justify="right")
    for entry, leave, name, count in _sums(turns):
        table.add_row(entry, leave, name, f"{count}")
    return table
