"""What people say about a plan, in the words that are signed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from citybrain.errors import InputError
from citybrain.model.audit import AuditHead, canonical_json, parsed_json
from citybrain.model.schedule import read_schedule

FORMAT = "citybrain statement 1"
"""Name and version of what is signed; a signature of anything else can never be mistaken for it."""


class Role(StrEnum):
    """What a key may sign."""

    PROPOSE = "propose"
    APPROVE = "approve"
    PUSH = "push"
    STOP = "stop"
    AUTOMATIC = "automatic"


class Act(StrEnum):
    """What a signed statement does."""

    PROPOSE = "propose"
    APPROVE = "approve"
    APPROVE_AUTOMATICALLY = "approve automatically"
    REJECT = "reject"
    PUSH = "push"
    ROLL_BACK = "roll back"
    RELEASE = "release the kill switch"
    CLEAR = "clear an alarm"


ROLE_OF: Mapping[Act, Role] = {
    Act.PROPOSE: Role.PROPOSE,
    Act.APPROVE: Role.APPROVE,
    Act.APPROVE_AUTOMATICALLY: Role.AUTOMATIC,
    Act.REJECT: Role.APPROVE,
    Act.PUSH: Role.PUSH,
    Act.ROLL_BACK: Role.PUSH,
    Act.RELEASE: Role.STOP,
    Act.CLEAR: Role.PUSH,
}
"""Role that a key needs for an act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a person says about a plan, in the words that are signed.

    Parameters
    ----------
    act
        What it does.
    plan_hash
        SHA-256 of the plan's text; the statement is about these bytes and no others.
    verdict_hash
        SHA-256 of the verdict that the person saw; empty where there is none.
    person, comment
        Who says it, and why.
    at
        UTC instant, ISO 8601.
    log
        Head of the audit log as the signer saw it: a log that is written anew no longer meets the
        heads that were signed.
    units
        Units that an order is for; empty for all of the plan.
    schedule
        When the units' own clocks are to run the plan, in the words of ``model.schedule``; empty
        for a plan that is commanded.

    Raises
    ------
    InputError
        It has no person or no comment, or its schedule is not as ``Schedule.words`` says it.
    """

    act: Act
    plan_hash: str
    verdict_hash: str
    person: str
    comment: str
    at: str
    log: AuditHead
    units: tuple[str, ...] = ()
    schedule: str = ""

    def __post_init__(self) -> None:
        """Refuse a statement without a person or a comment, or with a schedule in other words."""
        for name, value in (("person", self.person), ("comment", self.comment)):
            if not value.strip():
                where = f"statement '{self.act.value}'"
                raise InputError(where, f"has no {name}", f"name a {name}")
        if self.schedule and (words := read_schedule(self.schedule).words) != self.schedule:
            where = f"statement '{self.act.value}'"
            raise InputError(where, "says its schedule in other words", f"write {words}")

    @property
    def text(self) -> str:
        """The canonical text, whose bytes in UTF-8 are signed."""
        content = asdict(self)
        if not self.schedule:
            del content["schedule"]  # as before there were schedules: old signatures stay good
        return canonical_json({"format": FORMAT, **content})

    @property
    def instant(self) -> datetime:
        """When it was signed."""
        return datetime.fromisoformat(self.at)


def read_statement(text: str) -> Statement:
    """Return the statement that a signed text makes.

    Parameters
    ----------
    text
        Canonical text of a statement.

    Raises
    ------
    InputError
        It is not the canonical text of any statement.
    """
    where, mend = "signed statement", "sign it anew with this citybrain"
    try:
        content = parsed_json(text)
        is_ours = content.pop("format") == FORMAT
        statement = Statement(
            **content
            | {
                "act": Act(content["act"]),
                "log": AuditHead(**content["log"]),
                "units": tuple(content["units"]),
            }
        )
        is_dated = statement.instant.tzinfo is not None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(where, f"cannot be read ({error})", mend) from None
    if not (is_ours and is_dated and statement.text == text):
        raise InputError(where, "is not in its canonical form", mend)
    return statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A statement's text with the signature of its bytes.

    Parameters
    ----------
    statement
        Canonical text of the statement.
    key
        Name of the registered key.
    signature
        Ed25519 signature in base64.
    """

    statement: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """A statement whose signature was checked.

    Parameters
    ----------
    statement
        What was said.
    key
        Name of the key.
    person
        Whose key it is, by the register.
    roles
        What the key may sign, by the register.
    """

    statement: Statement
    key: str
    person: str
    roles: frozenset[Role]
