"""Bars of signal aspects, shared by time-space and signal-group diagrams."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from citybrain.model.aspects import Aspect
from citybrain.report import svg
from citybrain.report.legend import key, legend
from citybrain.report.markup import Markup, tag

NAMES = {
    Aspect.PROTECTED: "protected green",
    Aspect.PERMISSIVE: "permissive green",
    Aspect.YELLOW: "yellow",
    Aspect.YELLOW_MAJOR: "yellow",
    Aspect.RED: "red",
    Aspect.RED_AMBER: "red-amber",
    Aspect.STOP_THEN_GO: "stop, then go",
    Aspect.BLINKING: "blinking",
    Aspect.DARK: "dark",
}

USUAL = (Aspect.PROTECTED, Aspect.PERMISSIVE, Aspect.YELLOW, Aspect.RED)


class Bar(NamedTuple):
    """An aspect along the time axis [px]."""

    x: float
    width: float
    aspect: Aspect


def aspect_bars(bars: Iterable[Bar], y: float, height: float) -> Iterable[Markup]:
    """Draw a row of aspects: one element for each aspect, red as a thin line.

    Parameters
    ----------
    bars
        Aspects from left to right. [px]
    y, height
        Upper edge and height of the row. [px]

    Yields
    ------
    Markup
        One path for each aspect that is shown.
    """
    data: dict[Aspect, list[str]] = defaultdict(list)
    for bar in bars:
        is_red = bar.aspect is Aspect.RED
        top, tall = (y + height / 2 - 0.75, 1.5) if is_red else (y, height)
        data[bar.aspect].append(svg.bar(bar.x, top, bar.width, tall))
    for aspect, parts in data.items():
        yield svg.path("".join(parts), f"aspect {_class(NAMES[aspect])}")


def aspect_legend(shown: Iterable[Aspect] = ()) -> Markup:
    """Return the legend of the usual aspects and of the others that are shown."""
    listed = {*USUAL, *shown}
    names = dict.fromkeys(name for aspect, name in NAMES.items() if aspect in listed)
    return legend(key(f"box {_class(name)}", name) for name in names)


def hatching() -> Markup:
    """Return the hatching of permissive green, to be put on the page once."""
    stripes = svg.path("M-2 2l4 -4M0 6l6 -6M4 8l4 -4", "hatch-lines")
    ground = svg.rect((0, 0), 6, 6, "hatch-ground")
    pattern = tag(
        "pattern", ground, stripes, id="hatch", width=6, height=6, patternUnits="userSpaceOnUse"
    )
    return svg.picture(0, 0, "hatching", [pattern], "definitions")


def _class(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")
