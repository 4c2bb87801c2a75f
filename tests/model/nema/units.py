"""Phase maps of common units, and the plans that they can run."""

from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.nema.controller_plan import ControllerPlan, Frame, Split
from citybrain.model.nema.encoding import mode_of
from citybrain.model.nema.phases import Output, Phase, PhaseMap

G, g = Aspect.PROTECTED, Aspect.PERMISSIVE
LEAD_LEAD = (((1, 2), (5, 6)), ((3, 4), (7, 8)))
LEAD_LAG = (((1, 2), (6, 5)), ((3, 4), (8, 7)))


def phase(number: int) -> Phase:
    """Return a phase: odd ones turn left, even ones go straight on and have a walk."""
    if number % 2:
        return Phase(number=number, minimum_green_s=5, yellow_s=3.0, red_clearance_s=1.5)
    return Phase(
        number=number,
        minimum_green_s=8,
        yellow_s=4.2,
        red_clearance_s=1.3,
        walk_s=7,
        pedestrian_clearance_s=11,
        rests_in_walk=number == 2,
    )


def eight_phases() -> PhaseMap:
    """Return the usual eight phases in two rings, with walks, and one left that also yields."""
    outputs = [Output(group=f"v{n}", phases={n: G}) for n in range(1, 9) if n != 7]
    outputs.append(Output(group="v7", phases={7: G, 4: g}))
    outputs += [Output(group=f"p{n}", phases={n: G}, is_walk=True) for n in (2, 4, 6, 8)]
    return PhaseMap(
        phases=tuple(phase(n) for n in range(1, 9)),
        sequences={1: LEAD_LEAD, 3: LEAD_LAG},
        coordinated=(2, 6),
        outputs=tuple(outputs),
    )


def tee() -> PhaseMap:
    """Return a T-junction: one ring has nothing to serve beside the minor street."""
    return PhaseMap(
        phases=tuple(phase(n) for n in (2, 4, 5, 6)),
        sequences={1: (((2,), (5, 6)), ((4,), ()))},
        coordinated=(2, 6),
        outputs=(
            Output(group="1", phases={2: G}),
            Output(group="2", phases={2: g, 5: G}),
            Output(group="3", phases={6: G}),
            Output(group="4", phases={4: G}),
            Output(group="5", phases={4: g}),
            Output(group="6", phases={6: G}, is_walk=True),
            Output(group="7", phases={4: G, 5: G}),
        ),
    )


def cut(draw: st.DrawFn, least_s: list[int], spare_s: int) -> list[int]:
    """Return whole seconds above each least that share out what is spare."""
    cuts = sorted(draw(st.integers(0, spare_s)) for _ in least_s[1:])
    spares = [b - a for a, b in zip([0, *cuts], [*cuts, spare_s], strict=True)]
    return [least + more for least, more in zip(least_s, spares, strict=True)]


def least_split_s(one: Phase) -> int:
    """Return the shortest whole split of a phase [s]."""
    return -int(-(one.least_green_s + one.clearance_s) // 1)


@st.composite
def runnable(draw: st.DrawFn, phase_map: PhaseMap) -> ControllerPlan:
    """Return numbers that the unit can run, with a local time of its own."""
    sequence = draw(st.sampled_from(sorted(phase_map.sequences)))
    splits_s: dict[int, int] = {}
    cycle_s = 0
    for stretch in phase_map.sequences[sequence]:
        rings = [[least_split_s(phase_map.phase(n)) for n in ring] for ring in stretch]
        length_s = max(sum(ring) for ring in rings) + draw(st.integers(0, 40))
        for numbers, least in zip(stretch, rings, strict=True):
            if least:
                parts = cut(draw, least, length_s - sum(least))
                splits_s |= dict(zip(numbers, parts, strict=True))
        cycle_s += length_s
    offset_s = draw(st.integers(0, cycle_s - 1))
    zero_s = draw(st.integers(0, 10 * cycle_s - 1)) / 10
    return ControllerPlan(
        number=draw(st.integers(1, 253)),
        cycle_s=cycle_s,
        offset_s=offset_s,
        splits=tuple(
            Split(
                phase=n,
                split_s=splits_s[n],
                mode=mode_of(phase_map.phase(n), phase_map),
                is_coordinated=n in phase_map.coordinated,
            )
            for n in sorted(splits_s)
        ),
        sequence=sequence,
        frame=Frame(intersection="J", program="p", zero_s=zero_s),
    )
