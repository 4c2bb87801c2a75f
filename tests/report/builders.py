"""Small networks, plans and verdicts for the tests of the report."""

from collections.abc import Sequence
from statistics import fmean

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection, Link, LinkKind, SignalGroup
from citybrain.model.network import Lane, Movement, Network, Point, Untouched
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan, Provenance
from citybrain.model.signals import GroupTiming, Segment, Window
from citybrain.model.verdict import (
    Decision,
    DetectorFit,
    Estimate,
    Outcome,
    PartChange,
    Verdict,
)
from citybrain.report.estimates import estimate, paired_change

SPACING_M = 300.0
SPEED_MPS = 15.0
NASTY = 'A<b>&"1'


def lane(edge: str, start: Point, end: Point) -> Lane:
    length_m = abs(end[0] - start[0]) + abs(end[1] - start[1])
    return Lane(
        name=f"{edge}_0",
        edge=edge,
        length_m=length_m,
        speed_mps=SPEED_MPS,
        shape=(start, end),
        for_vehicles=True,
    )


def arterial(names: Sequence[str]) -> Network:
    """An arterial from west to east; every intersection has a side street from the south."""
    lanes: list[Lane] = []
    for index in range(len(names) + 1):
        west, east = index * SPACING_M, (index + 1) * SPACING_M
        lanes.append(lane(f"e{index}", (west, 0.0), (east, 0.0)))
        lanes.append(lane(f"w{index}", (east, 4.0), (west, 4.0)))
    movements, intersections = [], {}
    for index, name in enumerate(names):
        x = (index + 1) * SPACING_M
        lanes.append(lane(f"s{index}", (x, -200.0), (x, 0.0)))
        turns = [
            (f"e{index}", f"e{index + 1}", "through", "main"),
            (f"w{index + 1}", f"w{index}", "through", "main"),
            (f"s{index}", f"e{index + 1}", "right", "side"),
        ]
        movements += [movement(name, *turn) for turn in turns]
        intersections[name] = intersection(name, turns)
    onward: dict[str, tuple[str, ...]] = {}
    for m in movements:
        onward[m.from_edge] = (*onward.get(m.from_edge, ()), m.to_edge)
    return Network(
        name="arterial.net.xml",
        lanes={one.name: one for one in lanes},
        turns=onward,
        movements={m.name: m for m in movements},
        intersections=intersections,
        untouched=(Untouched(intersection="rail & road", reason="rail signal"),),
    )


def movement(name: str, from_edge: str, to_edge: str, turn: str, group: str) -> Movement:
    return Movement(
        name=f"{from_edge}->{to_edge}",
        intersection=name,
        from_edge=from_edge,
        to_edge=to_edge,
        turn=turn,
        lanes=(f"{from_edge}_0",),
        groups=(group,),
    )


def intersection(name: str, turns: Sequence[tuple[str, str, str, str]]) -> Intersection:
    links = tuple(
        Link(
            index=index,
            from_lane=f"{from_edge}_0",
            to_lane=f"{to_edge}_0",
            kind=LinkKind.VEHICLE,
            turn=turn,
            length_m=10.0,
            speed_mps=SPEED_MPS,
        )
        for index, (from_edge, to_edge, turn, _) in enumerate(turns)
    )
    groups = (
        SignalGroup(name="main", indices=(0, 1), is_pedestrian=False, minimum_green_s=5.0),
        SignalGroup(name="side", indices=(2,), is_pedestrian=False, minimum_green_s=5.0),
        SignalGroup(name="walk", indices=(3,), is_pedestrian=True, minimum_green_s=7.0),
    )
    return Intersection(
        name=name,
        groups=groups,
        links=links,
        conflicts=frozenset({("main", "side"), ("main", "walk")}),
        yielding=frozenset(),
        intergreens_s={},
        yellows_s={"main": 3.0, "side": 3.0, "walk": 0.0},
        red_ambers_s={},
        caveats=(f"{name}: one intergreen is short",),
    )


