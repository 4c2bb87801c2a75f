"""The command ``health``: when each detector of a feed could be believed, and why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.table import Table
from rich.text import Text

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.errors import InputError
from citybrain.files import atomic_write_bytes
from citybrain.model.flows import Detector, Quality
from citybrain.report.health_timeline import HealthBar, HealthRow, health_page, health_svg
from detectors.feed import FeedClock, open_feed
from detectors.health.timeline import HealthSpan, health_of
from detectors.inventory import read_inventory
from detectors.pulses import SIMULATION_START, Pulses

PICTURES = {".svg": health_svg, ".html": health_page}
STYLES = {Quality.BELIEVED: "green", Quality.DOUBTED: "yellow", Quality.DEAD: "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    feed: Path
    detectors: Path
    out: Path | None
    start: datetime | None
    zone: str | None
    is_json: bool


def run(request: Request) -> int:
    """Run the command; 0 if every detector is believed throughout, else 1.

    Raises
    ------
    InputError
        The feed cannot be read, holds no pulses, or the picture has another ending.
    """
    if request.out is not None and request.out.suffix not in PICTURES:
        mend = f"name it {request.out.stem}.svg or {request.out.stem}.html"
        raise InputError(request.out, "is no picture that can be drawn", mend)
    with Stages() as stages:
        stages.begin("health", str(request.feed))
        detectors = read_inventory(request.detectors)
        clock = FeedClock(start=request.start, assume_zone=request.zone)
        pulses = open_feed(request.feed, detectors, clock=clock)
        if not isinstance(pulses, Pulses):
            what = "holds flows, which do not tell the health of a detector"
            raise InputError(request.feed, what, "give pulses or a controller log")
        spans = [*health_of(pulses), *_unheard(pulses, detectors)]
        start = pulses.start or SIMULATION_START
        if request.out is not None:
            first_s = min((span.begin_s for span in spans), default=0.0)
            begin = start + timedelta(seconds=first_s)
            rows = _rows(spans, first_s)
            picture = PICTURES[request.out.suffix](rows, begin, request.feed.name)
            atomic_write_bytes(request.out, picture.encode())
    if request.is_json:
        print_json({"detectors": health_content(spans, start), "file": _text(request.out)})
    else:
        _print(request, spans, start)
    return 1 if any(span.rule for span in spans) else 0


def health_lines(spans: Sequence[HealthSpan], start: datetime) -> list[str]:
    """Return one line for each detector that was not believed, with its reasons and times.

    Parameters
    ----------
    spans
        Health of a feed's detectors.
    start
        Second 0 of the feed in UTC.
    """
    told: dict[str, dict[str, list[str]]] = {}
    for span in spans:
        if span.rule is not None:
            why = f"{span.answer.value}: {span.reason}"
            told.setdefault(span.detector, {}).setdefault(why, []).append(_when(span, start))
    return [f"{name} {_reasons(reasons)}" for name, reasons in told.items()]


def _reasons(reasons: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{why}, {' and '.join(when)}" for why, when in reasons.items())


def health_content(spans: Sequence[HealthSpan], start: datetime) -> list[dict[str, object]]:
    """Return the same for programs, with the figures."""
    return [
        {
            "answer": span.answer.value,
            "begin": (start + timedelta(seconds=span.begin_s)).isoformat(),
            "detector": span.detector,
            "end": (start + timedelta(seconds=span.end_s)).isoformat(),
            "figure": span.figure,
            "limit": span.limit,
            "reason": span.reason,
        }
        for span in spans
        if span.rule is not None
    ]


def _unheard(pulses: Pulses, detectors: Sequence[Detector]) -> list[HealthSpan]:
    """Return what is said of detectors of the inventory that the feed does not know."""
    if not pulses.spans_s.size:
        return []
    ends_s = float(pulses.spans_s[0, 0]), float(pulses.spans_s[-1, 1])
    return [
        HealthSpan(
            detector=detector.name,
            begin_s=ends_s[0],
            end_s=ends_s[1],
            answer=Quality.DOUBTED,
            rule="never heard",
        )
        for detector in detectors
        if detector.name not in pulses.names
    ]


def _rows(spans: Sequence[HealthSpan], first_s: float) -> list[HealthRow]:
    bars: dict[str, list[HealthBar]] = {}
    for span in spans:
        bar = HealthBar(
            begin_s=span.begin_s - first_s,
            end_s=span.end_s - first_s,
            answer=span.answer,
            reason=span.reason,
        )
        bars.setdefault(span.detector, []).append(bar)
    return [HealthRow(name=name, bars=tuple(bars[name])) for name in sorted(bars, key=_order)]


def _order(name: str) -> list[tuple[int, str]]:
    """Sort ``227:10`` behind ``227:9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(":")]


def _print(request: Request, spans: Sequence[HealthSpan], start: datetime) -> None:
    names = sorted({span.detector for span in spans}, key=_order)
    ill = [name for name in names if any(s.rule for s in spans if s.detector == name)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("detector", "answer", "reason", "when (UTC)"):
        table.add_column(title, no_wrap=True)
    for name in ill:
        for span in (s for s in spans if s.detector == name and s.rule):
            answer = Text(span.answer.value, style=STYLES[span.answer])
            table.add_row(name, answer, span.reason, _when(span, start))
    headline(request.feed, f": {len(names)} detectors, {len(names) - len(ill)} believed throughout")
    if ill:
        OUTPUT.print(table)
    if request.out is not None:
        OUTPUT.print(f"picture   {request.out}")


def _when(span: HealthSpan, start: datetime) -> str:
    minutes = [timedelta(minutes=round(at / 60)) for at in (span.begin_s, span.end_s)]
    begin, end = (start + minute for minute in minutes)
    shape = "%H:%M" if begin.date() == end.date() else "%d %b %H:%M"
    return f"{begin:%d %b %H:%M} to {end.strftime(shape)}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
