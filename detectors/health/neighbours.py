"""What neighbours say against a detector: learned habits, and the faults that follow from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detectors.health.evidence import (
    DELAYED,
    DOUBLED,
    HALVED,
    SWAPPED,
    UNRELATED,
    Charge,
    Scene,
    evidence_of,
)
from detectors.health.foretelling import Habit, habits_of
from detectors.pulses import Flags, Floats, Ints, Pulses, controller_of

LIMITS = {HALVED: 8.0, DOUBLED: 8.0, DELAYED: 12.0, SWAPPED: 12.0, UNRELATED: 12.0}
"""Evidence above which a charge is believed.  [nats]"""
CORROBORATION = 0.5
"""Share of it that must be left whichever neighbour is not heard, so that none convicts alone."""
SHORTEST_LEARNING_S = 2700.0
LONGEST_LEARNING_S = 6 * 3600.0
"""Time that habits are learned from, at least and at most [s]."""
MOST_OF_A_GROUP = 48
"""A larger group is taken apart into runs of this many, in order of the feed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Habits:
    """How the detectors of a feed follow from one another when they are in order.

    Parameters
    ----------
    names
        Detectors, to whose positions everything refers.
    groups
        Positions of detectors that may foretell one another.
    of
        Position → habit.
    """

    names: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    of: Mapping[int, Habit] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conviction:
    """A charge that is believed during some windows.

    Parameters
    ----------
    charge
        What is wrong.
    first, last
        First and last window.
    told
        Window at whose end the evidence first sufficed.
    evidence
        Sum over the windows. [nats]
    """

    charge: Charge
    first: int
    last: int
    told: int
    evidence: float

    def in_feed(self, members: Sequence[int]) -> "Conviction":
        """Return the same with the other detector's position in the feed, not in its group."""
        other = self.charge.other
        if other < 0:
            return self
        return replace(self, charge=replace(self.charge, other=members[other]))


def learn_habits(pulses: Pulses, begin_s: float, end_s: float, usable: Flags) -> Habits:
    """Learn how detectors follow from one another.

    Parameters
    ----------
    pulses
        Feed.
    begin_s, end_s
        Time in which the usable detectors were in order; of a longer one the last
        `LONGEST_LEARNING_S` are used. [s]
    usable
        Detectors that were believed then, shape (detectors,).

    Returns
    -------
    Habits
        Without those that have too few pulses to be foretold.
    """
    begin_s = max(begin_s, end_s - LONGEST_LEARNING_S)
    groups = _groups(pulses.names)
    length_s = int(end_s - begin_s)
    habits: dict[int, Habit] = {}
    for members in groups:
        series = _series(pulses, members, begin_s, length_s)
        known = _known(pulses, members, begin_s, length_s)
        for row, habit in habits_of(series, known, usable[list(members)]).items():
            habits[members[row]] = habit
    return Habits(names=pulses.names, groups=groups, of=habits)


def convictions_of(
    pulses: Pulses, habits: Habits, edges_s: Floats, dead: Flags, first: int
) -> dict[int, list[Conviction]]:
    """Find the detectors that do not say what their neighbours foretell.

    Parameters
    ----------
    pulses
        Feed with the detectors of `habits`.
    habits
        What was learned.
    edges_s
        Begins of the windows and the end of the last, shape (windows + 1,). [s]
    dead
        What is not believed for other reasons ``[window, detector]``.
    first
        First window to judge.

    Returns
    -------
    dict
        Position of the detector → what is wrong with it, strongest first.
    """
    length_s = int(np.ceil(edges_s[-1] - edges_s[0]))
    second_s = edges_s[0] + np.arange(length_s)
    found: dict[int, list[Conviction]] = {}
    for members in habits.groups:
        scene = Scene(
            series=_series(pulses, members, float(edges_s[0]), length_s),
            known=_known(pulses, members, float(edges_s[0]), length_s),
            window=np.searchsorted(edges_s[1:-1], second_s, side="right").astype(np.int64),
            window_count=len(edges_s) - 1,
        )
        own = {row: habits.of[at] for row, at in enumerate(members) if at in habits.of}
        trial = _Trial(
            evidence=evidence_of(scene, own, first),
            habits=own,
            faulty=dead[:, list(members)].copy(),
        )
        for row, conviction in trial.convictions():
            named = conviction.in_feed(members)
            found.setdefault(members[row], []).append(named)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    """Charges against the detectors of a group, of which the strongest is judged first.

    A detector that is convicted is no longer heard as a witness: what rests on it falls.
    """

    evidence: Mapping[int, Mapping[Charge, Floats]]
    habits: Mapping[int, Habit]
    faulty: Flags

    def convictions(self) -> Iterator[tuple[int, Conviction]]:
        while True:
            strongest = max(self._candidates(), key=lambda each: each[1].evidence, default=None)
            if strongest is None:
                return
            row, conviction = strongest
            windows = slice(conviction.first, conviction.last + 1)
            yield strongest
            self.faulty[windows, row] = True
            other = conviction.charge.other
            if other >= 0:
                self.faulty[windows, other] = True
                yield other, replace(conviction, charge=replace(conviction.charge, other=row))

    def _candidates(self) -> Iterator[tuple[int, Conviction]]:
        for row, charges in self.evidence.items():
            for charge, figures in charges.items():
                if np.maximum(figures[0], 0.0).sum() <= LIMITS[charge.kind]:
                    continue
                heard = np.where(self._without_witness(row, charge), 0.0, figures)
                for conviction in corroborated(charge, heard):
                    yield row, conviction

    def _without_witness(self, row: int, charge: Charge) -> Flags:
        """Return the windows in which the charge rests on a detector that is faulty."""
        judged = {row, charge.other} - {-1}
        partners = {partner for each in judged for partner in self.habits[each].partners}
        return np.asarray(np.any(self.faulty[:, sorted(partners | judged)], axis=1))