def window(start_s: float, green_s: float, aspect: Aspect = Aspect.PROTECTED) -> Window:
    segments = (
        Segment(aspect=aspect, duration_s=green_s),
        Segment(aspect=Aspect.YELLOW, duration_s=3.0),
    )
    return Window(start_s=start_s, segments=segments)


def pattern(name: str, cycle_s: float, offset_s: float) -> Pattern:
    main_s = cycle_s / 2
    side = window(main_s + 5, cycle_s - main_s - 10, Aspect.PERMISSIVE)
    groups = (
        GroupTiming(group="main", windows=(window(0.0, main_s),)),
        GroupTiming(group="side", windows=(side,)),
        GroupTiming(group="walk", windows=()),
    )
    return Pattern(
        intersection=name, program="p", cycle_s=cycle_s, offset_s=offset_s, groups=groups
    )


def plan(name: str, patterns: Sequence[Pattern]) -> Plan:
    source = Provenance(
        inputs={"network": "a" * 64},
        settings={"evaluation_budget": 20},
        versions={"citybrain": "0.1.0"},
        seeds=(1001,),
        evaluations=20,
    )
    return Plan(name=name, patterns=tuple(patterns), provenance=source)


def outcome(seed: int, delay_s: float, **changed: int | float) -> Outcome:
    values: dict[str, int | float] = {
        "vehicle_count": 1000,
        "unfinished_veh": 12,
        "never_inserted_veh": 0,
        "teleports": 0,
        "collisions": 0,
        "stops": 1500,
    }
    return Outcome(seed=seed, delay_s=delay_s, **(values | changed))  # type: ignore[arg-type]


def verdict(
    network: Network, decision: Decision = Decision.ACCEPT, *, records_routes: bool = True
) -> Verdict:
    running = tuple(outcome(seed, 40_000.0 + 500 * seed) for seed in (1, 2, 3))
    proposed = tuple(outcome(seed, 30_000.0 + 900 * seed) for seed in (1, 2, 3))
    before = estimate([o.mean_delay_s for o in running])
    after = estimate([o.mean_delay_s for o in proposed])
    change = paired_change(running, proposed, lambda o: o.mean_delay_s)
    return Verdict(
        decision=decision,
        reasons=("The interval excludes zero.",),
        scenario="Main & <Side>",
        running_plan="old",
        proposed_plan="new",
        begin_s=25_200.0,
        end_s=28_800.0,
        running=running,
        proposed=proposed,
        delay_before_s=before,
        delay_after_s=after,
        delay_change_s=change,
        saving=Estimate(mean=0.234, low=0.201, high=0.267),
        worst_seed=3,
        movements=movement_changes(network) if records_routes else (),
        approaches=approach_changes(network) if records_routes else (),
        demand="The scenario's own demand.",
        detector_fits=(fit("loop 1", 1.5), fit("loop 2", 6.5)),
        caveats=("Pedestrians are not modelled.",),
        versions={"SUMO": "1.28.0"},
        hashes={"network": "b" * 64},
    )


def fit(name: str, geh: float) -> DetectorFit:
    return DetectorFit(detector=name, measured_vph=400.0, modelled_vph=430.0, geh=geh)


def movement_changes(network: Network) -> tuple[PartChange, ...]:
    return tuple(
        part(m.name, m.intersection, 12.5 if m.turn == "right" else -7.25 - index)
        for index, m in enumerate(network.movements.values())
    )


def approach_changes(network: Network) -> tuple[PartChange, ...]:
    edges = {m.from_edge: m.intersection for m in network.movements.values()}
    return tuple(
        part(edge, name, 4.0 if edge.startswith("s") else -6.0) for edge, name in edges.items()
    )


def part(name: str, at: str, change_s: float) -> PartChange:
    return PartChange(
        name=name,
        intersection=at,
        count_veh=250.0,
        before_s=30.0,
        after_s=30.0 + change_s,
        change_s=Estimate(mean=change_s, low=change_s - 2, high=change_s + 2),
    )


def mean_delay_s(outcomes: Sequence[Outcome]) -> float:
    return fmean(o.mean_delay_s for o in outcomes)
