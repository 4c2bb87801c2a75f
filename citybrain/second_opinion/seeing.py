"""What the rules are held against: a painting with the instants at which colours change."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from citybrain.second_opinion.ground import PERMISSIVE, PROTECTED, Ground, Table
from citybrain.second_opinion.painting import Painting

Colours = TypeVar("Colours", np.uint8, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule broken at one place.

    Parameters
    ----------
    intersection, group, other
        Where; empty where it is not known.
    rule
        Number of the rule in ``docs/safety.md``; 0 for bytes that are no plan.
    at_s, shown_s, limit_s
        Second of the cycle, what is shown, and what the rule asks for. [s]
    what
        In words, where times do not tell.
    """

    intersection: str
    rule: int
    group: str = ""
    other: str = ""
    at_s: float = 0.0
    shown_s: float = 0.0
    limit_s: float = 0.0
    what: str = ""

    def __str__(self) -> str:
        """Say what, where, and which limit."""
        who = " to ".join(name for name in (self.group, self.other) if name)
        what = self.what or f"{self.shown_s:g} s, limit {self.limit_s:g} s"
        return (
            f"{self.intersection}:{f' group {who}' if who else ''} breaks rule {self.rule} at "
            f"{self.at_s:g} s of the cycle: {what}"
        )


@dataclass(frozen=True)
class Seen:
    """A painting with the instants at which something begins; every table is worked out once."""

    painting: Painting
    ground: Ground

    @property
    def colours(self) -> NDArray[np.uint8]:
        """(groups, instants) what every group shows."""
        return self.painting.colours

    @cached_property
    def cycle_ms(self) -> int:
        """Cycle [ms]."""
        return int(self.colours.shape[1]) * self.painting.tick_ms

    @cached_property
    def green(self) -> NDArray[np.bool_]:
        """(groups, instants) where a group is green, protected or not."""
        shown: NDArray[np.bool_] = (self.colours == PROTECTED) | (self.colours == PERMISSIVE)
        return shown

    @cached_property
    def protected(self) -> NDArray[np.bool_]:
        """(groups, instants) where a green is protected."""
        shown: NDArray[np.bool_] = self.colours == PROTECTED
        return shown

    def edges(self, shown: NDArray[np.bool_]) -> tuple["Marks", "Marks"]:
        """Return where something begins, and where it ends.

        Parameters
        ----------
        shown
            (groups, instants) where it is shown.
        """
        before = _earlier(shown)
        return self._marks(shown & ~before), self._marks(before & ~shown)

    def _marks(self, where: NDArray[np.bool_]) -> "Marks":
        rows, instants = np.nonzero(where)
        return Marks(rows, instants * self.painting.tick_ms)

    @cached_property
    def green_edges(self) -> tuple["Marks", "Marks"]:
        """Where greens begin, and where they end."""
        return self.edges(self.green)

    @cached_property
    def runs(self) -> "Runs":
        """Unbroken colours of every group that changes."""
        before = _earlier(self.colours)
        rows, instants = np.nonzero(self.colours != before)
        at_ms = instants * self.painting.tick_ms
        following = np.roll(at_ms, -1)
        first = np.searchsorted(rows, np.arange(len(self.colours)))
        is_last = np.append(rows[1:] != rows[:-1], True) if len(rows) else rows.astype(np.bool_)
        following[is_last] = at_ms[first[rows[is_last]]] + self.cycle_ms
        return Runs(
            rows, at_ms, following - at_ms, self.colours[rows, instants], before[rows, instants]
        )

    def until_ms(self, ends: "Marks", begins: "Marks") -> Table:
        """Return (ends, begins) the time from the one to the next of the other [ms]."""
        gaps: Table = (begins.at_ms[None, :] - ends.at_ms[:, None]) % self.cycle_ms
        return gaps

    def finding(self, rule: int, rows: tuple[int, ...], times_ms: tuple[int, int, int]) -> Finding:
        """Return a broken rule of some groups: when, what is shown and what is asked [ms]."""
        at_ms, shown_ms, limit_ms = (int(time) for time in times_ms)
        names = [self.ground.groups[row] for row in rows]
        return Finding(
            intersection=self.ground.name,
            rule=rule,
            group=names[0] if names else "",
            other=names[1] if len(names) > 1 else "",
            at_s=at_ms / 1000,
            shown_s=shown_ms / 1000,
            limit_s=limit_ms / 1000,
        )


@dataclass(frozen=True, slots=True)
class Marks:
    """Instants of groups, in order of the group and of time.

    Parameters
    ----------
    rows
        (n,) place of the group.
    at_ms
        (n,) instant. [ms]
    """

    rows: Table
    at_ms: Table


@dataclass(frozen=True, slots=True)
class Runs:
    """Unbroken colours in order of group and begin, with what was shown before each.

    Parameters
    ----------
    rows
        (n,) place of the group.
    at_ms, length_ms
        (n,) begin and length. [ms]
    colour, before
        (n,) numbers of the colour and of the one before it.
    """

    rows: Table
    at_ms: Table
    length_ms: Table
    colour: NDArray[np.uint8]
    before: NDArray[np.uint8]


def _earlier(shown: NDArray[Colours]) -> NDArray[Colours]:
    """Return what was shown one instant before."""
    before = np.empty_like(shown)
    before[:, 1:], before[:, 0] = shown[:, :-1], shown[:, -1]
    return before
