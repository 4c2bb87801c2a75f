"""Automatic approval: which changes are so small, and so well proven, that no person is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from citybrain.model.aspects import GREENS
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.signals import GroupTiming, Window
from citybrain.model.verdict import Verdict
from citybrain.units import RESOLUTION_S


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticBounds:
    """Inside these, and only these, a plan needs no person; without bounds every plan does.

    Parameters
    ----------
    junctions
        Intersections that may be changed.
    cycle_s, offset_s, split_s
        Most that a cycle, an offset and a green may differ from what persons last let run. [s]
    seeds
        Fewest paired seeds of the proof.
    saving
        Least share of delay saved, at the low end of its 95 % interval. [-]
    """

    junctions: frozenset[str]
    cycle_s: float
    offset_s: float
    split_s: float
    seeds: int = 10
    saving: float = 0.0


def automatic_faults(
    proposed: Plan, reference: Plan, verdict: Verdict, bounds: AutomaticBounds
) -> tuple[str, ...]:
    """Return why a plan lies outside the bounds; nothing if it lies inside.

    Parameters
    ----------
    proposed
        Plan to judge.
    reference
        What persons last let run, for every intersection of the proposed plan: steps that are
        approved one after the other add up, and count from here together.
    verdict
        Proof of the proposed plan.
    bounds
        What the settings allow.
    """
    evidence = _evidence_faults(verdict, bounds)
    changes = (_pattern_faults(pattern, reference, bounds) for pattern in proposed.patterns)
    return tuple(chain(evidence, *changes))


def _evidence_faults(verdict: Verdict, bounds: AutomaticBounds) -> Iterator[str]:
    if len(set(verdict.seeds)) < bounds.seeds:
        yield f"the proof has {len(set(verdict.seeds))} seeds, {bounds.seeds} are asked for"
    if not verdict.saving.low >= bounds.saving:
        yield f"the saving may be {verdict.saving.low:.1%}, {bounds.saving:.1%} is asked for"


def _pattern_faults(pattern: Pattern, reference: Plan, bounds: AutomaticBounds) -> Iterator[str]:
    name = pattern.intersection
    if name not in bounds.junctions:
        yield f"{name} is no junction of automatic approval"
        return
    before = next((p for p in reference.patterns if p.intersection == name), None)
    if before is None:
        yield f"{name}: what persons last let run there is not known"
        return
    offset_s = abs(pattern.offset_s - before.offset_s) % pattern.cycle_s
    for what, change_s, bound_s in (
        ("cycle", abs(pattern.cycle_s - before.cycle_s), bounds.cycle_s),
        ("offset", min(offset_s, pattern.cycle_s - offset_s), bounds.offset_s),
    ):
        if _exceeds(change_s, bound_s):
            yield f"{name}: the {what} changes by {change_s:g} s, at most {bound_s:g} s is allowed"
    yield from _green_faults(pattern, before, bounds)


def _green_faults(pattern: Pattern, before: Pattern, bounds: AutomaticBounds) -> Iterator[str]:
    name = pattern.intersection
    if _skeleton(pattern) != _skeleton(before):
        yield f"{name}: more than the lengths of greens changes"
        return
    for timing, old in zip(pattern.groups, before.groups, strict=True):
        for window, earlier in zip(timing.windows, old.windows, strict=True):
            change_s = abs(_green_s(window) - _green_s(earlier))
            if _exceeds(change_s, bounds.split_s):
                limit = f"at most {bounds.split_s:g} s is allowed"
                yield f"{name} group {timing.group}: a green changes by {change_s:g} s, {limit}"


def _skeleton(pattern: Pattern) -> tuple[object, ...]:
    """Return all of a pattern that automatic approval never changes: everything but greens."""
    starts = sorted(
        (window.start_s, timing.group) for timing in pattern.groups for window in timing.windows
    )
    order = [group for _, group in starts]
    return (order, [(timing.group, _fixed(timing)) for timing in pattern.groups])


def _fixed(timing: GroupTiming) -> list[object]:
    return [
        (
            [(s.aspect, None if s.aspect in GREENS else s.duration_s) for s in window.segments],
            window.red_clearance_s,
        )
        for window in timing.windows
    ]


def _green_s(window: Window) -> float:
    return sum(segment.duration_s for segment in window.segments if segment.aspect in GREENS)


def _exceeds(change_s: float, bound_s: float) -> bool:
    return change_s > bound_s + RESOLUTION_S / 2
