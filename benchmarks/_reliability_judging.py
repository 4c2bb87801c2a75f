"""What a trial came to, and where the gate's word or its ledger is not what the street shows."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from benchmarks._reliability_office import UNIT, Office
from citybrain.ports.controllers import Outcome
from citybrain.store.ledger.pushes import running

OPEN = frozenset({Outcome.UNKNOWN.name, Outcome.FAILED.name, "ERROR", "killed"})
"""Words after which it is the unit itself that ends in a good state."""
_SHOWN = {
    Outcome.RUNS.name: "new",
    Outcome.KEPT.name: "former",
    Outcome.ROLLED_BACK.name: "former",
    "REFUSED": "former",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What one trial came to.

    Parameters
    ----------
    is_reached
        Whether the fault began before the order had ended.
    said
        What the gate said of the unit first, and after its next start if there was one.
    reason
        The gate's first words for it.
    showed
        What the street showed from the fault on, in turn.
    trips
        What the conflict monitor latched.
    good_s
        From the fault until a state that is known to be good: the gate's last word where it is
        a plan or local control; else until the unit was back on its own schedule. [s]
    faults
        What must not be, and was.
    idle
        A pattern that does not run and holds neither plan as a whole; empty if there is none.
    late
        What the watch told, if the unit ceased to run the plan after the gate's last look at it
        and before its word; else empty.
    """

    is_reached: bool
    said: tuple[str, ...]
    reason: str
    showed: tuple[str, ...]
    trips: tuple[str, ...]
    good_s: float
    faults: tuple[str, ...]
    idle: str = ""
    late: str = ""


def settled_faults(
    connection: Connection, office: Office, found: tuple[str, str, str]
) -> Iterator[str]:
    """Yield where the gate's word or its ledger is not what the street shows.

    Parameters
    ----------
    connection
        To the gate's ledger.
    office
        Knows the plans.
    found
        What the gate said last of a push, what the street shows, and what it showed when the
        gate had read the unit and wrote nothing yet.
    """
    said, shown, held = found
    wanted = _SHOWN.get(said)
    wanted = held if wanted == "former" else wanted
    if wanted and shown != wanted:
        yield f"said {said}, shows {shown}"
    row = running(connection).get(UNIT)
    names = {office.new: "new", office.former: "former"}
    known = names.get(row.plan_hash if row else "")
    if known and known != shown:
        yield f"the ledger says {known}, the street shows {shown}"
