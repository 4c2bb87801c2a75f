"""Random timings and patterns that can exist."""

from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan, Provenance
from citybrain.model.runs import Run, cyclic_runs
from citybrain.model.signals import GroupTiming

NAMES = st.text("abcXYZ019_-:#é", min_size=1, max_size=8)


@st.composite
def cycles_s(draw: st.DrawFn) -> float:
    return draw(st.integers(1, 200_000)) / 1000


@st.composite
def runs(draw: st.DrawFn, cycle_s: float) -> tuple[Run, ...]:
    cuts_ms = draw(st.sets(st.integers(1, max(1, round(cycle_s * 1000) - 1)), max_size=9))
    starts_s = [0.0, *(ms / 1000 for ms in sorted(cuts_ms) if ms / 1000 < cycle_s)]
    aspects = [draw(st.sampled_from(Aspect)) for _ in starts_s]
    return cyclic_runs(list(zip(starts_s, aspects, strict=True)), cycle_s)


@st.composite
def timings(draw: st.DrawFn, cycle_s: float, group: str = "1") -> GroupTiming:
    return GroupTiming.from_runs(group, draw(runs(cycle_s)), cycle_s)


@st.composite
def cycles_and_timings(draw: st.DrawFn) -> tuple[float, GroupTiming]:
    cycle_s = draw(cycles_s())
    return cycle_s, draw(timings(cycle_s))


@st.composite
def patterns(draw: st.DrawFn, intersection: str = "J") -> Pattern:
    cycle_s = draw(cycles_s())
    offset_ms = draw(st.integers(0, round(cycle_s * 1000) - 1))
    count = draw(st.integers(1, 4))
    return Pattern(
        intersection=intersection,
        program=draw(NAMES),
        cycle_s=cycle_s,
        offset_s=offset_ms / 1000,
        groups=tuple(draw(timings(cycle_s, str(i + 1))) for i in range(count)),
    )


PROVENANCES = st.builds(
    Provenance,
    inputs=st.dictionaries(NAMES, NAMES, max_size=3),
    settings=st.dictionaries(
        NAMES, st.one_of(NAMES, st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    ),
    versions=st.dictionaries(NAMES, NAMES, max_size=3),
    seeds=st.lists(st.integers(0, 2**31), max_size=4).map(tuple),
    evaluations=st.integers(0, 10_000),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    return Plan(
        name=draw(NAMES),
        patterns=tuple(draw(patterns(name)) for name in names),
        provenance=draw(st.none() | PROVENANCES),
    )
