"""The kill switch: anybody may stop all pushes, few may let them go again."""

from collections.abc import Callable
from datetime import datetime

from citybrain.controllers.signatures import SigningKey
from citybrain.engine.approval_desk import Desk, open_street_ledger, signed_by
from citybrain.engine.approval_settings import Street
from citybrain.errors import CitybrainError
from citybrain.model.statements import Act
from citybrain.store.ledger.stops import (
    release_file,
    set_stop,
    stop_by_file,
    stop_in_file,
    stop_in_ledger,
)

KILL_FILE = "the kill file"
"""Who stopped all pushes, where only the file was made and names nobody."""


def stop(street: Street, who: str, why: str, clock: Callable[[], datetime]) -> str:
    """Stop all pushes at once.

    The file comes first and needs neither key nor database; the ledger, with its audit record,
    follows if it can be reached.

    Parameters
    ----------
    street
        The settings.
    who, why
        Person and reason.
    clock
        Tells the time, in UTC.

    Returns
    -------
    str
        Why the ledger does not have it; empty if it has.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    stop_by_file(street.kill_file, who, why, clock().isoformat(timespec="milliseconds"))
    try:
        with open_street_ledger(street, clock) as ledger:
            set_stop(ledger, who, why, is_on=True)
    except CitybrainError as error:
        return str(error)
    return ""


def note_kill_file(desk: Desk) -> None:
    """Keep in the ledger that the kill file is there, whoever made it.

    So a file that is merely removed lets nothing go again: that takes a key, as everywhere else.

    Parameters
    ----------
    desk
        The gate's.

    Raises
    ------
    InputError
        The ledger cannot be written; the file stops all pushes for as long as it is there.
    """
    stop = stop_in_file(desk.street.kill_file)
    if stop.is_on and not stop_in_ledger(desk.ledger).is_on:
        set_stop(desk.ledger, stop.who or KILL_FILE, stop.why, is_on=True)


def release(desk: Desk, key: SigningKey, comment: str) -> None:
    """Let pushes go again: signed and audited.

    Parameters
    ----------
    desk
        Ledger and register.
    key
        Key with the role ``stop``.
    comment
        Why.

    Raises
    ------
    UnsafePlanError
        The key may not do this.
    InputError
        Ledger or file cannot be written; pushes stay stopped.
    """
    signed = signed_by(desk, key, Act.RELEASE, None, (comment, ()))
    person = desk.register.vouch(signed).person
    with desk.ledger.writing(person) as writing:
        signature = {"statement": signed.statement, "signature": signed.signature}
        writing.note("signed: release the kill switch", "kill switch", signature)
    # the row goes last: a file that is made meanwhile, or a gate that still sees this one, stops
    release_file(desk.street.kill_file)
    set_stop(desk.ledger, person, comment, is_on=False)
