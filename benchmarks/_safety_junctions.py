"""Junctions with safety data, and plans that keep it by construction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from random import Random

from benchmarks._nema_units import eight_phases, numbered, tee
from citybrain.cli.sources import open_study
from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection, SignalGroup
from citybrain.model.nema.controller_plan import ControllerPlan, Frame
from citybrain.model.nema.decoding import decode
from citybrain.model.nema.phases import Output, PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.model.safety import SafetyData
from citybrain.model.safety_draft import draft_safety
from citybrain.model.signals import GroupTiming, Segment, Window
from citybrain.units import rounded_s

G = Aspect.PROTECTED
BUNDLED = "crossing_arterials"


@dataclass(frozen=True, kw_only=True)
class Junction:
    """Safety data, and a maker of patterns that keep them."""

    safety: SafetyData
    valid: Callable[[Random], Pattern]


def junctions() -> dict[str, Junction]:
    """Return eight phases in two rings, a T-junction, a European one, and the bundled network."""
    made = (
        unit_junction("eight", eight_phases(yielding_with=8)),
        unit_junction("tee", tee()),
        _european(),
    )
    return {junction.safety.intersection.name: junction for junction in (*made, *_bundled())}


def unit_junction(name: str, phase_map: PhaseMap) -> Junction:
    """Return a unit's junction: what its rings never time together conflicts, or yields."""
    outputs = phase_map.outputs
    conflicts, yielding = set(), set()
    for one, other in combinations(outputs, 2):
        pair = (min(one.group, other.group), max(one.group, other.group))
        meets = any(phase_map.are_concurrent(a, b) for a in one.phases for b in other.phases)
        if not meets:
            conflicts.add(pair)
        elif any(not phase_map.are_concurrent(a, b) for a in one.phases for b in other.phases):
            never_both = all(
                not phase_map.are_concurrent(a, b)
                for a, one_aspect in one.phases.items()
                for b, other_aspect in other.phases.items()
                if one_aspect is G and other_aspect is G
            )
            yielding |= {pair} if never_both else set()
    of = {output.group: output for output in outputs}
    clear_s = {group: _leaving_s(output, phase_map) for group, output in of.items()}
    least = {group: _least_green_s(output, phase_map) for group, output in of.items()}
    vehicles = [output for output in outputs if not output.is_walk]
    yellow_s = {o.group: min(phase_map.phase(n).yellow_s for n in o.phases) for o in vehicles}
    red_s = {o.group: min(phase_map.phase(n).red_clearance_s for n in o.phases) for o in vehicles}
    intersection = Intersection(
        name=name,
        groups=tuple(
            SignalGroup(
                name=o.group,
                indices=(place,),
                is_pedestrian=o.is_walk,
                minimum_green_s=least[o.group],
            )
            for place, o in enumerate(outputs)
        ),
        links=(),
        conflicts=frozenset(conflicts),
        yielding=frozenset(yielding),
        intergreens_s={
            key: clear_s[key[0]] for pair in conflicts for key in (pair, (pair[1], pair[0]))
        },
        yellows_s={o.group: yellow_s.get(o.group, 0.0) for o in outputs},
        red_ambers_s={o.group: 0.0 for o in outputs},
        maximum_reds_s={o.group: 240.0 for o in outputs},
        minimum_cycle_s=40.0,
        maximum_cycle_s=255.0,
    )
    walks = [output for output in outputs if output.is_walk]
    safety = SafetyData(
        intersection=intersection,
        red_clearances_s=red_s,
        pedestrian_clearances_s={
            o.group: float(phase_map.phase(next(iter(o.phases))).pedestrian_clearance_s)
            for o in walks
        },
        phase_map=phase_map,
    )
    return Junction(
        safety=safety, valid=lambda dice: decode(_numbers(dice, name, phase_map), phase_map)
    )


def _leaving_s(output: Output, phase_map: PhaseMap) -> float:
    phases = [phase_map.phase(number) for number in output.phases]
    walk_s = phases[0].pedestrian_clearance_s if output.is_walk else 0
    return rounded_s(min(phase.clearance_s for phase in phases) + walk_s)


def _least_green_s(output: Output, phase_map: PhaseMap) -> float:
    phases = [phase_map.phase(number) for number in output.phases]
    return float(min(p.walk_s if output.is_walk else p.minimum_green_s for p in phases))


