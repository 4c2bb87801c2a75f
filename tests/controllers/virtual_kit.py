"""Units to test with, and a watcher that measures what they show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from citybrain.controllers.ntcip.states import SplitMode
from citybrain.controllers.virtual.coord_pattern import CoordPattern, Split, SyncPoint
from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.shown import Shown
from citybrain.controllers.virtual.timing import (
    PhaseOption,
    PhaseTiming,
    SignalSettings,
    phases_in,
)

QUAD = (((1, 2), (5, 6)), ((3, 4), (7, 8)))
LEAD_LAG = (((1, 2), (6, 5)), ((4, 3), (7, 8)))
TWO_STAGES = (((2,), (6,)), ((4,), (8,)))
ONE_RING = (((2,),), ((3,),), ((4,),))
TEE = (((2,), (5, 6)), ((4,), ()))
STRUCTURES = (QUAD, LEAD_LAG, TWO_STAGES, ONE_RING, TEE)
MAXIMUM_RECALL = PhaseOption.ENABLED | PhaseOption.MAXIMUM_RECALL


def timing(number: int, **changes: int) -> PhaseTiming:
    values = {
        "minimum_green_ds": 60,
        "maximum_green_ds": 300,
        "passage_ds": 20,
        "yellow_ds": 35,
        "red_clear_ds": 15,
    } | changes
    options = PhaseOption(values.pop("options", int(MAXIMUM_RECALL)))
    return PhaseTiming(number=number, options=options, **values)


def settings_of(
    groups: tuple[tuple[tuple[int, ...], ...], ...] = QUAD,
    changes: Mapping[int, Mapping[str, int]] | None = None,
    **common: int,
) -> SignalSettings:
    numbers = sorted(p for group in groups for ring in group for p in ring)
    return SignalSettings(
        phases=tuple(timing(n, **common, **(changes or {}).get(n, {})) for n in numbers),
        groups=groups,
    )


def pattern_of(
    splits_s: Mapping[int, int], cycle_s: int, offset_s: int = 0, number: int = 1, **more: object
) -> CoordPattern:
    coordinated = more.get("coordinated", {2, 6})
    mode = more.get("mode", SplitMode.NONE)
    return CoordPattern(
        number=number,
        cycle_s=cycle_s,
        offset_s=offset_s,
        splits={
            n: Split(time_s=time_s, mode=mode, is_coordinated=n in coordinated)  # type: ignore[operator,arg-type]
            for n, time_s in splits_s.items()
        },
        sync_point=SyncPoint(more.get("sync_point", SyncPoint.UNIT)),  # type: ignore[call-overload]
    )


QUAD_SPLITS_S = {1: 15, 2: 35, 3: 15, 4: 25, 5: 20, 6: 30, 7: 20, 8: 20}


@dataclass(kw_only=True)
class Watcher:
    """Measures every green, yellow, red clearance and walk; raises where a minimum is cut."""

    settings: SignalSettings
    now_ds: int = 0
    last: Shown = field(default_factory=Shown)
    since_ds: dict[tuple[str, int], int] = field(default_factory=dict)
    starts_ds: dict[int, list[int]] = field(default_factory=dict)
    lengths_ds: dict[int, list[int]] = field(default_factory=dict)
    ended_ds: dict[int, int] = field(default_factory=dict)

    def watch(self, shown: Shown) -> None:
        self.now_ds += 1
        if shown == self.last:
            return
        assert not shown.greens & shown.yellows
        active = shown.greens | shown.yellows
        for phase in phases_in(active):
            clash = active & self.settings.conflicts[phase]
            assert not clash, f"{self.now_ds}: phase {phase} with {list(phases_in(clash))}"
        assert not (shown.walks | shown.pedestrian_clears) & ~shown.greens
        for name in ("greens", "yellows", "walks", "pedestrian_clears"):
            self._mark(name, getattr(self.last, name), getattr(shown, name))
        self.last = shown

    def _mark(self, name: str, before: int, now: int) -> None:
        for phase in phases_in(now & ~before):
            self.since_ds[name, phase] = self.now_ds
            if name == "greens":
                self.starts_ds.setdefault(phase, []).append(self.now_ds)
                self._check_clearance(phase)
        for phase in phases_in(before & ~now):
            self._check_length(name, phase, self.now_ds - self.since_ds[name, phase])

    def _check_clearance(self, phase: int) -> None:
        for other in phases_in(self.settings.conflicts[phase]):
            if other in self.ended_ds:
                clear_ds = self.settings.timings[other].red_clear_ds
                assert self.now_ds - self.ended_ds[other] >= clear_ds, f"red of {other} cut"

    def _check_length(self, name: str, phase: int, length_ds: int) -> None:
        times = self.settings.timings[phase]
        where = f"{name} of {phase} lasted {length_ds} until {self.now_ds}"
        if name == "greens":
            self.lengths_ds.setdefault(phase, []).append(length_ds)
            assert length_ds >= times.minimum_green_ds, where
        elif name == "yellows":
            self.ended_ds[phase] = self.now_ds
            assert length_ds == times.yellow_ds, where
        elif name == "walks":
            assert length_ds >= times.walk_ds, where
        else:
            assert length_ds == times.pedestrian_clear_ds, where


def ticks(machine: SignalMachine, watcher: Watcher, count: int, **inputs: int) -> Iterator[int]:
    """Run a machine for some tenths of a second, watched; yield the time after each."""
    for _ in range(count):
        machine.tick(watcher.now_ds + 1, **inputs)
        watcher.watch(machine.shown)
        yield watcher.now_ds


def run(machine: SignalMachine, watcher: Watcher, seconds: float, **inputs: int) -> None:
    for _ in ticks(machine, watcher, round(seconds * 10), **inputs):
        pass


@st.composite
def unit_settings(draw: st.DrawFn) -> SignalSettings:
    groups = draw(st.sampled_from(STRUCTURES))
    numbers = sorted(p for group in groups for ring in group for p in ring)
    option = st.sampled_from(
        [
            PhaseOption.ENABLED,
            MAXIMUM_RECALL,
            PhaseOption.ENABLED | PhaseOption.MINIMUM_RECALL,
            PhaseOption.ENABLED | PhaseOption.NON_LOCK_MEMORY,
            MAXIMUM_RECALL | PhaseOption.PEDESTRIAN_RECALL,
        ]
    )
    phases = []
    for number in numbers:
        walk_ds = draw(st.sampled_from([0, 0, 70, 100]))
        phases.append(
            timing(
                number,
                minimum_green_ds=draw(st.integers(40, 120)),
                maximum_green_ds=draw(st.integers(130, 400)),
                passage_ds=draw(st.integers(0, 50)),
                yellow_ds=draw(st.integers(30, 50)),
                red_clear_ds=draw(st.integers(0, 40)),
                walk_ds=walk_ds,
                pedestrian_clear_ds=draw(st.integers(30, 120)) if walk_ds else 0,
                options=int(draw(option)),
            )
        )
    return SignalSettings(phases=tuple(phases), groups=groups)


@st.composite
def patterns_for(draw: st.DrawFn, settings: SignalSettings, number: int = 1) -> CoordPattern:
    """Return a pattern that the unit can run."""
    splits_s: dict[int, int] = {}
    cycle_s = 0
    for group in settings.groups:
        least = [[_least_s(settings.timings[n]) for n in ring] for ring in group if ring]
        length_s = max(sum(ring) for ring in least) + draw(st.integers(0, 15))
        for ring, needs_s in zip((r for r in group if r), least, strict=True):
            spare_s = length_s - sum(needs_s)
            for at, (phase, need_s) in enumerate(zip(ring, needs_s, strict=True)):
                more_s = spare_s if at == len(ring) - 1 else draw(st.integers(0, spare_s))
                splits_s[phase] = need_s + more_s
                spare_s -= more_s
        cycle_s += length_s
    coordinated = {ring[-1] for ring in settings.groups[0] if ring}
    if draw(st.booleans()) or not _overlap(settings, splits_s, coordinated):
        coordinated = {min(coordinated)}
    mode = draw(st.sampled_from([SplitMode.NONE, SplitMode.MAXIMUM_VEHICLE_RECALL]))
    return pattern_of(
        splits_s,
        cycle_s,
        draw(st.integers(0, cycle_s - 1)),
        number,
        coordinated=coordinated,
        mode=mode,
        sync_point=draw(st.sampled_from(list(SyncPoint))),
    )


def _overlap(settings: SignalSettings, splits_s: Mapping[int, int], coordinated: set[int]) -> bool:
    """Tell whether the last greens before the first barrier are on together."""
    starts_ds = [-10 * splits_s[n] for n in coordinated]
    ends_ds = [-settings.timings[n].clear_ds for n in coordinated]
    return max(starts_ds) < min(ends_ds)


def _least_s(times: PhaseTiming) -> int:
    return -(-(times.need_ds + times.clear_ds) // 10)
