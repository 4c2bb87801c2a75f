"""Time-space diagrams: distance along a street upwards, time to the right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from citybrain.model.network import Point
from citybrain.model.plan import Plan
from citybrain.report import svg
from citybrain.report.bars import Bar, aspect_bars
from citybrain.report.markup import Markup, tag
from citybrain.report.progression import Span, link_bands, shown, street_bands
from citybrain.report.streets import Direction, StopLine
from citybrain.report.wording import number, shortened

WIDTH = 540.0
LEFT = 122.0
RIGHT = 10.0
TOP = 14.0
BAR = 5.0
LABEL_GAP = 25.0
PX_PER_STOP = 58.0
LEAST_HEIGHT = 190.0
TALLEST = 520.0
TICK_PX = 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Axes of a time-space diagram.

    Parameters
    ----------
    during
        Master time that is drawn. [s]
    places_m
        Intersection → distance from the first stop line of the street, in this order. [m]
    length_m
        From the first to the last stop line. [m]
    bottom
        Lower edge of the plot. [px]
    """

    during: Span
    places_m: Mapping[str, float]
    length_m: float
    bottom: float

    @classmethod
    def around(cls, forward: Direction, during: Span) -> "Frame":
        """Return the axes for a street and a stretch of master time."""
        places_m: dict[str, float] = {}
        for stop in forward.stop_lines:
            places_m.setdefault(stop.intersection, stop.place_m)
        height = min(TALLEST, max(LEAST_HEIGHT, PX_PER_STOP * (len(places_m) - 1)))
        length_m = forward.stop_lines[-1].place_m
        return cls(during=during, places_m=places_m, length_m=length_m, bottom=TOP + height)

    def x(self, time_s: float) -> float:
        """Return the place of an instant of master time [px]."""
        share = (time_s - self.during.start_s) / self.during.duration_s
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, place_m: float) -> float:
        """Return the place of a stop line; the first of the street is lowest [px]."""
        longest_m = self.length_m or 1.0
        room = self.bottom - TOP - 4 * BAR
        return self.bottom - 2 * BAR - room * place_m / longest_m


def time_space_diagram(
    plan: Plan, directions: Iterable[Direction], frame: Frame, clip_name: str
) -> Markup:
    """Draw the signals of a street over time, with the bands that meet green at the speed limit.

    Parameters
    ----------
    plan
        Plan that runs.
    directions
        Forward, and backward unless the street is one-way.
    frame
        Axes.
    clip_name
        Name of the clipping area, unique on the page.

    Returns
    -------
    Markup
        The picture.
    """
    ways = tuple(zip(directions, ("forward", "backward"), strict=False))
    bands = [band for way, side in ways for band in _bands(plan, way, frame, side)]
    layers = [
        _clip(frame, clip_name),
        *_time_axis(frame),
        svg.group(bands, clip_path=f"url(#{clip_name})"),
        *(bar for way, side in ways for bar in _signals(plan, way, frame, side)),
        *_names(frame),
    ]
    title = f"Time-space diagram of plan {plan.name}"
    image = svg.picture(WIDTH, frame.bottom + 34, title, layers, "picture diagram")
    return tag("div", image, class_="scroll")


def _bands(plan: Plan, way: Direction, frame: Frame, side: str) -> Iterable[Markup]:
    """Draw bands from one stop line to the next, and those through the whole street on top."""
    early = _earlier(frame.during, way.stop_lines[-1], way.stop_lines[0])
    links = [
        svg.closed_line(_ribbon(band, (here, there), frame))
        for here, there in pairwise(way.stop_lines)
        for band in link_bands(plan, here, there, _earlier(frame.during, there, here))
    ]
    through = [
        svg.closed_line(_ribbon(band.moved(way.stop_lines[0].travel_s), way.stop_lines, frame))
        for band in street_bands(plan, way, early)
    ]
    if links:
        yield svg.path("".join(links), f"band {side}")
    if through and len(way.stop_lines) > 2:  # noqa: PLR2004 - else it is the link's band again
        yield svg.path("".join(through), f"band whole {side}")


def _ribbon(band: Span, stops: Iterable[StopLine], frame: Frame) -> list[Point]:
    """Return the outline of vehicles that leave the first stop line during a band."""
    stops = tuple(stops)
    first_s = stops[0].travel_s
    later = [(stop.travel_s - first_s, frame.y(stop.place_m)) for stop in stops]
    front = [(frame.x(band.start_s + travel_s), y) for travel_s, y in later]
    back = [(frame.x(band.end_s + travel_s), y) for travel_s, y in reversed(later)]
    return front + back


def _earlier(during: Span, there: StopLine, here: StopLine) -> Span:
    """Return a span that holds every departure from here whose vehicles are seen in the diagram."""
    return Span(start_s=during.start_s - (there.travel_s - here.travel_s), end_s=during.end_s)


def _signals(plan: Plan, way: Direction, frame: Frame, side: str) -> Iterable[Markup]:
    """Draw the aspects at every stop line: forward above the line, backward below."""
    for stop in way.stop_lines:
        bars = [
            Bar(frame.x(part.start_s), frame.x(part.end_s) - frame.x(part.start_s), part.aspect)
            for part in shown(plan.pattern(stop.intersection), stop.group, frame.during)
        ]
        top = frame.y(stop.place_m) + (-BAR - 0.8 if side == "forward" else 0.8)
        hint = svg.hints(f"{stop.intersection}, group {stop.group}, {stop.movement}")
        yield svg.group([*hint, *aspect_bars(bars, top, BAR)])


def _names(frame: Frame) -> Iterable[Markup]:
    """Write the intersections; names of a close pair are pushed apart."""
    ys = [frame.y(place_m) for place_m in frame.places_m.values()]
    labels = zip(frame.places_m.items(), ys, _apart(ys), strict=True)
    for (name, place_m), y, label_y in labels:
        yield svg.line((LEFT - 12, label_y), (LEFT - 2, y), "leader")
        label = svg.words((LEFT - 16, label_y), shortened(name, 15), "row-name", "end")
        yield svg.group([*svg.hints(name), label])
        yield svg.words((LEFT - 16, label_y + 12), f"{number(place_m, 0)} m", "tick", "end")


def _apart(ys: Sequence[float]) -> list[float]:
    """Move labels, given from the lowest upwards, apart and below the upper edge [px]."""
    raised: list[float] = []
    for y in ys:
        raised.append(min(y, raised[-1] - LABEL_GAP) if raised else y)
    lowered: list[float] = []
    for y in reversed(raised):
        lowered.append(max(y, lowered[-1] + LABEL_GAP) if lowered else max(y, TOP))
    return lowered[::-1]


def _time_axis(frame: Frame) -> Iterable[Markup]:
    length_s = frame.during.duration_s
    px_per_s = (WIDTH - LEFT - RIGHT) / length_s
    step_s = next((step for step in (10, 20, 30, 60) if step * px_per_s >= TICK_PX), 120)
    for time_s in range(0, int(length_s) + 1, step_s):
        x = LEFT + time_s * px_per_s
        yield svg.line((x, TOP - 6), (x, frame.bottom), "grid")
        yield svg.words((x, frame.bottom + 15), number(time_s, 0), "tick", "middle")
    yield svg.words((WIDTH - RIGHT, frame.bottom + 30), "time, s", "tick", "end")


def _clip(frame: Frame, name: str) -> Markup:
    area = svg.rect((LEFT, TOP - 6), WIDTH - LEFT - RIGHT, frame.bottom - TOP + 6, "clip")
    return tag("clipPath", area, id=name)
