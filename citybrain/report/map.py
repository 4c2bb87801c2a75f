"""Map of the network: every lane in grey, approaches of signals in the colour of their change."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from citybrain.model.network import Lane, Network, Point
from citybrain.model.verdict import PartChange
from citybrain.report import svg
from citybrain.report.carriageways import Carriageway, bend_deg, carriageways
from citybrain.report.labels import PX_PER_LETTER, Labels
from citybrain.report.legend import ChangeScale
from citybrain.report.markup import Markup, join, tag
from citybrain.report.polyline import length, simplified, upstream
from citybrain.report.tables import left_out
from citybrain.report.wording import Tone, shortened, signed, signed_interval, tone

WIDTH = 1080.0
TALLEST = 780.0
MARGIN = 46.0
SURROUNDINGS_M = 70.0
"""What is shown around the approaches. [m]"""
APPROACH_M = 220.0
"""Length of an approach, back from its stop line. [m]"""
LANE_WIDTH_M = 3.0
PATH_BUDGET = 350_000
"""Most characters that the grey lanes may take of the file."""

LONGEST_NAME = 16
U_TURN_DEG = 135.0
"""A turn by this or more is not drawn over a junction. [degrees]"""

MOST_APPROACHES = 500
"""The largest changes are drawn, so that the file stays small."""

FEW_NAMES = 80
FEW_NUMBERS = 60
"""With more names or approaches than this the numbers would cover the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The part of the network that is drawn, and its scale.

    Parameters
    ----------
    west_m, north_m
        Upper left corner of the drawing area. [m]
    px_per_m
        Scale. [px/m]
    height
        Height of the picture. [px]
    """

    west_m: float
    north_m: float
    px_per_m: float
    height: float

    def place(self, point: Point) -> Point:
        """Return where a point of the network lies on the picture; north is up [px]."""
        x = MARGIN + (point[0] - self.west_m) * self.px_per_m
        return x, MARGIN + (self.north_m - point[1]) * self.px_per_m

    def shows(self, shape: Iterable[Point]) -> bool:
        """Tell whether any point of a shape lies on the picture."""
        placed = (self.place(point) for point in shape)
        return any(0 <= x <= WIDTH and 0 <= y <= self.height for x, y in placed)


def network_map(network: Network, approaches: Sequence[PartChange]) -> Markup:
    """Draw the network with the change in delay of every approach.

    Parameters
    ----------
    network
        Lanes and intersections.
    approaches
        Changes by approach edge.

    Returns
    -------
    Markup
        The picture and its legend.
    """
    ways = carriageways(network)
    known = [part for part in approaches if part.name in ways]
    drawn = sorted(known, key=lambda part: -abs(part.change_s.mean))[:MOST_APPROACHES]
    scale = ChangeScale.covering([part.change_s.mean for part in drawn])
    view = _view(network, ways)
    labels = Labels()
    layers = [
        svg.path(_all_lanes(network, ways, view), "lanes", stroke_width=_lane_px(view)),
        svg.group(_approach(part, ways[part.name], view, scale) for part in drawn),
        svg.group(_markers(_centres(network), view, labels)),
        svg.group(_numbers(drawn, ways, view, labels), "change-numbers"),
        _scale_bar(view),
        _north_arrow(),
    ]
    title = f"Map of {network.name} with the change in mean delay of every approach"
    image = svg.picture(WIDTH, view.height, title, layers, "picture map")
    rest = left_out(len(known) - len(drawn), "approaches with the smallest changes")
    return join([tag("div", image, class_="scroll"), scale.legend(), *rest])


def _view(network: Network, ways: Mapping[str, Carriageway]) -> View:
    """Show the signals and their approaches with some surroundings, not the whole region."""
    edges = {movement.from_edge for movement in network.movements.values()} & ways.keys()
    shapes = [upstream(ways[edge].shape, APPROACH_M) for edge in sorted(edges)]
    points = [point for shape in shapes for point in shape]
    if not points:
        points = [point for way in ways.values() for point in way.shape] or [(0.0, 0.0)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    west_m, east_m = min(xs) - SURROUNDINGS_M, max(xs) + SURROUNDINGS_M
    south_m, north_m = min(ys) - SURROUNDINGS_M, max(ys) + SURROUNDINGS_M
    across, along = WIDTH - 2 * MARGIN, TALLEST - 2 * MARGIN
    px_per_m = min(across / (east_m - west_m), along / (north_m - south_m))
    spare_m = across / px_per_m - (east_m - west_m)
    height = (north_m - south_m) * px_per_m + 2 * MARGIN
    return View(west_m=west_m - spare_m / 2, north_m=north_m, px_per_m=px_per_m, height=height)


def _lane_px(view: View) -> float:
    return max(0.9, LANE_WIDTH_M * view.px_per_m)


def _all_lanes(network: Network, ways: Mapping[str, Carriageway], view: View) -> str:
    lanes = (lane for way in ways.values() for lane in way.lanes)
    shapes = [lane.shape for lane in lanes if view.shows(lane.shape)]
    shapes += [shape for shape in _joints(network, ways) if view.shows(shape)]
    tolerance = 0.4
    data = _path_data(shapes, view, tolerance)
    while len(data) > PATH_BUDGET:
        tolerance *= 2
        data = _path_data(shapes, view, tolerance)
    return data


def _joints(network: Network, ways: Mapping[str, Carriageway]) -> Iterable[tuple[Point, Point]]:
    """Yield straight lines over the junctions, whose own lanes the network leaves out."""
    for edge, onward in network.turns.items():
        for follower in onward:
            if edge in ways and follower in ways:
                before, after = ways[edge], ways[follower]
                if bend_deg(before, after) < U_TURN_DEG:
                    yield before.shape[-1], after.shape[0]


def _path_data(shapes: Iterable[Sequence[Point]], view: View, tolerance: float) -> str:
    """Return one path of all shapes; those shorter than three tolerances are left out."""
    parts = []
    for shape in shapes:
        placed = [view.place(point) for point in shape]
        if length(placed) >= 3 * tolerance:
            parts.append(svg.open_line(simplified(placed, tolerance)))
    return "".join(parts) or "M0 0"


def _approach(part: PartChange, way: Carriageway, view: View, scale: ChangeScale) -> Markup:
    lines = [
        svg.open_line(simplified([view.place(p) for p in upstream(lane.shape, APPROACH_M)], 0.3))
        for lane in way.lanes
    ]
    sureness = " unsure-line" if tone(part.change_s) is Tone.UNSURE else ""
    hint = (
        f"{part.name} at {part.intersection}: {signed(part.change_s.mean)} s/veh "
        f"({signed_interval(part.change_s)})"
    )
    class_ = f"approach {scale.class_of(part.change_s.mean)}{sureness}"
    return svg.path("".join(lines), class_, hint, stroke_width=max(3.0, _lane_px(view)))


def _numbers(
    parts: Sequence[PartChange], ways: Mapping[str, Carriageway], view: View, labels: Labels
) -> Iterable[Markup]:
    """Write changes, given the largest first, beside their approaches where there is room."""
    if len(parts) > FEW_NUMBERS:
        return
    for part in parts:
        text = signed(part.change_s.mean)
        way = ways[part.name]
        at = labels.place(text, _beside(way.shape, view, _lane_px(view) * len(way.lanes) / 2 + 16))
        if at is not None:
            yield svg.words(at, text, "", "middle")


def _beside(shape: Sequence[Point], view: View, away_px: float) -> Iterable[Point]:
    """Yield places for a number: upstream of the stop line, first on the right-hand side."""
    for side in (1, -1):
        for upstream_px in (34, 54, 74, 94):
            placed = [view.place(point) for point in upstream(shape, upstream_px / view.px_per_m)]
            (x0, y0), (x1, y1) = placed[0], placed[-1]
            long = math.hypot(x1 - x0, y1 - y0) or 1.0
            across_x, across_y = -(y1 - y0) / long, (x1 - x0) / long
            yield x0 + side * across_x * away_px, y0 + side * across_y * away_px + 4


def _centres(network: Network) -> dict[str, Point]:
    """Return the middle of every intersection: the mean of the ends of its links [m]."""
    centres = {}
    for name, intersection in network.intersections.items():
        ends = [
            (network.lanes[link.from_lane].shape[-1], network.lanes[link.to_lane].shape[0])
            for link in intersection.links
            if _has_shape(network.lanes, link.from_lane) and _has_shape(network.lanes, link.to_lane)
        ]
        points = [point for pair in ends for point in pair]
        if points:
            mean_x = sum(x for x, _ in points) / len(points)
            centres[name] = (mean_x, sum(y for _, y in points) / len(points))
    return centres


def _has_shape(lanes: Mapping[str, Lane], name: str) -> bool:
    return name in lanes and bool(lanes[name].shape)


def _markers(centres: Mapping[str, Point], view: View, labels: Labels) -> Iterable[Markup]:
    """Draw and name the intersections; a name that fits nowhere shows under the pointer only."""
    places = {name: view.place(at) for name, at in centres.items()}
    for at in places.values():
        labels.keep_free(at, 6)
    for name, at in places.items():
        yield svg.circle(at, 5 if len(places) <= FEW_NAMES else 3, "intersection", name)
        if len(places) > FEW_NAMES:
            continue
        text = shortened(name, LONGEST_NAME)
        label_at = labels.place(text, _around(at, text))
        if label_at is not None:
            yield svg.words(label_at, text, "intersection-name", "middle")


def _around(at: Point, text: str) -> Iterable[Point]:
    """Yield places for a name: the four corners, then above and below."""
    x, y = at
    away = PX_PER_LETTER * len(text) / 2 + 9
    for across, down in ((away, -9), (away, 19), (-away, -9), (-away, 19), (0, -14), (0, 25)):
        yield x + across, y + down


def _scale_bar(view: View) -> Markup:
    longest_m = 200 / view.px_per_m
    power = 10 ** math.floor(math.log10(longest_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= longest_m)
    x, y, width = 16.0, view.height - 16, length_m * view.px_per_m
    data = f"M{x:.1f} {y - 6:.1f}v6h{width:.1f}v-6"
    text = svg.words((x + width + 8, y), f"{length_m:g} m", "tick")
    return svg.group([svg.path(data, "scale-bar"), text])


def _north_arrow() -> Markup:
    x = WIDTH - 24
    arrow = svg.path(f"M{x} 12l6 18l-6 -5l-6 5z", "north")
    return svg.group([arrow, svg.words((x, 44), "N", "tick", "middle")])
