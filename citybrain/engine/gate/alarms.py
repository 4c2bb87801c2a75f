"""Alarms: what somebody must look at, until somebody says that it was looked at."""

from collections.abc import Mapping, Sequence

from citybrain.controllers.signatures import SigningKey
from citybrain.engine.gate.records import GATE
from citybrain.engine.street.desk import Desk, signed_by
from citybrain.errors import InputError, told_of
from citybrain.model.statements import Act
from citybrain.store.ledger.pushes import clear_alarm, is_alarmed, open_alarms, raise_alarm

UNFORESEEN = "unforeseen error"
"""Kind of the alarm about an error of a kind that nobody thought of."""

Alarm = Mapping[str, object]
"""Number (``record``), instant, unit, kind and text."""


def present_alarms(desk: Desk) -> list[Alarm]:
    """Return the alarms that nobody has cleared, the oldest first.

    Raises
    ------
    InputError
        The ledger cannot be read.
    """
    with desk.ledger.reading() as connection:
        return list(open_alarms(connection))


def note_unforeseen(desk: Desk, unit: str, error: Exception, what: str) -> None:
    """Tell that something of which nobody thought has failed, once until somebody has looked.

    Parameters
    ----------
    desk
        Ledger.
    unit
        Unit that it happened with.
    error
        What failed.
    what
        What follows from it.

    Raises
    ------
    InputError
        The ledger cannot be written.
    """
    with desk.ledger.writing(GATE) as writing:
        if not is_alarmed(writing.connection, unit, UNFORESEEN):
            text = f"{told_of(error)}; {what}; tell whoever maintains citybrain"
            raise_alarm(writing, unit, UNFORESEEN, text)


def clear(desk: Desk, number: int, key: SigningKey, comment: str) -> Alarm:
    """Say that an alarm was looked at: signed, and kept in the audit log.

    Parameters
    ----------
    desk
        Ledger and register.
    number
        Number of the alarm.
    key
        Key with the role ``push``.
    comment
        What was found.

    Returns
    -------
    Alarm
        The alarm that is cleared.

    Raises
    ------
    UnsafePlanError
        The key may not do this.
    InputError
        No such alarm is open.
    """
    alarm = _open(present_alarms(desk), number)
    unit = str(alarm["unit"])
    signed = signed_by(desk, key, Act.CLEAR, None, (f"alarm {number}: {comment}", (unit,)))
    with desk.ledger.writing(desk.register.vouch(signed).person) as writing:
        writing.wait_for_others()
        _open(open_alarms(writing.connection), number)  # or somebody has cleared it meanwhile
        signature = {"statement": signed.statement, "signature": signed.signature}
        writing.note(f"signed: clear alarm {number}", unit, signature)
        clear_alarm(writing, number, unit)
    return alarm


def _open(alarms: Sequence[Alarm], number: int) -> Alarm:
    """Return the alarm of this number among those that are open."""
    alarm = next((each for each in alarms if each["record"] == number), None)
    if alarm is None:
        where = f"alarm {number}"
        raise InputError(where, "is not open", "see those that are: citybrain alarms show")
    return alarm
