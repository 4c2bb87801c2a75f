"""The rules that say when a detector is not believed: one figure and one limit each."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf

from citybrain.model.flows import Quality
from detectors.health.windows import Window

FEWEST_VEH = 10
"""Shares and spreads of fewer pulses than this say nothing. [veh]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A figure of a window that must not pass a limit.

    Parameters
    ----------
    name
        What is wrong.
    answer
        What it makes of the detector.
    limit
        Threshold, in the unit of the figure.
    figure
        Computes the figure; its docstring names unit and source.
    is_floor
        The figure must not be below the limit, instead of above it.
    """

    name: str
    answer: Quality
    limit: float
    figure: Callable[[Window], float]
    is_floor: bool = False

    def is_broken(self, figure: float) -> bool:
        """Tell whether a figure passes the limit."""
        return figure < self.limit if self.is_floor else figure > self.limit


def silent_feed(window: Window) -> float:
    """Return the share of the window during which the feed was not alive [0-1].

    Limit 0.5: with less than half of the window heard nothing can be said about the detector.
    Own choice.
    """
    return 1.0 - window.heard_s / window.length_s


def covered_on_end(window: Window) -> float:
    """Return the longest time that the detector was covered without an off [s].

    Limit 600 s: longer than any red.  Controllers call it maximum presence (NTCIP 1202,
    vehicle detector diagnostics), MnDOT's IRIS "locked on", after 2 min on main lanes and 30 min
    on queue and exit detectors (IRIS manual, "Vehicle Detection Systems", auto fail).  A limit
    between them is our own choice.
    """
    return window.longest_s


def silence_chance(window: Window) -> float:
    """Return the Poisson chance of no pulse, exp(-expected); 1 where there is a pulse [0-1].

    Limit 1e-4.  Only the uncovered time counts, as a vehicle that stands on the detector hides
    others.  Controllers call it no activity (NTCIP 1202); expectation from own history and
    neighbours follows the use of neighbours by Chen et al., "Detecting Errors and Imputing
    Missing Data for Single-Loop Surveillance Systems", TRR 1855, 2003.
    """
    if window.pulses_veh or window.heard_s <= 0 or not window.has_history:
        return 1.0
    free = min(max(1.0 - window.covered_s / window.heard_s, 0.0), 1.0)
    return exp(-window.expected_veh * free)


def regularity(window: Window) -> float:
    """Return the larger spread of lengths and of headways; traffic is never this regular [-].

    Limit 0.05: a card that failed safe, or a recall, sends equal pulses at equal times.  A
    detector in pulse mode has equal lengths too, but not equal headways.  Own choice.
    """
    if window.pulses_veh < FEWEST_VEH:
        return inf
    return max(window.length_spread, window.headway_spread)


def chatter(window: Window) -> float:
    """Return the share of pulses below 0.3 s with a gap below 0.3 s behind them [0-1].

    Limit 0.3.  MnDOT's IRIS and NTCIP 1202 (erratic counts) fail such detectors by too high a
    count; we ask for shortness instead, so that a busy detector is not failed.  The limits
    are our own choice.
    """
    return window.brief if window.pulses_veh >= FEWEST_VEH else 0.0


def lost_offs(window: Window) -> float:
    """Return the share of pulses whose end was put in by a repair [0-1].

    Limit 0.1, the same as `detectors.trust.TrustRules.maximum_repaired`.
    """
    return window.repaired if window.pulses_veh >= FEWEST_VEH else 0.0


def break_up(window: Window) -> float:
    """Return the share of gaps below 0.2 s: one vehicle told as two [0-1].

    Limit 0.2 of the gaps.  At 15 m/s the road between two bumpers would be 3 m and the zone's
    length.  A channel of several lanes has some such gaps from vehicles side by side.  Own
    choice.
    """
    return window.broken if window.pulses_veh >= FEWEST_VEH else 0.0


def mean_gap(window: Window) -> float:
    """Return the uncovered time per pulse [s].

    Limit 0.5 s: so much flow cannot go with so much occupancy.  The pair of flow and occupancy
    is judged as by Chen et al. 2003; high occupancy alone, which they doubt on freeways, is
    usual at a stop line.  The limit is our own choice.
    """
    if window.pulses_veh < FEWEST_VEH:
        return inf
    return max(window.heard_s - window.covered_s, 0.0) / window.pulses_veh


def covered_per_vehicle(window: Window) -> float:
    """Return the covered time per pulse [s].

    Limit 0.08 s: 4 m at 50 m/s.  Flow without occupancy is the second test of Chen et al. 2003.
    """
    if window.pulses_veh < FEWEST_VEH:
        return inf
    return window.covered_s / window.pulses_veh


def unheard(window: Window) -> float:
    """Return 1 for a detector without a pulse and without a history [-].

    Limit 0.5: whether it is broken or its lane is empty cannot be known.
    """
    return float(window.pulses_veh == 0 and not window.has_history)


RULES: tuple[Rule, ...] = (
    Rule(name="feed silent", answer=Quality.DOUBTED, limit=0.5, figure=silent_feed),
    Rule(name="stuck on", answer=Quality.DEAD, limit=600.0, figure=covered_on_end),
    Rule(name="silent", answer=Quality.DEAD, limit=1e-4, figure=silence_chance, is_floor=True),
    Rule(name="locked", answer=Quality.DEAD, limit=0.05, figure=regularity, is_floor=True),
    Rule(name="chatter", answer=Quality.DEAD, limit=0.3, figure=chatter),
    Rule(name="lost offs", answer=Quality.DOUBTED, limit=0.1, figure=lost_offs),
    Rule(name="break-up", answer=Quality.DOUBTED, limit=0.2, figure=break_up),
    Rule(
        name="no room between vehicles",
        answer=Quality.DOUBTED,
        limit=0.5,
        figure=mean_gap,
        is_floor=True,
    ),
    Rule(
        name="flow without occupancy",
        answer=Quality.DOUBTED,
        limit=0.08,
        figure=covered_per_vehicle,
        is_floor=True,
    ),
    Rule(name="never heard", answer=Quality.DOUBTED, limit=0.5, figure=unheard),
)
"""In order of rank: the first rule that is broken gives the answer."""


def first_broken(window: Window) -> tuple[Rule, float] | None:
    """Return the first rule that a window breaks with its figure; none for a sound one."""
    for rule in RULES:
        figure = rule.figure(window)
        if rule.is_broken(figure):
            return rule, figure
    return None
