"""When each detector could be believed, and what was wrong when it could not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from citybrain.errors import InfeasibleError
from citybrain.model.flows import Quality
from citybrain.units import SECONDS_PER_HOUR
from detectors.health.evidence import DELAYED, SWAPPED
from detectors.health.neighbours import (
    LIMITS,
    SHORTEST_LEARNING_S,
    Conviction,
    Habits,
    convictions_of,
    learn_habits,
)
from detectors.health.rules import RULES, first_broken
from detectors.health.windows import (
    Window,
    cuts_of,
    edges_of,
    time_inside,
    tracks_of,
    windows_of,
)
from detectors.pulses import Floats, Pulses, controller_of

BIN_S = 900.0
"""Usual window. [s]"""
FORETELL_NOTHING = frozenset({"stuck on", "silent", "locked", "chatter", "feed silent"})
"""A detector that breaks one of these rules is no witness for others."""
MOST_FORETOLD = 1000
"""Feeds of more detectors are not learned unasked: it takes 0.1 s for each and its day."""
LONGEST_FORETOLD_S = 48 * 3600.0
"""Longer feeds are not learned unasked either: seconds of all detectors must fit into memory."""
FEWEST_USUAL_VEH = 5.0
"""A neighbour with fewer pulses in a usual window says nothing about the present flow. [veh]"""
_FLOORS = frozenset(rule.name for rule in RULES if rule.is_floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSpan:
    """Time during which one answer holds for a detector.

    Parameters
    ----------
    detector
        Name in the feed.
    begin_s, end_s
        Time since the feed's start. [s]
    answer
        How far it can be believed.
    rule
        Name of the broken rule; none where it is believed.
    figure
        The rule's worst figure during the span, in the unit of the rule.
    limit
        What the figure was held against.
    told_s
        When what was heard first sufficed for the answer. [s]
    detail
        More about the rule, such as the delay.
    """

    detector: str
    begin_s: float
    end_s: float
    answer: Quality
    rule: str | None = None
    figure: float | None = None
    limit: float | None = None
    told_s: float | None = None
    detail: str = ""

    @property
    def reason(self) -> str:
        """The broken rule in words; empty where the detector is believed."""
        return " ".join(filter(None, (self.rule, self.detail)))


def health_of(
    pulses: Pulses,
    *,
    bin_s: float = BIN_S,
    history: Mapping[str, float] | None = None,
    habits: Habits | None = None,
) -> tuple[HealthSpan, ...]:
    """Judge every detector of a feed, window by window.

    Parameters
    ----------
    pulses
        Feed.
    bin_s
        Length of a window. [s]
    history
        Detector → usual flow [veh/h]; without it the median of the feed's windows in which the
        detector spoke.  The neighbours' present flow scales it to the time of day.
    habits
        How the detectors followed from one another when they were in order; without it they are
        learned from the first half of the feed, if that is `SHORTEST_LEARNING_S` or more, and only
        its second half is held against them; not in feeds of more than `MOST_FORETOLD` detectors
        or longer than `LONGEST_FORETOLD_S`.

    Returns
    -------
    tuple of HealthSpan
        Detectors in the order of ``pulses.names``, the spans of each in order of time without
        holes; empty for a feed that was never alive.

    Raises
    ------
    InfeasibleError
        `bin_s` is not above 0.
    """
    if not bin_s > 0:
        msg = f"windows of {bin_s} s cannot be judged"
        raise InfeasibleError(msg)
    edges_s = edges_of(pulses, bin_s)
    if not len(edges_s):
        return ()
    heard_s = _heard_s(pulses, edges_s)
    tracks = tracks_of(pulses)
    counts_veh = [np.diff(cuts_of(track.on_s, edges_s)).astype(np.float64) for track in tracks]
    usual_vph = _usual(pulses.names, counts_veh, heard_s, history or {})
    expected_veh = _expected(counts_veh, usual_vph, heard_s)
    spans = []
    for track, name, usual, expected, heard in zip(
        tracks, pulses.names, usual_vph, expected_veh, heard_s, strict=True
    ):
        known = bool(np.isfinite(usual))
        windows = windows_of(track, edges_s, heard, expected, has_history=known)
        spans.append(list(_spans(name, windows, edges_s)))
    _convict(spans, pulses, edges_s, habits)
    return tuple(span for own in spans for span in _joined(own))


def _heard_s(pulses: Pulses, edges_s: Floats) -> Floats:
    """Return the time during which each detector's controller was alive, [detector, window] [s]."""
    of: dict[str, Floats] = {}
    for name in pulses.names:
        controller = controller_of(name)
        if controller not in of:
            spans_s = pulses.spans_of(name)
            of[controller] = time_inside(spans_s[:, 0], spans_s[:, 1], edges_s)
    rows = [of[controller_of(name)] for name in pulses.names]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(edges_s) - 1)


