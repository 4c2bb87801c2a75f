"""Offsets along an arterial: the widest green bands, both ways, as a mixed-integer programme.

MAXBAND (J. D. C. Little, M. D. Kelson and N. H. Gartner, "MAXBAND: a program for setting signals
on arteries and triangular networks", Transportation Research Record 795, 1981) asks for one band
of the same width at every signal; MULTIBAND (N. H. Gartner, S. F. Assmann, F. Lasaga and D. L.
Hou, "A multi-band approach to arterial traffic signal optimization", Transportation Research B
25, 1991) lets every section have a width of its own, weighted by its flow.  Here greens and cycle
are given and offsets are sought.  The solver is HiGHS.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from citybrain.errors import InfeasibleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """The greens that a band passes through at one signal, in local cycle time.

    Parameters
    ----------
    intersection
        Name.
    outbound, inbound
        Start and duration of the green in each direction. [s]
    """

    intersection: str
    outbound: tuple[float, float]
    inbound: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The way between two neighbouring signals.

    Parameters
    ----------
    outbound_s, inbound_s
        Travel time between the stop lines, each way. [s]
    outbound_vph, inbound_vph
        Flow, which weighs the band. [veh/h]
    """

    outbound_s: float
    inbound_s: float
    outbound_vph: float = 1.0
    inbound_vph: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arterial:
    """Signals in outbound order and the sections between them, under one cycle.

    Parameters
    ----------
    signals
        Two or more.
    sections
        One fewer.
    cycle_s
        Common cycle. [s]

    Raises
    ------
    InfeasibleError
        There are fewer than two signals, or the sections are not one fewer.
    """

    signals: tuple[Signal, ...]
    sections: tuple[Section, ...]
    cycle_s: float

    def __post_init__(self) -> None:
        """Refuse what is no arterial."""
        if len(self.signals) < 2 or len(self.sections) != len(self.signals) - 1:  # noqa: PLR2004
            msg = f"an arterial of {len(self.signals)} signals and {len(self.sections)} sections"
            raise InfeasibleError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Offsets and the bands that they leave.

    Parameters
    ----------
    offsets_s
        Intersection → offset in [0, cycle), in whole seconds. [s]
    outbound_s, inbound_s
        Width of the band in each section, measured with those offsets. [s]
    """

    offsets_s: dict[str, float]
    outbound_s: tuple[float, ...]
    inbound_s: tuple[float, ...]


def widest_bands(
    arterial: Arterial, *, is_uniform: bool = False, node_budget: int = 20_000
) -> Bands:
    """Return the offsets with the greatest flow-weighted sum of bands.

    Parameters
    ----------
    arterial
        Signals, sections and cycle.
    is_uniform
        One width for the whole arterial in each direction (MAXBAND), instead of one for each
        section (MULTIBAND).
    node_budget
        Nodes of the solver's tree; the best offsets found by then are returned, the same ones
        on any machine.

    Raises
    ------
    InfeasibleError
        The solver found no offsets at all.
    """
    programme = _Programme(arterial)
    programme.add_progression()
    programme.add_widths(is_uniform=is_uniform)
    solved = programme.solve(node_budget)
    offsets_s = np.round(solved[: len(arterial.signals)])
    offsets_s = (offsets_s - offsets_s[0]) % arterial.cycle_s
    return bands_of(
        arterial,
        {s.intersection: float(o) for s, o in zip(arterial.signals, offsets_s, strict=True)},
    )


def bands_of(arterial: Arterial, offsets_s: dict[str, float]) -> Bands:
    """Measure the bands that some offsets leave, section by section.

    The band of a section is the part of the upstream green from which a vehicle at the travel
    speed meets the downstream green without a stop.

    Parameters
    ----------
    arterial
        Signals, sections and cycle.
    offsets_s
        Intersection → offset. [s]
    """
    out, back = [], []
    for section, (first, last) in zip(
        arterial.sections, zip(arterial.signals, arterial.signals[1:], strict=False), strict=True
    ):
        lag_s = offsets_s[last.intersection] - offsets_s[first.intersection]
        cycle_s = arterial.cycle_s
        out.append(_common_s(first.outbound, last.outbound, lag_s - section.outbound_s, cycle_s))
        back.append(_common_s(last.inbound, first.inbound, -lag_s - section.inbound_s, cycle_s))
    return Bands(offsets_s=dict(offsets_s), outbound_s=tuple(out), inbound_s=tuple(back))


def _common_s(
    leaving: tuple[float, float], meeting: tuple[float, float], lag_s: float, cycle_s: float
) -> float:
    """Return the longest stretch that two greens share when the second is shifted [s]."""
    start_s = (meeting[0] + lag_s - leaving[0]) % cycle_s
    after_s = min(leaving[1], start_s + meeting[1]) - start_s
    wrapped_s = min(leaving[1], start_s - cycle_s + meeting[1])
    return max(0.0, after_s, wrapped_s)


class _Programme:
    """The variables and rows of the mixed-integer programme.

    Laid out one after another: ``offset[n]`` in whole seconds, then for each direction the
    ``position[n]`` of its line since the green began, and of each section the whole ``cycles``,
    the ``width`` of the band and whether there ``is_any``; all but offsets in cycles.
    """

    def __init__(self, arterial: Arterial) -> None:
        self._arterial = arterial
        self._count = len(arterial.signals)
        self._size = self._count + 2 * (self._count + 3 * (self._count - 1))
        self._rows: list[NDArray[np.float64]] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def add_progression(self) -> None:
        """Let the line of each direction reach the next signal after the travel time."""
        cycle_s, signals = self._arterial.cycle_s, self._arterial.signals
        for index, section in enumerate(self._arterial.sections):
            for way, (green, travel_s) in enumerate(
                (("outbound", section.outbound_s), ("inbound", section.inbound_s))
            ):
                near, far = (index, index + 1) if way == 0 else (index + 1, index)
                starts_s = [getattr(signals[at], green)[0] for at in (near, far)]
                due = (travel_s + starts_s[0] - starts_s[1]) / cycle_s
                row = {far: 1 / cycle_s, near: -1 / cycle_s, self._cycles(way, index): 1.0}
                row |= {self._position(way, far): 1.0, self._position(way, near): -1.0}
                self._add(row, due, due)

    def add_widths(self, *, is_uniform: bool) -> None:
        """Let half a band lie on either side of the line, in the greens at both ends, if any is."""
        for index in range(self._count - 1):
            for way, greens_s in enumerate(self._greens_s()):
                for at in (index, index + 1):
                    width, position = self._width(way, index), self._position(way, at)
                    is_any = self._is_any(way, index)
                    self._add({position: 1.0, width: -0.5, is_any: -1.0}, -1.0, np.inf)
                    self._add({position: 1.0, width: 0.5, is_any: 1.0}, -np.inf, greens_s[at] + 1)
                self._add({self._width(way, index): 1.0, self._is_any(way, index): -1.0}, -1.0, 0.0)
                if is_uniform and index:
                    self._add({self._width(way, index): 1.0, self._width(way, 0): -1.0}, 0.0, 0.0)

    def solve(self, node_budget: int) -> NDArray[np.float64]:
        """Return the best values of all variables."""
        cost = np.zeros(self._size)
        is_whole = np.zeros(self._size, dtype=np.int64)
        low, high = np.zeros(self._size), np.ones(self._size)
        is_whole[: self._count], high[: self._count] = 1, np.ceil(self._arterial.cycle_s) - 1
        for index, section in enumerate(self._arterial.sections):
            for way, flow_vph in enumerate((section.outbound_vph, section.inbound_vph)):
                cost[self._width(way, index)] = -max(flow_vph, 1.0)
                is_whole[[self._cycles(way, index), self._is_any(way, index)]] = 1
                low[self._cycles(way, index)], high[self._cycles(way, index)] = -np.inf, np.inf
        solved = milp(
            cost,
            integrality=is_whole,
            bounds=Bounds(low, high),
            constraints=LinearConstraint(np.array(self._rows), self._low, self._high),
            options={"node_limit": node_budget},
        )
        if solved.x is None:
            names = ", ".join(signal.intersection for signal in self._arterial.signals)
            msg = f"{names}: no offsets found within {node_budget} nodes ({solved.message})"
            raise InfeasibleError(msg)
        return np.asarray(solved.x)

    def _greens_s(self) -> Sequence[list[float]]:
        cycle_s, signals = self._arterial.cycle_s, self._arterial.signals
        return (
            [signal.outbound[1] / cycle_s for signal in signals],
            [signal.inbound[1] / cycle_s for signal in signals],
        )

    def _add(self, row: dict[int, float], low: float, high: float) -> None:
        values = np.zeros(self._size)
        values[list(row)] = list(row.values())
        self._rows.append(values)
        self._low.append(low)
        self._high.append(high)

    def _first(self, way: int) -> int:
        return self._count + way * (4 * self._count - 3)

    def _position(self, way: int, signal: int) -> int:
        return self._first(way) + signal

    def _cycles(self, way: int, section: int) -> int:
        return self._first(way) + self._count + section

    def _width(self, way: int, section: int) -> int:
        return self._first(way) + 2 * self._count - 1 + section

    def _is_any(self, way: int, section: int) -> int:
        return self._first(way) + 3 * self._count - 2 + section
