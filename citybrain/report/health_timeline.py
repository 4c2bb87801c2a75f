"""Picture of when each detector could be believed, as SVG of its own or on a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from citybrain.model.flows import Quality
from citybrain.report import svg
from citybrain.report.markup import Markup, tag

WIDTH, LEFT, RIGHT, TOP = 1120.0, 130.0, 330.0, 86.0
ROW, BAR, GAP, FOOT = 16.0, 11.0, 10.0, 26.0
STEPS_S = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
MOST_TICKS = 9
TICK_BEYOND = 0.01
"""A feed that ends this share of a step before a tick has that tick at its end [0-1]."""
LONGEST_NAME, LONGEST_NOTE = 18, 52
STYLE = """
text {
  font: 11px system-ui, "Segoe UI", Roboto, Arial, "Liberation Sans", sans-serif; fill: #1c2430;
}
.paper { fill: #ffffff; }
.title { font-size: 17px; font-weight: 650; }
.soft { fill: #5b6675; }
.grid { stroke: #dfe4ea; stroke-width: 1; }
.believed { fill: #c3dccb; } .doubted { fill: #f0b400; } .dead { fill: #b3261e; }
.ill { font-weight: 650; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthBar:
    """Stretch of time with one answer.

    Parameters
    ----------
    begin_s, end_s
        Since the begin of the picture. [s]
    answer
        How far the detector could be believed.
    reason
        Why not; empty where it was.
    """

    begin_s: float
    end_s: float
    answer: Quality
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRow:
    """One detector.

    Parameters
    ----------
    name
        Detector; what stands before a colon is its controller.
    bars
        In order of time.
    """

    name: str
    bars: tuple[HealthBar, ...]

    @property
    def is_ill(self) -> bool:
        """Whether anything was wrong at any time."""
        return any(bar.answer is not Quality.BELIEVED for bar in self.bars)


def health_picture(rows: Sequence[HealthRow], start: datetime, title: str) -> Markup:
    """Draw a row for each detector, controller by controller.

    Parameters
    ----------
    rows
        Detectors.
    start
        Begin of the picture, timezone-aware UTC.
    title
        What the feed is called.

    Returns
    -------
    Markup
        An ``svg`` element with its own style.
    """
    axis = _Axis(start=start, end_s=max((b.end_s for row in rows for b in row.bars), default=1.0))
    places = _places(rows)
    bottom = max(places, default=TOP) + ROW
    height = bottom + FOOT
    layers = [
        tag("style", Markup(STYLE)),
        svg.rect((0, 0), WIDTH, height, "paper"),
        svg.words((16, 28), title, "title"),
        svg.words((16, 46), f"{_summary(rows)} {axis.day}", "soft"),
        *_legend(),
        *axis.grid(bottom),
        *(part for row, y in zip(rows, places, strict=True) for part in _row(row, y, axis)),
    ]
    return svg.picture(WIDTH, height, f"Health of the detectors of {title}", layers)


def health_svg(rows: Sequence[HealthRow], start: datetime, title: str) -> str:
    """Return the picture as a file of its own."""
    return f"{health_picture(rows, start, title).source}\n"


def health_page(rows: Sequence[HealthRow], start: datetime, title: str) -> str:
    """Return the picture on a page that opens from disk."""
    head = tag("head", tag("meta", charset="utf-8"), tag("title", f"Detectors of {title}"))
    body = tag(
        "body", health_picture(rows, start, title), style="margin: 0 auto; max-width: 1400px"
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en').source}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    start: datetime
    end_s: float

    def x(self, at_s: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * at_s / self.end_s

    @property
    def day(self) -> str:
        last = self.start + timedelta(seconds=self.end_s - 1)
        begin = f"{self.start:%d %b %Y}"
        end = f" to {last:%d %b %Y}" if last.date() != self.start.date() else ""
        return f"{begin}{end}, times in UTC."

    def grid(self, bottom: float) -> Iterable[Markup]:
        step_s = next((s for s in STEPS_S if self.end_s / s <= MOST_TICKS), STEPS_S[-1])
        day_s = self.start.hour * 3600 + self.start.minute * 60 + self.start.second
        first_s = -day_s % step_s
        shape = "%H:%M" if step_s < STEPS_S[-1] else "%d %b"
        ticks_s = range(int(first_s), int(self.end_s + TICK_BEYOND * step_s) + 1, step_s)
        for at_s in ticks_s:
            x, text = (
                self.x(min(at_s, self.end_s)),
                (self.start + timedelta(seconds=at_s)).strftime(shape),
            )
            yield svg.line((x, TOP - 12), (x, bottom), "grid")
            yield svg.words((x, TOP - 16), text, "soft", "middle")
            yield svg.words((x, bottom + 14), text, "soft", "middle")


def _places(rows: Sequence[HealthRow]) -> list[float]:
    """Return the upper edge of each row, with a gap between controllers."""
    places, y, before = [], TOP, None
    for row in rows:
        controller = row.name.rpartition(":")[0]
        if before is not None and controller != before:
            y += GAP
        places.append(y)
        y, before = y + ROW, controller
    return places


def _row(row: HealthRow, y: float, axis: _Axis) -> Iterable[Markup]:
    name = _short(row.name, LONGEST_NAME)
    base = y + BAR - 1.5
    yield svg.words((LEFT - 8, base), name, "ill" if row.is_ill else "soft", "end")
    for bar in row.bars:
        hint = f"{row.name}: {bar.answer.value} {bar.reason}".strip()
        x = axis.x(bar.begin_s)
        yield svg.rect((x, y), axis.x(bar.end_s) - x, BAR, bar.answer.value, hint)
    if row.is_ill:
        yield svg.words((WIDTH - RIGHT + 10, base), _short(_note(row), LONGEST_NOTE))


def _note(row: HealthRow) -> str:
    """Return the reasons of a row, each once, the longest first."""
    length_s: dict[str, float] = {}
    for bar in row.bars:
        if bar.reason:
            length_s[bar.reason] = length_s.get(bar.reason, 0.0) + bar.end_s - bar.begin_s
    longest = sorted(length_s, key=lambda reason: -length_s[reason])
    return ", ".join(f"{reason} ({length_s[reason] / 60:.0f} min)" for reason in longest)


def _summary(rows: Sequence[HealthRow]) -> str:
    answers = [{bar.answer for bar in row.bars} for row in rows]
    dead = sum(Quality.DEAD in each for each in answers)
    doubted = sum(Quality.DOUBTED in each and Quality.DEAD not in each for each in answers)
    return (
        f"{len(rows)} detectors: {len(rows) - dead - doubted} believed throughout, "
        f"{doubted} doubted and {dead} dead at some time."
    )


def _legend() -> Iterable[Markup]:
    x = WIDTH - RIGHT + 10
    for answer in Quality:
        yield svg.rect((x, 19), 14, BAR, answer.value)
        yield svg.words((x + 20, 28.5), answer.value)
        x += 90


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
