"""The conflict monitor trips on what no controller may show, and on nothing else."""

import pytest

from citybrain.controllers.virtual.layout import lay_out
from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.monitor import ConflictMonitor, MonitorCard, Trip
from citybrain.controllers.virtual.shown import Shown
from citybrain.controllers.virtual.timing import mask_of
from tests.controllers.virtual_kit import QUAD_SPLITS_S, pattern_of, settings_of

CARD = MonitorCard(conflicts={2: mask_of([4]), 4: mask_of([2])})
GREEN, YELLOW, RED = Shown(greens=0b10), Shown(yellows=0b10), Shown()
CROSS = Shown(greens=0b1000)


def tripped(*parts: tuple[Shown, int]) -> Trip | None:
    monitor = ConflictMonitor(CARD)
    for shown, length_ds in parts:
        for _ in range(length_ds):
            monitor.watch(shown)
    return monitor.tripped.trip if monitor.tripped else None


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(GREEN, 70), (YELLOW, 30), (RED, 10), (CROSS, 70)], None),
        ([(GREEN, 70), (YELLOW, 26), (RED, 20), (CROSS, 70)], Trip.SHORT_YELLOW),
        ([(GREEN, 70), (RED, 50)], Trip.SKIPPED_YELLOW),
        ([(GREEN, 70), (Shown(greens=0b1010), 1)], Trip.CONFLICT),
        ([(GREEN, 70), (Shown(greens=0b1000, yellows=0b10), 1)], Trip.CONFLICT),
        ([(GREEN, 70), (YELLOW, 27), (CROSS, 1)], Trip.SHORT_CLEARANCE),
        ([(Shown(greens=0b10, yellows=0b10), 1)], Trip.DUAL_INDICATION),
        ([(GREEN, 70), (Shown(is_flashing=True), 10), (CROSS, 5)], None),
    ],
)
def test_the_monitor_trips_on_unsafe_colours_only(
    parts: list[tuple[Shown, int]], expected: Trip | None
) -> None:
    assert tripped(*parts) is expected


def test_a_trip_stays_until_it_is_reset() -> None:
    monitor = ConflictMonitor(CARD)
    monitor.watch(Shown(greens=0b1010))
    assert monitor.watch(RED)
    monitor.reset()
    assert not monitor.watch(RED)


def test_a_sound_machine_never_trips_it() -> None:
    unit = settings_of()
    machine = SignalMachine(unit)
    monitor = ConflictMonitor(MonitorCard(conflicts=unit.conflicts))
    machine.run_pattern(lay_out(unit, pattern_of(QUAD_SPLITS_S, 90, 17)))
    assert not any((machine.tick(at), monitor.watch(machine.shown))[1] for at in range(1, 6000)), (
        monitor.tripped
    )
