"""A unit's memory, watchdog and schedule, and why it runs Free."""

import pytest

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import Flash, Free, Transaction, UnitControl, Verify
from citybrain.controllers.virtual.database import (
    GENERAL_ERROR,
    INCONSISTENT_VALUE,
    NOT_WRITABLE,
    WRONG_VALUE,
)
from citybrain.controllers.virtual.faults import MEANING, Fault
from citybrain.controllers.virtual.timing import mask_of
from tests.controllers.virtual_units_kit import (
    command,
    download,
    get,
    pass_s,
    put,
    turn,
    unit_of,
)


def test_values_of_a_transaction_are_unseen_until_it_is_done() -> None:
    unit = unit_of()
    assert turn(unit, Transaction.TRANSACTION) == 0
    assert put(unit, 100, objects.PATTERN_CYCLE_TIME, 1) == 0
    assert get(unit, objects.PATTERN_CYCLE_TIME, 1) == 90
    assert turn(unit, Transaction.VERIFY) == 0
    assert get(unit, objects.DB_VERIFY_STATUS) == Verify.NOT_DONE
    assert put(unit, 101, objects.PATTERN_CYCLE_TIME, 1) == INCONSISTENT_VALUE
    pass_s(unit, 1)
    assert get(unit, objects.DB_CREATE_TRANSACTION) == Transaction.DONE
    assert get(unit, objects.PATTERN_CYCLE_TIME, 1) == 90
    assert turn(unit, Transaction.NORMAL) == 0
    assert get(unit, objects.PATTERN_CYCLE_TIME, 1) == 100


def test_a_transaction_that_is_given_up_changes_nothing() -> None:
    unit = unit_of()
    turn(unit, Transaction.TRANSACTION)
    put(unit, 100, objects.PATTERN_CYCLE_TIME, 1)
    assert turn(unit, Transaction.TRANSACTION) == WRONG_VALUE
    assert turn(unit, Transaction.NORMAL) == 0
    assert get(unit, objects.PATTERN_CYCLE_TIME, 1) == 90


@pytest.mark.parametrize(("timeout_s", "state"), [(0, 2), (60, 1)])
def test_a_transaction_that_nobody_touches_ends_where_the_unit_is_set_to_end_it(
    timeout_s: int, state: int
) -> None:
    unit = unit_of(transaction_timeout_s=timeout_s)
    turn(unit, Transaction.TRANSACTION)
    pass_s(unit, 59)
    put(unit, 100, objects.PATTERN_CYCLE_TIME, 1)
    pass_s(unit, 59)
    assert get(unit, objects.DB_CREATE_TRANSACTION) == Transaction.TRANSACTION
    pass_s(unit, 5)
    assert get(unit, objects.DB_CREATE_TRANSACTION) == state
    assert get(unit, objects.PATTERN_CYCLE_TIME, 1) == 90


def test_verify_refuses_rings_that_do_not_meet_and_stores_nothing() -> None:
    unit = unit_of()
    wrong = [(bytes([1, 3, 2, 4]), objects.SEQUENCE_DATA, (1, 1))]
    download(unit, [(100, objects.PATTERN_CYCLE_TIME, (1,)), *wrong])
    assert get(unit, objects.DB_VERIFY_STATUS) == Verify.DONE_WITH_ERROR
    assert b"barrier" in bytes(get(unit, objects.DB_VERIFY_ERROR))  # type: ignore[arg-type]
    assert get(unit, objects.PATTERN_CYCLE_TIME, 1) == 90


@pytest.mark.parametrize("checks", [True, False])
def test_splits_that_overrun_are_refused_only_by_units_that_check_patterns(checks: bool) -> None:
    unit = unit_of(checks_patterns=checks)
    download(unit, [(60, objects.PATTERN_CYCLE_TIME, (1,))])
    expected = Verify.DONE_WITH_ERROR if checks else Verify.DONE_WITH_NO_ERROR
    assert get(unit, objects.DB_VERIFY_STATUS) == expected


def test_structure_is_set_inside_a_transaction_only() -> None:
    unit = unit_of()
    assert put(unit, 1, objects.PHASE_OPTIONS, 2) == GENERAL_ERROR
    turn(unit, Transaction.TRANSACTION)
    assert put(unit, 1, objects.PHASE_OPTIONS, 2) == 0
    assert put(unit, 90, objects.MAX_PHASES) == NOT_WRITABLE


