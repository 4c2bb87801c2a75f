"""Pictures: the few SVG elements that the report draws with.  All lengths are user units (px)."""

from collections.abc import Iterable, Sequence

from citybrain.model.network import Point
from citybrain.report.markup import Attribute, Content, Markup, short_number, tag

NAMESPACE = "http://www.w3.org/2000/svg"


def picture(
    width: float, height: float, title: str, children: Iterable[Markup], class_: str = "picture"
) -> Markup:
    """Build a picture that scales with the page.

    Parameters
    ----------
    width, height
        Size of the drawing area. [px]
    title
        What the picture shows, for those who cannot see it.
    children
        Its elements.
    class_
        Style class.

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    return tag(
        "svg",
        *children,
        xmlns=NAMESPACE,
        viewBox=f"0 0 {short_number(width)} {short_number(height)}",
        role="img",
        aria_label=title,
        class_=class_,
    )


def line(start: Point, end: Point, class_: str) -> Markup:
    """Draw a straight line."""
    return tag("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def rect(corner: Point, width: float, height: float, class_: str, hint: str = "") -> Markup:
    """Draw a rectangle from its upper left corner; the hint shows under the pointer."""
    return tag(
        "rect",
        *hints(hint),
        x=corner[0],
        y=corner[1],
        width=max(0.0, width),
        height=height,
        class_=class_,
    )


def circle(centre: Point, radius: float, class_: str, hint: str = "") -> Markup:
    """Draw a disc; the hint shows under the pointer."""
    return tag("circle", *hints(hint), cx=centre[0], cy=centre[1], r=radius, class_=class_)


def words(at: Point, text: Content, class_: str = "", anchor: str = "start") -> Markup:
    """Write text whose baseline starts, ends or is centred (``anchor``) at a point."""
    return tag("text", text, x=at[0], y=at[1], class_=class_ or None, text_anchor=anchor)


def path(d: str, class_: str, hint: str = "", **attributes: Attribute) -> Markup:
    """Draw a path from its data."""
    return tag("path", *hints(hint), d=d, class_=class_, **attributes)


def group(children: Iterable[Markup], class_: str | None = None, **attributes: Attribute) -> Markup:
    """Put elements under one style or transform."""
    return tag("g", *children, class_=class_, **attributes)


def open_line(points: Sequence[Point]) -> str:
    """Return the path data of a polyline, to a tenth of a pixel."""
    return "M" + "L".join(f"{_tenth(x)} {_tenth(y)}" for x, y in points)


def closed_line(points: Sequence[Point]) -> str:
    """Return the path data of a polygon, to a tenth of a pixel."""
    return open_line(points) + "Z"


def bar(x: float, y: float, width: float, height: float) -> str:
    """Return the path data of a rectangle, so that many bars share one element."""
    return f"M{_tenth(x)} {_tenth(y)}h{_tenth(width)}v{_tenth(height)}h{_tenth(-width)}z"


def hints(hint: str) -> tuple[Markup, ...]:
    """Return the element that shows a hint under the pointer; nothing for an empty one."""
    return (tag("title", hint),) if hint else ()


def _tenth(value: float) -> str:
    return short_number(round(value, 1))
