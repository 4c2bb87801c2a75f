"""Markup that is escaped by construction: text becomes safe when it enters an element."""

import html
from collections.abc import Iterable
from dataclasses import dataclass

VOID = frozenset({"br", "meta", "link", "hr", "img", "col"})


@dataclass(frozen=True, slots=True)
class Markup:
    """Finished HTML or SVG; everything else is text and gets escaped."""

    source: str


Content = Markup | str
Attribute = str | float | None


def tag(name: str, /, *children: Content, **attributes: Attribute) -> Markup:
    """Build one element.

    Parameters
    ----------
    name
        Name of the element.
    children
        Markup is kept, text is escaped.
    attributes
        ``None`` leaves an attribute out.  A trailing underscore is dropped (``class_``), inner
        ones become hyphens (``stroke_width``).

    Returns
    -------
    Markup
        The element with its closing tag, unless HTML forbids one.
    """
    opening = f"<{name}{''.join(_attributes(attributes))}>"
    if name in VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(children).source}</{name}>")


def join(parts: Iterable[Content]) -> Markup:
    """Put parts one after the other; text is escaped."""
    return Markup("".join(_source(part) for part in parts))


def short_number(value: float) -> str:
    """Write a number for an attribute: at most two decimals, none that say nothing."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _source(part: Content) -> str:
    return part.source if isinstance(part, Markup) else html.escape(part)


def _attributes(attributes: dict[str, Attribute]) -> Iterable[str]:
    for name, value in attributes.items():
        if value is not None:
            text = value if isinstance(value, str) else short_number(value)
            yield f' {name.rstrip("_").replace("_", "-")}="{html.escape(text)}"'
