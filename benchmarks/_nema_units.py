"""Common units: eight phases in two rings and a T-junction, and numbers for them."""

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


def eight_phases(yielding_with: int = 4) -> PhaseMap:
    """Return the usual eight phases in two rings, with walks, and one left that also yields.

    Parameters
    ----------
    yielding_with
        Phase during which the left of phase 7 is permissive.  Under phase 4, of the other ring,
        its yellow may be cut short by that green; under phase 8, which follows it, never.
    """
    outputs = [Output(group=f"v{n}", phases={n: G}) for n in range(1, 9) if n != 7]
    outputs.append(Output(group="v7", phases={7: G, yielding_with: g}))
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


def numbered(
    phase_map: PhaseMap,
    splits_s: dict[int, int],
    offset_s: int,
    frame: Frame,
    *,
    ids: tuple[int, int],
) -> ControllerPlan:
    """Return the numbers of a unit.

    Parameters
    ----------
    phase_map
        The unit.
    splits_s
        Phase → split; each ring's splits fill the cycle. [s]
    offset_s
        Offset. [s]
    frame
        Names and local time that the numbers do not tell.
    ids
        Numbers of the pattern and of the sequence.
    """
    number, sequence = ids
    stretches = phase_map.sequences[sequence]
    ring = [n for stretch in stretches for n in next(filter(None, stretch))]
    splits = (
        Split(
            phase=n,
            split_s=splits_s[n],
            mode=mode_of(phase_map.phase(n), phase_map),
            is_coordinated=n in phase_map.coordinated,
        )
        for n in sorted(splits_s)
    )
    return ControllerPlan(
        number=number,
        cycle_s=sum(splits_s[n] for n in ring),
        offset_s=offset_s,
        splits=tuple(splits),
        sequence=sequence,
        frame=frame,
    )
