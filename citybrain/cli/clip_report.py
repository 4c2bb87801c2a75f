"""What the command ``count`` tells of a camera's clip, however its vehicles were found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from citybrain.cli.console import OUTPUT, headline, print_json
from citybrain.cli.count_request import Request
from citybrain.cli.lane_table import lane_table
from citybrain.model.flows import FlowSnapshot
from detectors.camera.sources import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReport:
    """What was found in a clip.

    Parameters
    ----------
    camera
        Name of the camera.
    vehicles
        Those that are counted. [veh]
    lanes
        Lane → those of them on it. [veh]
    kinds
        Kind of vehicle → how many. [veh]
    kinds_are
        What tells the kinds apart, in a word.
    against
        Vehicles that went against their lane, and are not counted. [veh]
    gaps
        Times that were not counted.
    notes
        What must be known, one line each.
    duration_s
        Length of the clip. [s]
    found_by
        What the headline says of the clip beside vehicles, lanes and length.
    bins
        What is said of the bins.
    """

    camera: str
    vehicles: float
    lanes: Mapping[str, int]
    kinds: Mapping[str, int]
    kinds_are: str
    against: int
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]
    duration_s: float
    found_by: str
    bins: str


def tell(request: Request, report: ClipReport, flows: FlowSnapshot) -> None:
    """Print what was found, for people or for programs."""
    if request.is_json:
        print_json(_content(request, report, flows))
    else:
        _print(request, report, flows)


def _content(request: Request, report: ClipReport, flows: FlowSnapshot) -> dict[str, object]:
    return {
        "against": report.against,
        "bin_s": flows.bin_s,
        "bins": flows.bin_count,
        "camera": report.camera,
        "classes": dict(report.kinds),
        "file": str(request.out),
        "gaps": [asdict(gap) for gap in report.gaps],
        "lanes": dict(report.lanes),
        "notes": list(report.notes),
        "seconds": report.duration_s,
        "start": flows.start.isoformat(),
        "vehicles": report.vehicles,
    }


def _print(request: Request, report: ClipReport, flows: FlowSnapshot) -> None:
    headline(
        request.feed,
        f": {report.vehicles:.0f} vehicles on {len(flows.lanes)} lanes "
        f"in {report.duration_s:.0f} s{report.found_by}",
    )
    OUTPUT.print(f"bins      {report.bins}")
    if report.against:
        OUTPUT.print(
            f"caveat    {report.against} vehicles went against their lane and are not counted"
        )
    for note in report.notes:
        OUTPUT.print(f"caveat    {note}")
    for name, count in report.kinds.items():
        OUTPUT.print(f"{report.kinds_are:<9} {name}: {count}")
    OUTPUT.print(lane_table(flows))
    OUTPUT.print(f"flows     {request.out}")
    if request.preview is not None:
        OUTPUT.print(f"preview   {request.preview}")
