"""A first draft of safety data from a network and what runs there, for a person to sign off."""

from dataclasses import replace

from citybrain.model.actuation import as_shown
from citybrain.model.intersection import Intersection, LinkKind
from citybrain.model.kinematics import (
    SHORTEST_WALK_S,
    SHORTEST_YELLOW_S,
    pedestrian_clearance_s,
    yellow_s,
)
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.model.safety import Basis, SafetyData
from citybrain.model.safety_rules import (
    allowed_changes,
    changes_of,
    shown_red_clearances_s,
    together_s,
)
from citybrain.units import rounded_s

_WHOLE = 1e-6


def draft_safety(
    intersection: Intersection, running: Pattern, phase_map: PhaseMap | None = None
) -> SafetyData:
    """Return what is known of an intersection as safety data that the running pattern keeps.

    Parameters
    ----------
    intersection
        As it was read from a network.
    running
        Pattern that runs today: it shows how long accepted greens overlap, which changes of
        colour there are, and how much red lies before conflicting greens.  Of one that follows
        the traffic, fixed times that it may show are taken.
    phase_map
        Phases of its unit, if known.

    Returns
    -------
    SafetyData
        Unsigned.  The doubts about it stand among its caveats.
    """
    running = as_shown(running)
    is_whole = all(
        abs(time_s - round(time_s)) < _WHOLE for time_s in (running.cycle_s, running.offset_s)
    )
    walks = {group.name for group in intersection.groups if group.is_pedestrian}
    draft = SafetyData(
        intersection=replace(intersection, links=(), caveats=()),
        red_clearances_s={
            name: red_s
            for name, red_s in _red_clearances_s(intersection, running).items()
            if red_s and name not in walks
        },
        pedestrian_clearances_s={
            name: clearance_s
            for name, clearance_s in _least_intergreens_s(intersection).items()
            if name in walks
        },
        overlaps_s={
            pair: max((length_s for _, length_s in together_s(running, pair)), default=0.0)
            for pair in sorted(intersection.shared)
        },
        changes=_unusual_changes(running, intersection),
        plan_step_s=1.0 if is_whole else 0.1,
        phase_map=phase_map,
        bases=_bases(intersection),
    )
    notes = (*intersection.caveats, *doubts(draft))
    return replace(draft, intersection=replace(draft.intersection, caveats=notes))


def doubts(safety: SafetyData) -> tuple[str, ...]:
    """Return what a person should look at before signing, one sentence each.

    Yellow, walk and clearance that are shorter than speed and geometry ask for are doubts and no
    faults: they may be what the street has had for years.

    Parameters
    ----------
    safety
        The data.
    """
    found = []
    intersection = safety.intersection
    for group in intersection.groups:
        basis = safety.bases.get(group.name, Basis())
        if group.is_pedestrian:
            if group.minimum_green_s < SHORTEST_WALK_S:
                found.append(_doubt(group.name, "walk", group.minimum_green_s, SHORTEST_WALK_S))
            shown_s = safety.pedestrian_clearances_s.get(group.name, 0.0)
            asked_s = pedestrian_clearance_s(basis.way_m)
            if shown_s < asked_s:
                found.append(_doubt(group.name, "pedestrian clearance", shown_s, asked_s))
            continue
        shown_s = intersection.yellows_s.get(group.name, 0.0)
        speed_s = yellow_s(basis.speed_mps, basis.grade) if basis.speed_mps else SHORTEST_YELLOW_S
        if shown_s < speed_s:
            found.append(_doubt(group.name, "yellow", shown_s, speed_s))
    return tuple(found)


def _doubt(group: str, what: str, shown_s: float, asked_s: float) -> str:
    return f"group {group}: {what} is {shown_s:g} s, speed and geometry ask for {asked_s:g} s"


def _red_clearances_s(intersection: Intersection, running: Pattern) -> dict[str, float]:
    """Return what the intergreens leave for red, but never more than the running pattern shows."""
    shown = shown_red_clearances_s(running, intersection.conflicts)
    return {
        name: min(
            max(0.0, rounded_s(least_s - intersection.yellows_s.get(name, 0.0))),
            min((each.shown_s for each in shown[name]), default=0.0),
        )
        for name, least_s in _least_intergreens_s(intersection).items()
    }


def _least_intergreens_s(intersection: Intersection) -> dict[str, float]:
    least_s: dict[str, float] = {}
    for (ending, _), time_s in sorted(intersection.intergreens_s.items()):
        least_s[ending] = min(time_s, least_s.get(ending, time_s))
    return least_s


def _unusual_changes(pattern: Pattern, intersection: Intersection) -> frozenset[str]:
    return frozenset(
        change
        for timing in pattern.groups
        for _, change in changes_of(timing, pattern.cycle_s)
        if change not in allowed_changes(timing.group, intersection)
    )


def _bases(intersection: Intersection) -> dict[str, Basis]:
    bases = {}
    for group in intersection.groups:
        links = [link for link in intersection.links if link.index in group.indices]
        kind = LinkKind.CROSSING if group.is_pedestrian else LinkKind.VEHICLE
        own = [link for link in links if link.kind is kind]
        if own:
            speed_mps = 0.0 if group.is_pedestrian else max(link.speed_mps for link in own)
            way_m = max(link.length_m for link in own)
            bases[group.name] = Basis(speed_mps=round(speed_mps, 2), way_m=round(way_m, 1))
    return bases
