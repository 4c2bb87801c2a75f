"""Plain tables: heads, rows of cells, and the cell for a change with its interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from citybrain.model.verdict import Estimate
from citybrain.report.markup import Content, Markup, tag
from citybrain.report.wording import Tone, interval, number, signed, signed_interval, tone

LONGEST_LIST = 250
"""Most rows of any list, so that the report of a large city stays a small file."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    content
        Text or markup.
    right
        It is a number and stands on the right.
    head
        It names its row.
    class_
        Further style class.
    """

    content: Content
    right: bool = False
    head: bool = False
    class_: str = ""

    def markup(self) -> Markup:
        """Return the cell as an element."""
        classes = " ".join(part for part in ("number" if self.right else "", self.class_) if part)
        if self.head:
            return tag("th", self.content, scope="row", class_=classes or None)
        return tag("td", self.content, class_=classes or None)


def table(heads: Sequence[Content], rows: Iterable[Sequence[Cell]], right_from: int = 1) -> Markup:
    """Build a table that scrolls sideways where the page is narrow.

    Parameters
    ----------
    heads
        Heads of the columns.
    rows
        Cells, as many as heads in every row.
    right_from
        First column whose head stands on the right, above numbers.

    Returns
    -------
    Markup
        The table.
    """
    titles = [
        tag("th", head, scope="col", class_="number" if index >= right_from else None)
        for index, head in enumerate(heads)
    ]
    body = [tag("tr", *(cell.markup() for cell in row)) for row in rows]
    whole = tag("table", tag("thead", tag("tr", *titles)), tag("tbody", *body))
    return tag("div", whole, class_="scroll")


def number_cell(value: float, digits: int = 1) -> Cell:
    """Return the cell of a number."""
    return Cell(number(value, digits), right=True)


def estimate_cell(estimate: Estimate, digits: int = 1) -> Cell:
    """Return the cell of a mean with its interval below, unless all runs gave the same."""
    below = [tag("small", interval(estimate, digits))] if _is_spread(estimate) else []
    return Cell(tag("span", number(estimate.mean, digits), *below), right=True)


def change_cell(change: Estimate, digits: int = 1, *, is_neutral: bool = False) -> Cell:
    """Return the cell of a change: sign, colour and interval; a neutral one has no colour."""
    shade = Tone.UNSURE if is_neutral else tone(change)
    below = [tag("small", signed_interval(change, digits))] if _is_spread(change) else []
    return Cell(tag("span", signed(change.mean, digits), *below), right=True, class_=shade.value)


def _is_spread(estimate: Estimate) -> bool:
    """Tell whether an interval says more than its mean."""
    return estimate.low != estimate.high


def folded(summary: str, content: Markup, *, is_open: bool = False) -> Markup:
    """Return content that opens on demand."""
    opened = "open" if is_open else None
    return tag("details", tag("summary", summary), content, open=opened)


def left_out(amount: int, what: str) -> tuple[Markup, ...]:
    """Return the sentence on rows that a list leaves out; nothing where it is whole."""
    if amount <= 0:
        return ()
    return (tag("p", f"{number(amount, 0)} {what} are left out.", class_="note"),)


def bullets(items: Iterable[Content]) -> Markup:
    """Return a list of sentences."""
    return tag("ul", *(tag("li", item) for item in items))