def _convict(
    spans: list[list[HealthSpan]], pulses: Pulses, edges_s: Floats, habits: Habits | None
) -> None:
    """Put what the neighbours say against a detector into windows that are else believed."""
    dead = np.array([[span.rule in FORETELL_NOTHING for span in own] for own in spans]).T
    first = 0
    if habits is None:
        first = (len(edges_s) - 1) // 2
        if len(pulses.names) > MOST_FORETOLD or edges_s[-1] - edges_s[0] > LONGEST_FORETOLD_S:
            return
        if edges_s[first] - edges_s[0] < SHORTEST_LEARNING_S:
            return
        usable = np.asarray(~np.any(dead[:first], axis=0))
        habits = learn_habits(pulses, float(edges_s[0]), float(edges_s[first]), usable)
    for at, found in convictions_of(pulses, habits, edges_s, dead, first).items():
        for conviction in reversed(found):
            for window in range(conviction.first, conviction.last + 1):
                span = spans[at][window]
                if span.rule is None or span.rule in LIMITS:
                    told_s = float(edges_s[conviction.told + 1])
                    spans[at][window] = _charged(span, conviction, told_s, pulses.names)


def _charged(
    span: HealthSpan, conviction: Conviction, told_s: float, names: tuple[str, ...]
) -> HealthSpan:
    charge = conviction.charge
    details = {DELAYED: f"by {charge.by_s} s", SWAPPED: f"with {names[charge.other]}"}
    return replace(
        span,
        answer=Quality.DOUBTED,
        rule=charge.kind,
        figure=conviction.evidence,
        limit=LIMITS[charge.kind],
        told_s=told_s,
        detail=details.get(charge.kind, ""),
    )


def _usual(
    names: tuple[str, ...],
    counts_veh: list[Floats],
    heard_s: Floats,
    history: Mapping[str, float],
) -> Floats:
    """Return the usual flow of each detector; NaN where nothing is known [veh/h]."""
    usual_vph = np.full(len(names), np.nan)
    for detector, (name, count_veh) in enumerate(zip(names, counts_veh, strict=True)):
        own_s = heard_s[detector]
        spoke = (count_veh > 0) & (own_s > 0) & (own_s >= 0.5 * own_s.max())
        if name in history:
            usual_vph[detector] = history[name]
        elif np.any(spoke):
            rate_vph = count_veh[spoke] / own_s[spoke] * SECONDS_PER_HOUR
            usual_vph[detector] = np.median(rate_vph)
    return usual_vph


def _expected(counts_veh: list[Floats], usual_vph: Floats, heard_s: Floats) -> list[Floats]:
    """Return the pulses expected of each detector in each window [veh].

    The median over the other detectors that were heard of present over usual flow scales the
    usual flow; at most to twice of it, and not at all where no neighbour has enough pulses.
    """
    known_vph = np.nan_to_num(usual_vph)
    usual_veh = known_vph[:, None] * heard_s / SECONDS_PER_HOUR
    longest_s = float(heard_s.max(initial=0.0))
    speaks = known_vph * longest_s / SECONDS_PER_HOUR >= FEWEST_USUAL_VEH
    ratios = np.full(usual_veh.shape, np.nan)
    for row in np.flatnonzero(speaks):
        np.divide(
            counts_veh[row],
            usual_veh[row],
            out=ratios[row],
            where=usual_veh[row] > 0,
        )
    expected_veh = []
    for detector in range(len(known_vph)):
        others = speaks & (np.arange(len(known_vph)) != detector)
        expected_veh.append(usual_veh[detector] * np.minimum(_medians(ratios[others]), 2.0))
    return expected_veh


def _medians(ratios: Floats) -> Floats:
    """Return the median of each column without its NaN; 1 where it holds nothing else."""
    medians = np.ones(ratios.shape[1])
    is_known = np.isfinite(ratios)
    is_whole = np.all(is_known, axis=0) & (len(ratios) > 0)
    medians[is_whole] = np.median(ratios[:, is_whole], axis=0) if np.any(is_whole) else 1.0
    for column in np.flatnonzero(np.any(is_known, axis=0) & ~is_whole):
        medians[column] = np.median(ratios[is_known[:, column], column])
    return medians


def _spans(name: str, windows: list[Window], edges_s: Floats) -> Iterable[HealthSpan]:
    for window, (begin_s, end_s) in zip(windows, pairwise(edges_s.tolist()), strict=True):
        span = HealthSpan(detector=name, begin_s=begin_s, end_s=end_s, answer=Quality.BELIEVED)
        found = first_broken(window)
        if found is None:
            yield span
            continue
        rule, figure = found
        yield replace(
            span,
            answer=rule.answer,
            rule=rule.name,
            figure=figure,
            limit=rule.limit,
            told_s=end_s,
        )


def _joined(spans: Iterable[HealthSpan]) -> list[HealthSpan]:
    """Return the spans with neighbours that break the same rule, or none, made one."""
    joined: list[HealthSpan] = []
    for span in spans:
        if not joined or joined[-1].reason != span.reason:
            joined.append(span)
            continue
        before = joined[-1]
        figure = before.figure
        if figure is not None and span.figure is not None:
            worse = min if span.rule in _FLOORS else max
            figure = worse(figure, span.figure)
        joined[-1] = replace(before, end_s=span.end_s, figure=figure)
    return joined
