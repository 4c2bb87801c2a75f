"""What a run with mutated replies found."""

from collections import Counter
from dataclasses import asdict, dataclass, field

from benchmarks._mutated_replies import DefectiveResponder
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.syntax import Value

LONGEST_S = 0.5
"""Most work for one message. [s]"""


@dataclass(slots=True)
class Fuzz:
    """What came of it.

    Parameters
    ----------
    what
        Which path.
    replies
        Mutated replies that reached the manager.
    let_in
        Messages that its door let in, true ones among them; of the poller, those that it took.
    seconds
        Work of one core. [s]
    operations
        Reads, pushes and roll-backs that ended as they should, with a result or a typed error.
    outcomes
        How often pushes and roll-backs ended how.
    crashes, hangs, unintended
        What must not be: other errors, operations that did not end, SETs that were not meant.
    believed, lies
        What must not be, either: answers that were never signed; receipts that tell of a plan that
        the unit does not hold.
    longest_s
        Most work for one message. [s]
    """

    what: str
    replies: int = 0
    let_in: int = 0
    seconds: float = 0.0
    operations: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    hangs: int = 0
    unintended: list[str] = field(default_factory=list)
    believed: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    @property
    def fault(self) -> str:
        """What went wrong first, nothing if nothing did."""
        told = {
            "crashes": self.crashes,
            "SETs not meant": self.unintended,
            "answers believed that were never signed": self.believed,
            "receipts that are not true": self.lies,
        }
        for what, found in told.items():
            if found:
                return f"{self.what}: {len(found)} {what}, first: {found[0]}"
        if self.hangs:
            return f"{self.what}: {self.hangs} operations did not end"
        is_slow = self.longest_s > LONGEST_S
        return f"{self.what}: {self.longest_s:.2f} s of work for one message" if is_slow else ""

    def content(self) -> dict[str, object]:
        """Return it for programs."""
        return asdict(self)


def unintended(responder: DefectiveResponder, allowed: dict[str, set[Value | None]]) -> list[str]:
    """Return the SETs since the last look that hold none of the allowed values."""
    written, responder.written = responder.written, []
    return [
        f"{objects.named(oid)} = {value!r}"
        for oid, value in written
        if value not in allowed.get(oid, set())
    ]
