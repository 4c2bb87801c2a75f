"""What a unit says of itself, and what it can do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum
from functools import cache

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import Flash, Free, Transaction, UnitControl
from citybrain.controllers.ntcip.syntax import Instance, Value
from citybrain.ports.controllers import Capabilities, Limitation, UnitStatus

Clock = Callable[[], datetime]

STATUS = tuple(
    each.of()
    for each in (
        objects.COORD_PATTERN_STATUS,
        objects.SYSTEM_PATTERN_CONTROL,
        objects.UNIT_CONTROL_STATUS,
        objects.LOCAL_FREE_STATUS,
        objects.UNIT_FLASH_STATUS,
        objects.COORD_CYCLE_STATUS,
        objects.COORD_SYNC_STATUS,
        objects.UNIT_BACKUP_TIME,
        objects.DB_CREATE_TRANSACTION,
        objects.SHORT_ALARM_STATUS,
        objects.CONTROLLER_LOCAL_TIME,
    )
)
"""What one question about the status asks for."""
_NEEDED: Mapping[Instance, str] = {
    objects.DB_CREATE_TRANSACTION.of(): "no plan can be downloaded: without a transaction it might "
    "take half of it",
    objects.SYSTEM_PATTERN_CONTROL.of(): "no pattern can be commanded, only scheduled",
    objects.UNIT_BACKUP_TIME.of(): "no pattern can be commanded: nothing would end it when "
    "citybrain falls silent",
    objects.COORD_PATTERN_STATUS.of(): "nothing proves which pattern runs, so no plan is activated",
    objects.LOCAL_FREE_STATUS.of(): "nothing proves that a plan runs, so no plan is activated",
    objects.UNIT_CONTROL_STATUS.of(): "nothing proves who commands, so no plan is activated",
    objects.COORD_CYCLE_STATUS.of(): "the proof cannot see the cycle counter move",
    objects.UNIT_FLASH_STATUS.of(): "flash is not told apart from coordination",
    objects.DB_VERIFY_STATUS.of(): "the unit's own check of a download is not heard",
    objects.MAX_DAY_PLANS.of(): "no day plan can be written",
    objects.SEQUENCE_DATA.of(1, 1): "the order of phases is not compared with the plan",
    objects.SPLIT_COORD_PHASE.of(1, 1): "the coordinated phases are not compared with the plan",
    objects.CONTROLLER_LOCAL_TIME.of(): "which part of a day plan should run now is not known",
}
"""Object → what is not possible without it."""
_SIZES = tuple(
    each.of()
    for each in (
        objects.MAX_PHASES,
        objects.MAX_RINGS,
        objects.MAX_PATTERNS,
        objects.MAX_SPLITS,
        objects.MAX_DAY_PLANS,
    )
)
_NAMES = tuple(
    each.of(1) for each in (objects.MODULE_MAKE, objects.MODULE_MODEL, objects.MODULE_VERSION)
)


async def read_status(session: Session, now: Clock) -> UnitStatus:
    """Return what the unit says of itself, in one question.

    Parameters
    ----------
    session
        To the unit.
    now
        The clock. [UTC]

    Raises
    ------
    ControllerError
        It does not answer, or not sensibly.
    """
    return status_of(session.unit, await session.get(STATUS), now())


def status_of(unit: str, held: Mapping[str, Value | None], at: datetime) -> UnitStatus:
    """Return a status from the values of ``STATUS``.

    Parameters
    ----------
    unit
        Name of the controller.
    held
        Identifier → value; none for what the unit lacks.
    at
        When it answered. [UTC]
    """
    pattern, system, control, free, flash, cycle, sync, backup, transaction, alarms, local = (
        held[each.oid] for each in STATUS
    )
    return UnitStatus(
        unit=unit,
        read_at=at,
        pattern=_number(pattern),
        system_pattern=_number(system),
        control=state_name(UnitControl, control),
        free=state_name(Free, free),
        flash=state_name(Flash, flash),
        cycle_s=_number(cycle),
        sync_s=_number(sync),
        backup_time_s=_number(backup),
        transaction=state_name(Transaction, transaction),
        alarms=_number(alarms),
        local_time_s=_number(local),
        missing=tuple(each.object_type.name for each in STATUS if held[each.oid] is None),
    )


async def read_capabilities(session: Session) -> Capabilities:
    """Return what the unit is and can do; what it lacks is named, with the consequence.

    Raises
    ------
    ControllerError
        It does not answer, or not sensibly.
    """
    held = await session.get((*_SIZES, *_NAMES, *_NEEDED))
    make, model, version = (printable(held[each.oid]) for each in _NAMES)
    phases, rings, patterns, splits, day_plans = (_number(held[each.oid]) for each in _SIZES)
    lacking = (*(each for each in (*_SIZES, *_NEEDED) if held[each.oid] is None),)
    return Capabilities(
        unit=session.unit,
        make=make,
        model=model,
        version=version,
        phases=phases,
        rings=rings,
        patterns=patterns,
        splits=splits,
        day_plans=day_plans,
        limitations=tuple(
            Limitation(
                object_name=each.name,
                consequence=_NEEDED.get(each, "its size is unknown, so no plan can be checked"),
            )
            for each in dict.fromkeys(lacking)
        ),
    )


def state_name(states: type[IntEnum], value: Value | None) -> str:
    """Return the name of a state; ``UNKNOWN`` if the unit lacks it or the number has no name."""
    if value is None:
        return "UNKNOWN"
    return _names(states).get(_number(value)) or f"UNKNOWN ({value!r})"


@cache
def _names(states: type[IntEnum]) -> dict[int, str]:
    """Return number → name; every poll of every unit asks for it."""
    return {int(state): state.name for state in states}


def printable(value: Value | None) -> str:
    """Return a text of a unit as one printable line."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
    return "".join(each if each.isprintable() else "?" for each in text.rstrip("\x00")).strip()


def _number(value: Value | None) -> int:
    return value if isinstance(value, int) else 0
