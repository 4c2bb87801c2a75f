"""Evidence, window by window, that a detector does not say what its neighbours foretell.

Each fault is a hypothesis that says how the pulses would look: half or twice as many as foretold,
as many but later, those of another detector, or without any regard to the neighbours.  Evidence
is the logarithm of how much more probable they are then than in good order.  It is told by a
model of all neighbours and by models that leave one of them out, so that no neighbour convicts
alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detectors.health.foretelling import REACH_S, Habit, lagged, rates
from detectors.health.headways import LONGEST_HEADWAY_S, gain_of_loss, seen_headways
from detectors.pulses import Flags, Floats, Ints

SHORTEST_DELAY_S, LONGEST_DELAY_S = 2, 90
"""Delays that are tried [s]."""
LOOSE_DRIFT = 0.25
"""Part of the rate that no neighbour explains which may change with the time of day [0-1]."""
SLACK = 0.08
"""Share by which a rate may differ from what is foretold without being a fault [0-1]."""
STRAYS = 0.15
"""Share of the vehicles that may stay away one by one, not as whole platoons, without it [0-1]."""
RUN = 16
"""Windows that are looked at together."""
HALVED, DOUBLED, DELAYED, SWAPPED = "halved", "doubled", "delayed", "swapped"
UNRELATED = "disagrees with neighbours"
"""Names of the faults that are charged."""


@dataclass(frozen=True, slots=True, order=True)
class Charge:
    """One hypothesis about one detector.

    Parameters
    ----------
    kind
        Name of the fault.
    by_s
        Delay; 0 for other kinds. [s]
    other
        Position of the detector whose place it may have taken; -1 for other kinds.
    """

    kind: str
    by_s: int = 0
    other: int = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """Pulses of a group of detectors by seconds, and the windows that hold them.

    Parameters
    ----------
    series
        Pulses in each second, shape (detectors, seconds). [veh]
    known
        Seconds during which the feed was alive, shape (seconds,).
    window
        Window of each second, counted from 0, shape (seconds,).
    window_count
        Number of windows.
    """

    series: Floats
    known: Flags
    window: Ints
    window_count: int


def evidence_of(
    scene: Scene, habits: Mapping[int, Habit], first: int
) -> dict[int, dict[Charge, Floats]]:
    """Weigh every charge against every detector.

    Parameters
    ----------
    scene
        What was heard.
    habits
        Row of `scene` → what was learned of it.
    first
        First window to judge.

    Returns
    -------
    dict
        Row → charge → evidence ``[model, window]``; 0 in windows before the first.  Model 0 hears
        all neighbours, each other one leaves out one of them.  An exchange is charged to one of
        the two, by one model that hears neither. [nats]
    """
    found: dict[int, dict[Charge, Floats]] = {row: {} for row in habits}
    for windows, begin, end in _runs(scene, first):
        part = _Part.of(scene, habits, begin, end, windows)
        for row, charge, figures in part.charges():
            shape = len(figures), scene.window_count
            found[row].setdefault(charge, np.zeros(shape))[:, windows] = figures
    return found


def _runs(scene: Scene, first: int) -> Iterator[tuple[slice, int, int]]:
    for low in range(first, scene.window_count, RUN):
        high = min(low + RUN, scene.window_count)
        ends = np.searchsorted(scene.window, (low, high))
        yield slice(low, high), int(ends[0]), int(ends[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Some windows of a scene with all that is foretold of them.

    The rates begin `LONGEST_DELAY_S` before the seconds that are judged.
    """

    scene: Scene
    habits: Mapping[int, Habit]
    rate_ps: dict[int, Floats]
    begin: int
    end: int
    windows: slice

    @classmethod
    def of(
        cls, scene: Scene, habits: Mapping[int, Habit], begin: int, end: int, windows: slice
    ) -> "_Part":
        """Foretell some windows, and the time of the longest delay before them."""
        margins = (LONGEST_DELAY_S + REACH_S, REACH_S)
        padded = np.pad(scene.series, ((0, 0), margins))
        features = lagged(padded[:, begin : end + sum(margins)])
        return cls(
            scene=scene,
            habits=habits,
            rate_ps={row: rates(habit, features) for row, habit in habits.items()},
            begin=begin,
            end=end,
            windows=windows,
        )

    @property
    def series(self) -> Floats:
        return np.where(self.known, self.scene.series[:, self.begin : self.end], 0.0)

    @property
    def known(self) -> Flags:
        return self.scene.known[self.begin : self.end]

    @property
    def slices(self) -> list[slice]:
        """Return the seconds of each window."""
        window = self.scene.window[self.begin : self.end]
        numbers = np.arange(self.windows.start, self.windows.stop + 1)
        cuts = np.searchsorted(window, numbers).tolist()
        return [slice(*pair) for pair in pairwise(cuts)]

    def sums(self, values: Floats) -> Floats:
        """Return the sums of known seconds over windows, of any number of rows."""
        heard = values if np.all(self.known) else np.where(self.known, values, 0.0)
        return np.stack([heard[..., window].sum(axis=-1) for window in self.slices], axis=-1)

    def charges(self) -> Iterator[tuple[int, Charge, Floats]]:
        """Return each charge against each detector with the evidence ``[model, window]``."""
        series = self.series
        for row in self.habits:
            for charge, figures in self._own_charges(row, series[row]):
                is_lone = charge.kind == HALVED
                yield row, charge, figures if is_lone else np.min(figures, axis=0)[None]
        yield from self._swaps(series)

    def _own_charges(self, row: int, seen: Floats) -> Iterator[tuple[Charge, Floats]]:
        habit, rate_ps = self.habits[row], self.rate_ps[row]
        now_ps = rate_ps[:, LONGEST_DELAY_S:]
        count, expected = self.sums(seen), self.sums(now_ps)
        level_ps = expected / np.maximum(self.sums(np.ones(len(seen))), 1.0)
        least = 1.0 - LOOSE_DRIFT * habit.loose[:, None] - SLACK
        dispersion = habit.dispersion[:, None]
        halved = (count * np.log(0.5 / least) - expected * (0.5 - least)) / dispersion
        halved += self._loss(row, level_ps / habit.mean_ps) / np.maximum(dispersion, 1.0)
        # nothing at all is silence, which half of the vehicles would not be
        yield Charge(HALVED), np.where(count == 0, np.minimum(halved, 0.0), halved)
        doubled = count * np.log(2.0 * least) - expected * (2.0 - 1.0 / least)
        yield Charge(DOUBLED), doubled / dispersion
        own = self.sums(seen * np.log(now_ps))
        yield Charge(UNRELATED), count * np.log(np.maximum(level_ps, 1e-12)) - own
        for delay_s, late in self._delays(seen, rate_ps):
            yield Charge(DELAYED, by_s=delay_s), late - own + expected

    def _loss(self, row: int, level: Floats) -> Floats:
        """Return what the headways say for a loss of half of the vehicles ``[model, window]``.

        `level` is what is foretold to pass, over what passed while it was learned.  Without a
        fault demand may fall by more than `STRAYS`, but not vehicle by vehicle: what discharges
        from a queue keeps its headways. [-]
        """
        begin = max(self.begin - LONGEST_HEADWAY_S, 0)
        window = self.scene.window[begin : self.end] - self.windows.start
        series = np.where(self.scene.known, self.scene.series[row], 0.0)[begin : self.end]
        seen = seen_headways(series, window, self.windows.stop - self.windows.start)
        return gain_of_loss(self.habits[row].headways, seen, level * (1.0 - STRAYS), level * 0.5)

    def _delays(self, seen: Floats, rate_ps: Floats) -> Iterator[tuple[int, Floats]]:
        """Return for each delay how well the pulses suit it, less the pulses it foretells."""
        at = np.flatnonzero(seen)
        window = self.scene.window[self.begin : self.end][at] - self.windows.start
        belongs = np.zeros((self.windows.stop - self.windows.start, len(at)))
        belongs[window, np.arange(len(at))] = seen[at]
        logs = np.ascontiguousarray(np.log(rate_ps).T)
        ends = [0, *(window.stop for window in self.slices)]
        totals = np.cumsum(np.pad(rate_ps, ((0, 0), (1, 0))), axis=1)
        heard = self.sums(np.ones(len(seen))) / np.maximum(np.diff(ends), 1)
        for delay_s in range(SHORTEST_DELAY_S, LONGEST_DELAY_S + 1):
            back = LONGEST_DELAY_S - delay_s
            foretold = np.diff(totals[:, np.add(ends, back)], axis=1) * heard
            yield delay_s, (belongs @ logs[at + back]).T - foretold

    def _swaps(self, series: Floats) -> Iterator[tuple[int, Charge, Floats]]:
        rows = sorted(self.habits)
        fits = {row: self._fits(row, series) for row in rows}
        for at, one in enumerate(rows):
            for other in rows[at + 1 :]:
                here, there = self._without(one, other), self._without(other, one)
                gain = fits[other][:, one, there] - fits[one][:, one, here]
                other_gain = fits[one][:, other, here] - fits[other][:, other, there]
                both = 2.0 * np.minimum(gain, other_gain)
                yield one, Charge(SWAPPED, other=other), both[None]

    def _without(self, row: int, left_out: int) -> int:
        """Return the model of a detector in which another one has no say."""
        partners = self.habits[row].partners
        return 1 + partners.index(left_out) if left_out in partners else 0

    def _fits(self, row: int, series: Floats) -> Floats:
        """Return how well all detectors suit the place of one ``[window, detector, model]``."""
        now_ps = np.where(self.known, self.rate_ps[row][:, LONGEST_DELAY_S:], 0.0)
        fits = []
        for window in self.slices:
            mean_ps = now_ps[:, window].sum(axis=1) / max(int(self.known[window].sum()), 1)
            shape = now_ps[:, window] / np.maximum(mean_ps, 1e-12)[:, None]
            fits.append(series[:, window] @ np.log(np.maximum(shape, 1e-12)).T)
        return np.stack(fits)
