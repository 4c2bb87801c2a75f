"""The desk at which plans are judged: settings, ledger, register, clock; and signing at it."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from citybrain.controllers.signatures import Register, SigningKey, read_register
from citybrain.engine.street.seals import Seal
from citybrain.engine.street.settings import Street
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.plan import Plan
from citybrain.model.statements import ROLE_OF, Act, Signed, Statement, read_statement
from citybrain.store.ledger import Ledger, open_ledger
from citybrain.store.ledger.audit import present_head
from citybrain.store.ledger.opening import holds_password
from citybrain.store.ledger.plans import KeptPlan, kept_plan, one_hash
from citybrain.store.ledger.pushes import running
from citybrain.store.plans import plan_of


def utc_now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every step of an approval works with.

    Parameters
    ----------
    street
        The settings.
    ledger
        Where everything is kept.
    register
        Public keys that count.
    clock
        Tells the time, in UTC.
    seal
        That of the gate; none at every other desk.
    """

    street: Street
    ledger: Ledger
    register: Register
    clock: Callable[[], datetime]
    seal: Seal | None = None

    def now(self) -> str:
        """Return the present instant as it is written."""
        return self.clock().isoformat(timespec="milliseconds")


@contextmanager
def open_desk(
    street: Street, clock: Callable[[], datetime] = utc_now, seal: Seal | None = None
) -> Iterator[Desk]:
    """Open ledger and register.

    Parameters
    ----------
    street
        The settings.
    clock
        Tells the time, in UTC.
    seal
        That of the gate, whose desk this is.

    Raises
    ------
    InputError
        One of them cannot be used.
    """
    register = read_register(street.keys)
    with open_street_ledger(street, clock) as ledger:
        yield Desk(street=street, ledger=ledger, register=register, clock=clock, seal=seal)


def open_street_ledger(street: Street, clock: Callable[[], datetime]) -> Ledger:
    """Open the ledger that the settings name.

    Parameters
    ----------
    street
        The settings.
    clock
        Tells the time, in UTC.

    Raises
    ------
    InputError
        It cannot be opened, or its address holds a password and others than the owner of the
        settings may read them.
    """
    if holds_password(street.ledger):
        _check_private(street.path)
    return open_ledger(street.ledger, street.head_file, clock)


def _check_private(path: Path) -> None:
    """Raise unless the file belongs to the user who runs this, and nobody else may read it."""
    kept = path.stat()
    if kept.st_uid != os.geteuid() or kept.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        where, what = f"{path}, ledger", "holds a password that others may read"
        mend = f"keep it in PGPASSFILE, or own the file and run: chmod 600 {path}"
        raise InputError(where, what, mend)


def proposed_schedule(plan: KeptPlan) -> str:
    """Return when a plan is to run, as its last proposal says; empty for one that is commanded.

    Whether that proposal was signed is for whoever relies on it to check.

    Raises
    ------
    InputError
        What was signed about the plan is no statement.
    """
    said = [read_statement(signed.statement) for signed in plan.signed]
    return next((each.schedule for each in reversed(said) if each.act is Act.PROPOSE), "")


def signed_by(
    desk: Desk,
    key: SigningKey,
    act: Act,
    about: KeptPlan | None,
    said: tuple[str, tuple[str, ...]],
    schedule: str = "",
) -> Signed:
    """Sign a statement with a key that is registered for it.

    Parameters
    ----------
    desk
        Ledger and register.
    key
        Private key.
    act
        What the statement does.
    about
        The plan; none for the kill switch and for alarms.
    said
        Comment, and the units that an order is for.
    schedule
        When the plan is to run, for a proposal; all later statements say the same as it.

    Raises
    ------
    UnsafePlanError
        The key is not registered, or not for this act.
    """
    registered = desk.register.key(key.name)
    if registered is None or registered.public != key.public:
        msg = f"key {key.name} is not the one of that name in {desk.street.keys}"
        raise UnsafePlanError(msg)
    if ROLE_OF[act] not in registered.roles:
        msg = f"key {key.name} of {registered.person} may not {act.value}"
        raise UnsafePlanError(msg)
    with desk.ledger.reading() as connection:
        log = present_head(connection)
    comment, units = said
    return key.sign(
        Statement(
            act=act,
            plan_hash=about.hash if about else "",
            verdict_hash=about.verdict_hash if about else "",
            person=registered.person,
            comment=comment,
            at=desk.now(),
            log=log,
            units=units,
            schedule=proposed_schedule(about) if about and act is not Act.PROPOSE else schedule,
        )
    )


def find_plan(desk: Desk, beginning: str) -> KeptPlan:
    """Return a plan by the first characters of its hash, or by its name.

    Raises
    ------
    InputError
        There is no such plan, or more than one.
    """
    with desk.ledger.reading() as connection:
        return kept_plan(connection, one_hash(connection, beginning))


def running_plans(desk: Desk) -> dict[str, Plan]:
    """Return the plans of the ledger that units were proven to run, by unit.

    Raises
    ------
    InputError
        The ledger cannot be read, or a text in it describes no plan.
    """
    with desk.ledger.reading() as connection:
        rows = running(connection).items()
        known = {unit: row.plan_hash for unit, row in rows if row.plan_hash}
        texts = {key: kept_plan(connection, key).text for key in set(known.values())}
    plans = {key: plan_of(text, f"plan {key[:12]}") for key, text in texts.items()}
    return {unit: plans[key] for unit, key in known.items()}