def test_a_commanded_pattern_runs_and_says_so() -> None:
    unit = unit_of()
    command(unit, 2)
    pass_s(unit, 200)
    assert get(unit, objects.COORD_PATTERN_STATUS) == 2
    assert get(unit, objects.LOCAL_FREE_STATUS) == Free.NOT_FREE
    assert get(unit, objects.UNIT_CONTROL_STATUS) == UnitControl.SYSTEM_CONTROL
    assert get(unit, objects.COORD_SYNC_STATUS) == int(unit.now_s) % 90


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([(60, objects.PATTERN_CYCLE_TIME, (1,))], Free.SPLIT_OVERRUN),
        ([(100, objects.PATTERN_CYCLE_TIME, (1,))], Free.BAD_PLAN),
        ([(30, objects.PATTERN_CYCLE_TIME, (1,))], Free.BAD_CYCLE_TIME),
        ([(200, objects.PATTERN_OFFSET_TIME, (1,))], Free.INVALID_OFFSET),
        ([(0, objects.PATTERN_CYCLE_TIME, (1,))], Free.COORD_FREE),
    ],
)
def test_a_plan_that_cannot_run_is_accepted_and_sends_the_unit_to_free(
    values: list[tuple[int, objects.ObjectType, tuple[int, ...]]], reason: Free
) -> None:
    unit = unit_of()
    command(unit, 1)
    pass_s(unit, 100)
    assert download(unit, values) == 0  # type: ignore[arg-type]
    pass_s(unit, 30)
    assert get(unit, objects.COORD_PATTERN_STATUS) == 254
    assert get(unit, objects.LOCAL_FREE_STATUS) == reason


def test_a_silent_master_loses_the_unit_after_the_backup_time() -> None:
    unit = unit_of(backup_time_s=60)
    command(unit, 1)
    pass_s(unit, 59)
    assert get(unit, objects.UNIT_CONTROL_STATUS) == UnitControl.SYSTEM_CONTROL
    command(unit, 1)
    pass_s(unit, 59)
    assert get(unit, objects.UNIT_CONTROL_STATUS) == UnitControl.SYSTEM_CONTROL
    pass_s(unit, 5)
    assert get(unit, objects.UNIT_CONTROL_STATUS) == UnitControl.BACKUP_MODE
    assert get(unit, objects.SYSTEM_PATTERN_CONTROL) == 0


def test_a_day_plan_runs_its_pattern_at_its_time() -> None:
    unit = unit_of()
    action = objects.TIMEBASE_ASC_ACTION_NUMBER.at(3)
    every_day = [(0xFFFF, objects.TIME_BASE_SCHEDULE_MONTH, (1,))]
    every_day += [(0xFF, objects.TIME_BASE_SCHEDULE_DAY, (1,))]
    every_day += [(0xFFFFFFFF, objects.TIME_BASE_SCHEDULE_DATE, (1,))]
    every_day += [(1, objects.TIME_BASE_SCHEDULE_DAY_PLAN, (1,))]
    event = [(0, objects.DAY_PLAN_HOUR, (1, 1)), (5, objects.DAY_PLAN_MINUTE, (1, 1))]
    chosen = [(action, objects.DAY_PLAN_ACTION_NUMBER_OID, (1, 1))]
    download(unit, [*every_day, *event, *chosen, (2, objects.TIMEBASE_ASC_PATTERN, (3,))])  # type: ignore[list-item]
    command(unit, 1)
    pass_s(unit, 400)
    assert get(unit, objects.COORD_PATTERN_STATUS) == 1
    command(unit, 0)
    pass_s(unit, 200)
    assert get(unit, objects.COORD_PATTERN_STATUS) == 2
    assert get(unit, objects.UNIT_CONTROL_STATUS) == UnitControl.TIMEBASE
    assert get(unit, objects.TIMEBASE_ASC_ACTION_STATUS) == 3


def test_power_loss_forgets_the_transaction_and_keeps_what_was_stored() -> None:
    unit = unit_of()
    download(unit, [(7, objects.PATTERN_OFFSET_TIME, (1,))])
    turn(unit, Transaction.TRANSACTION)
    put(unit, 8, objects.PATTERN_OFFSET_TIME, 1)
    unit.lose_power()
    pass_s(unit, 5)
    assert unit.boots == 2
    assert get(unit, objects.DB_CREATE_TRANSACTION) == Transaction.NORMAL
    assert get(unit, objects.PATTERN_OFFSET_TIME, 1) == 7


def test_a_changed_clearance_takes_effect_by_way_of_flash() -> None:
    unit = unit_of()
    pass_s(unit, 60)
    download(unit, [(25, objects.PHASE_RED_CLEAR, (n,)) for n in range(1, 9)])
    pass_s(unit, 120)
    assert unit.machine.settings.timings[2].red_clear_ds == 25
    assert unit.monitor.tripped is None


