"""Bands along an arterial: no offsets in whole seconds are better than those returned."""

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from citybrain.errors import InfeasibleError
from optimizer.bandwidth import Arterial, Section, Signal, bands_of, widest_bands

FEW = settings(max_examples=25, deadline=None)
CYCLE_S = 24


@st.composite
def arterials(draw: st.DrawFn) -> Arterial:
    greens = st.tuples(st.integers(0, CYCLE_S - 1), st.integers(4, 16))
    signals = [
        Signal(intersection=name, outbound=draw(greens), inbound=draw(greens)) for name in "ABC"
    ]
    times = st.integers(3, 40)
    flows = st.sampled_from([1.0, 2.0, 5.0])
    sections = [
        Section(
            outbound_s=draw(times),
            inbound_s=draw(times),
            outbound_vph=draw(flows),
            inbound_vph=draw(flows),
        )
        for _ in range(2)
    ]
    return Arterial(signals=tuple(signals), sections=tuple(sections), cycle_s=CYCLE_S)


def uniform_s(arterial: Arterial, offsets_s: dict[str, float]) -> tuple[int, int]:
    """Longest stretch of the cycle in which a driver meets green at every signal, each way.

    Greens that make up more than a cycle can meet in two stretches; a band is one of them.
    """
    out, back = (
        longest_s([rides(arterial, offsets_s, t, is_outbound=way) for t in range(CYCLE_S)])
        for way in (True, False)
    )
    return out, back


def longest_s(is_green: list[bool]) -> int:
    seconds = "".join("x" if green else " " for green in is_green * 2)
    return min(CYCLE_S, max(map(len, seconds.split()), default=0))


def rides(
    arterial: Arterial, offsets_s: dict[str, float], begin_s: int, *, is_outbound: bool
) -> bool:
    signals = arterial.signals if is_outbound else arterial.signals[::-1]
    sections = arterial.sections if is_outbound else arterial.sections[::-1]
    at_s = begin_s
    for index, signal in enumerate(signals):
        start_s, green_s = signal.outbound if is_outbound else signal.inbound
        if (at_s - offsets_s[signal.intersection] - start_s) % CYCLE_S >= green_s:
            return False
        if index < len(sections):
            section = sections[index]
            at_s += round(section.outbound_s if is_outbound else section.inbound_s)
    return True


def worth(arterial: Arterial, offsets_s: dict[str, float]) -> float:
    bands = bands_of(arterial, offsets_s)
    return sum(
        section.outbound_vph * out_s + section.inbound_vph * back_s
        for section, out_s, back_s in zip(
            arterial.sections, bands.outbound_s, bands.inbound_s, strict=True
        )
    )


TWO_STRETCHES = Arterial(
    signals=(
        Signal(intersection="A", outbound=(0, 11), inbound=(0, 9)),
        Signal(intersection="B", outbound=(0, 16), inbound=(0, 9)),
        Signal(intersection="C", outbound=(0, 10), inbound=(1, 10)),
    ),
    sections=(Section(outbound_s=3, inbound_s=11), Section(outbound_s=3, inbound_s=4)),
    cycle_s=CYCLE_S,
)


@FEW
@given(arterials())
@example(TWO_STRETCHES)
def test_one_band_for_all_is_as_wide_as_trying_every_offset(arterial: Arterial) -> None:
    flows = arterial.sections[0].outbound_vph, arterial.sections[0].inbound_vph
    sections = tuple(
        Section(
            outbound_s=s.outbound_s,
            inbound_s=s.inbound_s,
            outbound_vph=flows[0],
            inbound_vph=flows[1],
        )
        for s in arterial.sections
    )
    same = Arterial(signals=arterial.signals, sections=sections, cycle_s=CYCLE_S)
    found = widest_bands(same, is_uniform=True)
    best = max(
        sum(
            w * s
            for w, s in zip(flows, uniform_s(same, dict(zip("ABC", o, strict=True))), strict=True)
        )
        for o in product([0], range(CYCLE_S), range(CYCLE_S))
    )
    reached = sum(w * s for w, s in zip(flows, uniform_s(same, found.offsets_s), strict=True))
    assert reached >= best


def test_equal_signals_a_cycle_apart_have_the_whole_green_both_ways() -> None:
    signals = tuple(Signal(intersection=n, outbound=(5, 10), inbound=(5, 10)) for n in "ABCD")
    sections = (Section(outbound_s=CYCLE_S, inbound_s=CYCLE_S),) * 3
    found = widest_bands(Arterial(signals=signals, sections=sections, cycle_s=CYCLE_S))
    assert set(found.offsets_s.values()) == {0.0}
    assert set(found.outbound_s) == set(found.inbound_s) == {10}


def test_one_signal_is_no_arterial() -> None:
    with pytest.raises(InfeasibleError, match="1 signals"):
        Arterial(
            signals=(Signal(intersection="A", outbound=(0, 5), inbound=(0, 5)),),
            sections=(),
            cycle_s=60,
        )
