"""One signal of a SUMO network as an intersection of the model, or why it stays as it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from citybrain.config import SafetyLimits
from citybrain.errors import InputError
from citybrain.model.actuation import as_shown, realisations
from citybrain.model.aspects import ENDS_AT_RED, STARTS_AT_RED
from citybrain.model.intersection import Intersection, LinkKind, SignalGroup
from citybrain.model.network import Untouched
from citybrain.model.pattern import Pattern
from citybrain.model.rules import longest_red_s
from citybrain.model.signals import Green
from citybrain.model.successions import protected_gaps_s
from sim.sumo.conflicts import find_conflicts
from sim.sumo.flashing import why_flashing
from sim.sumo.groups import GroupIndices, signal_groups
from sim.sumo.intergreens import IntergreenEvidence, gather_evidence, intergreen_s
from sim.sumo.net_file import Connection, NetFile
from sim.sumo.programs import pattern_of
from sim.sumo.signal_links import LinkPath, foe_links, link_paths
from sim.sumo.tls_actuation import ACTUATED
from sim.sumo.tls_reader import OFF, STATIC, Declarations, ProgramDeclaration

_RAIL_JUNCTIONS = frozenset({"rail_signal", "rail_crossing"})
_LONGEST_WALK_S = 40.0
"""Crossing time of 43 m at 1.07 m/s; longer separations after a walk are stages. [s]"""
_PROTECTED_RED_S = 3.0
_NO_CHOICE = "nothing to retime: no two greens conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReading:
    """What was read of one retimable signal.

    Parameters
    ----------
    intersection
        The intersection.
    paths
        Its links with their geometry.
    evidence
        What is known of its intergreens.
    """

    intersection: Intersection
    paths: tuple[LinkPath, ...]
    evidence: tuple[IntergreenEvidence, ...]


def read_signal(
    net: NetFile,
    connections: Sequence[Connection],
    programs: Declarations,
    limits: SafetyLimits,
) -> SignalReading | Untouched:
    """Read one signal.

    Parameters
    ----------
    net
        Network.
    connections
        Everything that the signal controls; at least one connection.
    programs
        Programs of the scenario.
    limits
        Minimum greens and the range of cycles.

    Returns
    -------
    SignalReading or Untouched
        The intersection, or the reason why it is not retimed.

    Raises
    ------
    InputError
        A fixed program does not fit the signal's links, or its greens conflict.
    """
    name = str(connections[0].signal)
    running = programs.running(name)
    reason = _rail(net, connections) or _unknown_foes(net, connections)
    reason = reason or _why_fixed(programs.active.get(name), running, limits)
    switching = programs.switching_plan(name)
    if switching and not reason:
        reason = f"day plan '{switching}' changes its program within the studied time"
    if reason or running is None:
        return Untouched(intersection=name, reason=reason)
    try:
        paths = link_paths(net, connections)
        return _reading(net, paths, programs.patterns_of(name), running, limits)
    except InputError as error:
        if running.kind != ACTUATED:
            raise
        return Untouched(intersection=name, reason=f"program '{running.program}': {error.what}")


def _rail(net: NetFile, connections: Sequence[Connection]) -> str:
    if all(net.lanes[connection.from_lane].for_rail for connection in connections):
        return "controls vehicles on rails only"
    places = (net.requests.get((c.from_lane, c.to_lane)) for c in connections)
    kinds = {net.junctions[place[0]].kind for place in places if place is not None}
    return "rail signal or level crossing" if kinds & _RAIL_JUNCTIONS else ""


def _unknown_foes(net: NetFile, connections: Sequence[Connection]) -> str:
    """Tell of a link that no junction lists: it would seem to meet nobody."""
    lost = (c.index for c in connections if (c.from_lane, c.to_lane) not in net.requests)
    index = next(lost, None)
    return "" if index is None else f"no junction tells whom link {index} meets"


def _why_fixed(active: str | None, running: ProgramDeclaration | None, limits: SafetyLimits) -> str:
    if active is None or active == OFF:
        return "switched off" if active else "no program is declared"
    if running is None:
        return f"its active program '{active}' is not declared"
    if running.kind not in (STATIC, ACTUATED):
        return f"its program '{active}' is {running.kind}, neither static nor actuated"
    if running.obstacle:
        return f"program '{active}': {running.obstacle}"
    shown_s = _shown_cycle_s(running)
    is_usual = limits.minimum_cycle_s <= shown_s <= limits.maximum_cycle_s
    usual = f"{limits.minimum_cycle_s:g}-{limits.maximum_cycle_s:g} s"
    return "" if is_usual else f"its cycle of {shown_s:g} s is outside {usual}"


def _shown_cycle_s(running: ProgramDeclaration) -> float:
    """Return the cycle of a program [s], its durations kept within what is really shown."""
    if running.actuation is None:
        return running.cycle_s
    return as_shown(pattern_of(running, signal_groups((running,)))).cycle_s


def _reading(
    net: NetFile,
    paths: tuple[LinkPath, ...],
    programs: Sequence[ProgramDeclaration],
    running: ProgramDeclaration,
    limits: SafetyLimits,
) -> SignalReading | Untouched:
    _check_width(paths, programs)
    groups = signal_groups(programs)
    conflicts = find_conflicts(groups, foe_links(net, paths), (running,))
    pattern = pattern_of(running, groups)
    shown, fixed = realisations(pattern), as_shown(pattern)
    controlling = {path.link.index for path in paths}
    served = {name for name, positions in groups.items() if controlling & set(positions)}
    if reason := why_flashing(shown, served, conflicts.conflicting):
        return Untouched(intersection=running.intersection, reason=reason)
    greens = _greens_of_all(shown)
    if not any(greens[first] and greens[second] for first, second in conflicts.conflicting):
        return Untouched(intersection=running.intersection, reason=_NO_CHOICE)
    yellows_s = {name: _yellow_s(own) for name, own in greens.items()}
    shown_groups = tuple(_groups(groups, paths, fixed, limits))
    walks = {group.name for group in shown_groups if group.is_pedestrian}
    evidence = gather_evidence(shown, conflicts, yellows_s, limits.walking_speed_mps)
    intersection = Intersection(
        name=running.intersection,
        groups=shown_groups,
        links=tuple(path.link for path in paths),
        conflicts=conflicts.conflicting,
        yielding=conflicts.yielding,
        intergreens_s={(e.ending, e.starting): intergreen_s(e) for e in evidence},
        protections_s=_protections_s(shown, conflicts.yielding, yellows_s, walks),
        yellows_s=yellows_s,
        red_ambers_s={name: _red_amber_s(own) for name, own in greens.items()},
        maximum_reds_s={
            name: max(limits.maximum_red_s, _longest_red_s(fixed, name)) for name in greens
        },
        minimum_cycle_s=limits.minimum_cycle_s,
        maximum_cycle_s=limits.maximum_cycle_s,
        shared=conflicts.shared,
        caveats=(*conflicts.caveats, *_short_clearances(evidence)),
    )
    return SignalReading(intersection=intersection, paths=paths, evidence=evidence)


def _greens_of_all(shown: Sequence[Pattern]) -> dict[str, tuple[Green, ...]]:
    """Return group → its greens in all of some patterns, those of each after the other."""
    names = [timing.group for timing in shown[0].groups]
    return {
        name: tuple(green for p in shown for green in p.timing(name).greens(p.cycle_s))
        for name in names
    }


def _longest_red_s(pattern: Pattern, group: str) -> float:
    return longest_red_s(pattern.timing(group).greens(pattern.cycle_s), pattern.cycle_s)


def _check_width(paths: Sequence[LinkPath], programs: Sequence[ProgramDeclaration]) -> None:
    last = max(path.link.index for path in paths)
    for program in programs:
        if program.width <= last:
            what = f"states have {program.width} letters, the signal has link index {last}"
            raise InputError(program.where, what, f"write {last + 1} letters in every phase")


def _groups(
    indices: GroupIndices,
    paths: Sequence[LinkPath],
    fixed: Pattern,
    limits: SafetyLimits,
) -> list[SignalGroup]:
    """Return the groups; a green is no shorter than the limits, or than the fixed times show it."""
    groups = []
    for name, positions in indices.items():
        kinds = {path.link.kind for path in paths if path.link.index in positions}
        is_pedestrian = kinds == {LinkKind.CROSSING}
        minimum_s = limits.minimum_walk_s if is_pedestrian else limits.minimum_green_s
        greens = fixed.timing(name).greens(fixed.cycle_s)
        groups.append(
            SignalGroup(
                name=name,
                indices=positions,
                is_pedestrian=is_pedestrian,
                minimum_green_s=min((minimum_s, *(green.duration_s for green in greens))),
            )
        )
    return groups


def _yellow_s(greens: Sequence[Green]) -> float:
    """Return the shortest yellow between green and red; a green that no red follows has none."""
    return min((green.yellow_s for green in greens if green.after in ENDS_AT_RED), default=0.0)


def _red_amber_s(greens: Sequence[Green]) -> float:
    return min(
        (green.red_amber_s for green in greens if green.before in STARTS_AT_RED), default=0.0
    )


def _short_clearances(evidence: Sequence[IntergreenEvidence]) -> list[str]:
    short = [item for item in evidence if item.is_short]
    if not short:
        return []
    worst = max(short, key=lambda item: item.kinematic_s - (item.shown_s or 0.0))
    return [
        f"{len(short)} of {sum(item.shown_s is not None for item in evidence)} intergreens that "
        f"the running plan shows are shorter than speed and geometry ask for, the worst from "
        f"group {worst.ending} to group {worst.starting}: {worst.shown_s:g} s shown, "
        f"{worst.kinematic_s:g} s asked; kept as shown"
    ]


def _protections_s(
    shown: Sequence[Pattern],
    yielding: frozenset[tuple[str, str]],
    yellows_s: Mapping[str, float],
    walks: Collection[str],
) -> dict[tuple[str, str], float]:
    """Return how far protected greens of yielding pairs must stay apart.

    After a walk, all that the running plan always shows up to the time of a long crossing; after
    vehicles, what it shows up to the yellow and some seconds of red: more than that is a stage
    that lies between and no clearance.
    """
    protections_s: dict[tuple[str, str], float] = {}
    for pattern in shown:
        for (ending, starting), gap_s in protected_gaps_s(pattern, yielding).items():
            most_s = _LONGEST_WALK_S if ending in walks else yellows_s[ending] + _PROTECTED_RED_S
            known_s = protections_s.get((ending, starting), most_s)
            protections_s[ending, starting] = min(gap_s, known_s)
    return protections_s