def test_detectors_call_their_phases_and_count() -> None:
    unit = unit_of(phases=[{"number": n, "minimum_green_s": 6, "yellow_s": 3.5,
                            "red_clear_s": 1.5} for n in range(1, 9)])  # fmt: skip
    pass_s(unit, 40)
    assert unit.shown.greens == mask_of([2, 6])
    unit.rack.cover(frozenset({2}))
    pass_s(unit, 1)
    unit.rack.cover(frozenset())
    pass_s(unit, 12)
    assert unit.shown.greens & mask_of([4])
    pass_s(unit, 60)
    assert get(unit, objects.DETECTOR_VOLUME, 2) in {0, 1}
    assert unit.rack.sequence >= 1


def test_a_conflicting_green_sends_the_cabinet_to_flash_until_it_is_reset() -> None:
    unit = unit_of()
    pass_s(unit, 60)
    unit.switch(Fault.CONFLICT, is_on=True)
    pass_s(unit, 1)
    assert get(unit, objects.UNIT_FLASH_STATUS) == Flash.MMU
    unit.switch(Fault.CONFLICT, is_on=False)
    pass_s(unit, 30)
    assert get(unit, objects.COORD_PATTERN_STATUS) == 255
    unit.reset_monitor()
    pass_s(unit, 30)
    assert get(unit, objects.UNIT_FLASH_STATUS) == Flash.NOT_FLASH


def test_there_are_thirty_faults_and_each_is_explained() -> None:
    assert len(Fault) >= 30
    assert set(MEANING) == set(Fault)


FAULT_SIGNS = {
    Fault.FREE: (objects.LOCAL_FREE_STATUS, Free.INPUT_FREE),
    Fault.FAILED_COORDINATION: (objects.LOCAL_FREE_STATUS, Free.FAILED),
    Fault.MANUAL: (objects.UNIT_CONTROL_STATUS, UnitControl.LOCAL_MANUAL_CONTROL),
    Fault.IGNORES_PATTERN: (objects.UNIT_CONTROL_STATUS, UnitControl.SYSTEM_STANDBY),
    Fault.FLASH: (objects.UNIT_FLASH_STATUS, Flash.LOCAL_MANUAL),
    Fault.CONFLICT: (objects.UNIT_FLASH_STATUS, Flash.MMU),
    Fault.REBOOT_ON_ACTIVATION: (objects.SYSTEM_PATTERN_CONTROL, 0),
}


@pytest.mark.parametrize("fault", FAULT_SIGNS)
def test_a_fault_shows_in_the_status_of_the_unit(fault: Fault) -> None:
    unit = unit_of(fault)
    pass_s(unit, 20)
    command(unit, 1)
    pass_s(unit, 60)
    object_type, expected = FAULT_SIGNS[fault]
    assert get(unit, object_type) == expected


@pytest.mark.parametrize(
    "fault",
    [Fault.DEAF_SPLITS, Fault.FAILING_VERIFY, Fault.STUCK_VERIFY, Fault.READ_ONLY,
     Fault.GENERAL_ERROR],
)  # fmt: skip
def test_faulty_memory_stores_no_new_split(fault: Fault) -> None:
    unit = unit_of(fault)
    download(unit, [(35, objects.SPLIT_TIME, (1, n)) for n in (2, 6, 2, 6)])
    pass_s(unit, 5)
    assert get(unit, objects.SPLIT_TIME, 1, 6) == 30


@pytest.mark.parametrize("fault", [Fault.FORGETS_TRANSACTION, Fault.POWER_LOSS_IN_TRANSACTION])
def test_a_lost_transaction_takes_its_buffer_along(fault: Fault) -> None:
    unit = unit_of(fault)
    turn(unit, Transaction.TRANSACTION)
    put(unit, 35, objects.SPLIT_TIME, 1, 6)
    put(unit, 40, objects.SPLIT_TIME, 1, 2)
    pass_s(unit, 5)
    assert get(unit, objects.DB_CREATE_TRANSACTION) == Transaction.NORMAL
    assert turn(unit, Transaction.VERIFY) == WRONG_VALUE
    assert get(unit, objects.SPLIT_TIME, 1, 6) == 30


def test_a_lying_unit_shows_what_it_held_and_a_half_stored_one_a_mixture() -> None:
    lying, half = unit_of(Fault.LYING_READBACK), unit_of(Fault.HALF_STORED)
    values = [(36, objects.SPLIT_TIME, (1, 2)), (31, objects.SPLIT_TIME, (1, 6))]
    for unit in (lying, half):
        download(unit, values)  # type: ignore[arg-type]
    assert get(lying, objects.SPLIT_TIME, 1, 2) == 35
    assert [get(half, objects.SPLIT_TIME, 1, n) for n in (2, 6)] == [36, 30]
