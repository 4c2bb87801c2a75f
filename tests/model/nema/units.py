"""Plans that common units can run, drawn by Hypothesis."""

from hypothesis import strategies as st

from benchmarks._nema_units import (
    LEAD_LEAD,
    G,
    eight_phases,
    g,
    numbered,
    phase,
    tee,
)
from citybrain.model.nema.controller_plan import ControllerPlan, Frame
from citybrain.model.nema.phases import PhaseMap

__all__ = ["LEAD_LEAD", "G", "eight_phases", "g", "phase", "runnable", "tee"]


def cut(draw: st.DrawFn, least_s: list[int], spare_s: int) -> list[int]:
    """Return whole seconds above each least that share out what is spare."""
    cuts = sorted(draw(st.integers(0, spare_s)) for _ in least_s[1:])
    spares = [b - a for a, b in zip([0, *cuts], [*cuts, spare_s], strict=True)]
    return [least + more for least, more in zip(least_s, spares, strict=True)]


@st.composite
def runnable(draw: st.DrawFn, phase_map: PhaseMap) -> ControllerPlan:
    """Return numbers that the unit can run, with a local time of its own."""
    sequence = draw(st.sampled_from(sorted(phase_map.sequences)))
    splits_s: dict[int, int] = {}
    cycle_s = 0
    for stretch in phase_map.sequences[sequence]:
        rings = [[phase_map.phase(n).least_split_s for n in ring] for ring in stretch]
        length_s = max(sum(ring) for ring in rings) + draw(st.integers(0, 40))
        for numbers, least in zip(stretch, rings, strict=True):
            if least:
                parts = cut(draw, least, length_s - sum(least))
                splits_s |= dict(zip(numbers, parts, strict=True))
        cycle_s += length_s
    offset_s = draw(st.integers(0, cycle_s - 1))
    zero_s = draw(st.integers(0, 10 * cycle_s - 1)) / 10
    frame = Frame(intersection="J", program="p", zero_s=zero_s)
    ids = (draw(st.integers(1, 253)), sequence)
    return numbered(phase_map, splits_s, offset_s, frame, ids=ids)