def _numbers(dice: Random, name: str, phase_map: PhaseMap) -> ControllerPlan:
    sequence = dice.choice(sorted(phase_map.sequences))
    splits_s: dict[int, int] = {}
    cycle_s = 0
    for stretch in phase_map.sequences[sequence]:
        rings = [[phase_map.phase(n).least_split_s for n in ring] for ring in stretch]
        length_s = max(sum(ring) for ring in rings) + dice.choice((0, 1, 3, dice.randrange(40)))
        for numbers, least in zip(stretch, rings, strict=True):
            spare_s = length_s - sum(least)
            for place, number in enumerate(numbers):
                more_s = spare_s if place == len(numbers) - 1 else dice.randint(0, spare_s)
                splits_s[number] = least[place] + more_s
                spare_s -= more_s
        cycle_s += length_s
    ids, offset_s = (dice.randint(1, 253), sequence), dice.randrange(cycle_s)
    frame = Frame(intersection=name, program="p", zero_s=float(dice.randrange(cycle_s)))
    return numbered(phase_map, splits_s, offset_s, frame, ids=ids)


_TIMES_S: Mapping[str, tuple[float, float, float]] = {
    "a": (1.0, 3.0, 2.1),
    "b": (1.0, 4.0, 1.4),
    "c": (0.0, 3.0, 2.6),
}
"""Group → red-amber, yellow, red clearance of a junction that shows red-amber. [s]"""


def _european() -> Junction:
    """Return three stages one after another, whose times are tenths and which no NEMA unit runs."""
    pairs = list(combinations(_TIMES_S, 2))
    intersection = Intersection(
        name="european",
        groups=tuple(
            SignalGroup(name=name, indices=(place,), is_pedestrian=False, minimum_green_s=6.0)
            for place, name in enumerate(_TIMES_S)
        ),
        links=(),
        conflicts=frozenset(pairs),
        yielding=frozenset(),
        intergreens_s={
            key: _intergreen_s(*key) for pair in pairs for key in (pair, (pair[1], pair[0]))
        },
        yellows_s={name: times[1] for name, times in _TIMES_S.items()},
        red_ambers_s={name: times[0] for name, times in _TIMES_S.items()},
        maximum_reds_s=dict.fromkeys(_TIMES_S, 150.0),
        minimum_cycle_s=30.0,
        maximum_cycle_s=180.0,
    )
    safety = SafetyData(
        intersection=intersection,
        red_clearances_s={name: times[2] for name, times in _TIMES_S.items()},
        plan_step_s=0.1,
    )
    return Junction(safety=safety, valid=_three_stages)


def _intergreen_s(ending: str, starting: str) -> float:
    return rounded_s(sum(_TIMES_S[ending][1:]) + _TIMES_S[starting][0])


def _three_stages(dice: Random) -> Pattern:
    greens_s = {name: dice.choice((6.0, dice.randint(60, 400) / 10)) for name in _TIMES_S}
    order = dice.sample(sorted(_TIMES_S), 3)
    starts_s: dict[str, float] = {}
    at_s = dice.randint(0, 900) / 10
    begin_s = at_s
    for place, name in enumerate(order):
        starts_s[name] = rounded_s(at_s - _TIMES_S[name][0])
        following = order[(place + 1) % len(order)]
        at_s += greens_s[name] + _intergreen_s(name, following)
    cycle_s = rounded_s(at_s - begin_s)
    timings = []
    for name, (red_amber_s, yellow_s, red_s) in _TIMES_S.items():
        shown = ((Aspect.RED_AMBER, red_amber_s), (G, greens_s[name]), (Aspect.YELLOW, yellow_s))
        segments = tuple(Segment(aspect=a, duration_s=t) for a, t in shown if t)
        start_s = rounded_s(starts_s[name] % cycle_s) % cycle_s
        window = Window(start_s=start_s, segments=segments, red_clearance_s=red_s)
        timings.append(GroupTiming(group=name, windows=(window,)))
    return Pattern(
        intersection="european",
        program="p",
        cycle_s=cycle_s,
        offset_s=rounded_s(dice.randrange(round(cycle_s * 10)) / 10),
        groups=tuple(timings),
    )


def _bundled() -> list[Junction]:
    area = open_study(Path(BUNDLED), None)
    made = []
    for running in area.running.patterns:
        safety = draft_safety(area.network.intersections[running.intersection], running)
        made.append(Junction(safety=safety, valid=_turned(running)))
    return made


def _turned(running: Pattern) -> Callable[[Random], Pattern]:
    """Return a maker of the running pattern with another local zero and offset."""

    def valid(dice: Random) -> Pattern:
        by_s = dice.randrange(round(running.cycle_s * 10)) / 10
        timings = []
        for timing in running.groups:
            windows = (
                replace(
                    w, start_s=rounded_s((w.start_s + by_s) % running.cycle_s) % running.cycle_s
                )
                for w in timing.windows
            )
            timings.append(replace(timing, windows=tuple(sorted(windows, key=lambda w: w.start_s))))
        offset_s = float(dice.randrange(int(running.cycle_s)))
        return replace(running, groups=tuple(timings), offset_s=offset_s)

    return valid