def corroborated(charge: Charge, figures: Floats) -> Iterator[Conviction]:
    """Return the runs of windows in which all neighbours convict, and no one of them alone.

    Parameters
    ----------
    charge
        What is charged.
    figures
        Evidence ``[model, window]``: with all neighbours, then without one of them each. [nats]

    Returns
    -------
    iterator of Conviction
        In order of time.
    """
    limit = LIMITS[charge.kind]
    limits = np.array([limit] + [limit * CORROBORATION] * (len(figures) - 1))
    for first, last, evidence in excursions(figures[0], limit):
        sums = np.cumsum(figures[:, first : last + 1], axis=1)
        suffices = np.all(sums > limits[:, None], axis=0)
        if suffices[-1]:
            told = first + int(np.argmax(suffices))
            yield Conviction(charge=charge, first=first, last=last, told=told, evidence=evidence)


def excursions(figures: Floats, limit: float) -> list[tuple[int, int, float]]:
    """Return the runs of windows whose figures add up to more than a limit.

    A run begins where the cumulative sum leaves 0 (Page's CUSUM, Biometrika 41, 1954), and ends
    where it is largest.

    Parameters
    ----------
    figures
        Evidence in each window, shape (windows,); negative where it speaks against the charge.
        [nats]
    limit
        Least sum. [nats]

    Returns
    -------
    list of (first window, last window, sum)
        In order of time.
    """
    found = []
    begin, total, best, peak = 0, 0.0, 0.0, 0
    for at, figure in enumerate([*figures.tolist(), -np.inf]):
        total += figure
        if total > best:
            best, peak = total, at
        if total <= 0 or total < best - limit:
            if best > limit:
                found.append((begin, peak, best))
            begin, total, best = at + 1, 0.0, 0.0
    return found


def _groups(names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return the detectors of each controller, the word before a colon, in runs of limited size."""
    controllers: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        controllers.setdefault(controller_of(name), []).append(at)
    runs = []
    for members in controllers.values():
        count = -(-len(members) // MOST_OF_A_GROUP)
        runs += [tuple(int(at) for at in part) for part in np.array_split(members, count)]
    return tuple(runs)


def _series(pulses: Pulses, members: Sequence[int], begin_s: float, length_s: int) -> Floats:
    place = np.full(len(pulses.names), -1, np.int64)
    place[list(members)] = np.arange(len(members))
    row = place[pulses.detector]
    second = np.floor(pulses.on_s - begin_s).astype(np.int64)
    inside = (row >= 0) & (second >= 0) & (second < length_s)
    cell = row[inside] * length_s + second[inside]
    counts = np.bincount(cell, minlength=len(members) * length_s)
    return counts.reshape(len(members), length_s).astype(np.float64)


def _known(pulses: Pulses, members: Sequence[int], begin_s: float, length_s: int) -> Flags:
    """Return the seconds during which a group was heard, of one controller or of none."""
    spans_s = pulses.spans_of(pulses.names[members[0]])
    second_s: Floats = begin_s + np.arange(length_s, dtype=np.float64)
    at: Ints = np.searchsorted(spans_s[:, 0], second_s, side="right") - 1
    known = (at >= 0) & (second_s < spans_s[np.maximum(at, 0), 1])
    return np.asarray(known, dtype=np.bool_)
