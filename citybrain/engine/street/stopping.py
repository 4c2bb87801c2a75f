"""The kill switch: anybody may stop all pushes, few may let them go again."""

from collections.abc import Callable
from datetime import datetime

from citybrain.controllers.signatures import SigningKey
from citybrain.engine.street.desk import Desk, open_street_ledger, signed_by
from citybrain.engine.street.settings import Street
from citybrain.errors import CitybrainError, UnsafePlanError
from citybrain.model.audit import parsed_json
from citybrain.model.statements import ROLE_OF, Act, Signed
from citybrain.store.ledger.audit import read_audit
from citybrain.store.ledger.stops import (
    KILL_SWITCH,
    STOPPED,
    release_file,
    set_stop,
    stop_by_file,
    stop_in_file,
    stop_in_ledger,
)

RELEASED = "signed: release the kill switch"
"""What the audit log calls the record with the signature of a release."""
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


def check_released(desk: Desk) -> None:
    """Raise unless a person with a key let pushes go since they were last stopped.

    That the row in the ledger says so is not enough: many may write there.

    Raises
    ------
    UnsafePlanError
        Nobody did.
    """
    records = read_audit(desk.ledger, subject=KILL_SWITCH)
    stopped = max((each.number for each in records if each.what == STOPPED), default=0)
    later = [each for each in records if each.number > stopped and each.what == RELEASED]
    if stopped and not any(_is_release(desk, each.detail, stopped) for each in later):
        msg = (
            f"all pushes were stopped (record {stopped} of the audit log), and nobody with a key "
            "has let them go since: citybrain kill-switch off"
        )
        raise UnsafePlanError(msg)


def _is_release(desk: Desk, detail: str, stopped: int) -> bool:
    """Tell whether a signature lets pushes go that were stopped by a record."""
    try:
        vouched = desk.register.vouch(Signed(**parsed_json(detail)))
    except (CitybrainError, TypeError, ValueError):
        return False
    statement = vouched.statement
    is_allowed = ROLE_OF[Act.RELEASE] in vouched.roles and vouched.person == statement.person
    return is_allowed and statement.act is Act.RELEASE and statement.log.number >= stopped


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
        signature = {key: getattr(signed, key) for key in ("statement", "key", "signature")}
        writing.note(RELEASED, KILL_SWITCH, signature)
    # the row goes last: a file that is made meanwhile, or a gate that still sees this one, stops
    release_file(desk.street.kill_file)
    set_stop(desk.ledger, person, comment, is_on=False)
