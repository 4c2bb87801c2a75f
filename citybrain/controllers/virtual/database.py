"""The unit's memory: values, and the transaction through which they are replaced.

References
----------
NTCIP 1201, ``dbCreateTransaction``: normal, transaction, verify, done.
"""

from collections.abc import Callable, Sequence

from citybrain.controllers.ntcip.states import Transaction, Verify
from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual.schema import Role, Slot

Check = Callable[[Sequence[Value]], str]
"""Judges a whole set of values; returns what is wrong, or nothing."""
VERIFY_DS = 3
"""How long the unit takes to verify. [0.1 s]"""


class RefusedError(Exception):
    """A SET that the unit refuses.

    Parameters
    ----------
    status
        SNMP error status (RFC 3416).
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


WRONG_VALUE = 10
NOT_WRITABLE = 17
INCONSISTENT_VALUE = 12
GENERAL_ERROR = 5
"""Error statuses (RFC 3416, 3)."""


class Database:
    """Values of one unit.

    A value that is set inside a transaction is not seen until the transaction is verified and
    closed; then all values change at once.

    Parameters
    ----------
    values
        One for each slot.
    check
        Judges the values during verify.
    timeout_ds
        An open transaction that nobody touches for so long is dropped; 0 for never. [0.1 s]
    """

    def __init__(self, values: Sequence[Value], check: Check, timeout_ds: int = 0) -> None:
        self.values = list(values)
        self.state = Transaction.NORMAL
        self.verdict = Verify.NOT_DONE
        self.error = ""
        self.commits = 0
        self._check = check
        self._buffer: dict[int, Value] = {}
        self._left_ds = self._idle_ds = 0
        self._timeout_ds = timeout_ds
        self.verify_ds: int | None = VERIFY_DS

    def may_write(self, slot: Slot) -> bool:
        """Tell whether the state of the transaction allows a SET of the slot."""
        if slot.role is Role.CONTROL:
            return True
        if slot.role is Role.STRUCTURE:
            return self.state is Transaction.TRANSACTION
        return self.state in {Transaction.NORMAL, Transaction.TRANSACTION}

    def write(self, slot: Slot, value: Value) -> None:
        """Store a value, or keep it for the end of the transaction."""
        self._idle_ds = 0
        if slot.role is not Role.CONTROL and self.state is Transaction.TRANSACTION:
            self._buffer[slot.index] = value
            return
        if slot.role is not Role.CONTROL and self.values[slot.index] != value:
            self.commits += 1
        self.values[slot.index] = value

    def allows_turn(self, wanted: int) -> bool:
        """Tell whether ``dbCreateTransaction`` may be set to a state now."""
        return wanted in _TURNS[self.state]

    def turn(self, wanted: int) -> None:
        """Set ``dbCreateTransaction``.

        Raises
        ------
        RefusedError
            The state may not be reached from the present one.
        """
        if not self.allows_turn(wanted):
            raise RefusedError(WRONG_VALUE)
        state = Transaction(wanted)
        self._idle_ds = 0
        if state is Transaction.VERIFY:
            self._left_ds = self.verify_ds or 0
            self.verdict, self.error = Verify.NOT_DONE, ""
        elif state is Transaction.NORMAL:
            if self.state is Transaction.DONE and self.verdict is Verify.DONE_WITH_NO_ERROR:
                self._store()
            self._buffer.clear()
        self.state = state

    def _store(self) -> None:
        self.values = self._merged()
        self.commits += 1

    def _merged(self) -> list[Value]:
        values = self.values.copy()
        for index, value in self._buffer.items():
            values[index] = value
        return values

    def tick(self) -> None:
        """Let a tenth of a second pass; a verify, or everybody's patience, comes to its end."""
        if self.state is Transaction.NORMAL:
            return
        self._idle_ds += 1
        if self._timeout_ds and self._idle_ds > self._timeout_ds:
            self.lose_power()
        if self.state is not Transaction.VERIFY or self.verify_ds is None:
            return
        self._left_ds -= 1
        if self._left_ds <= 0:
            self.error = self._check(self._merged())
            is_good = not self.error
            self.verdict = Verify.DONE_WITH_NO_ERROR if is_good else Verify.DONE_WITH_ERROR
            self.state = Transaction.DONE

    def lose_power(self) -> None:
        """Forget an open transaction; stored values survive."""
        self._buffer.clear()
        self.state = Transaction.NORMAL
        self.verdict, self.error = Verify.NOT_DONE, ""

    def pending(self) -> dict[int, Value]:
        """Return what an open transaction would store: slot → value."""
        return dict(self._buffer)

    def keep_part(self, share: float) -> None:
        """Store a part of what an open transaction changes, as a defective unit would."""
        changed = [index for index, value in self._buffer.items() if self.values[index] != value]
        for index in changed[: round(len(changed) * share)]:
            self.values[index] = self._buffer[index]
        self.commits += 1


_TURNS = {
    Transaction.NORMAL: {Transaction.NORMAL, Transaction.TRANSACTION},
    Transaction.TRANSACTION: {Transaction.NORMAL, Transaction.VERIFY},
    Transaction.VERIFY: set[Transaction](),
    Transaction.DONE: {Transaction.NORMAL, Transaction.TRANSACTION, Transaction.DONE},
}
"""State → states that a manager may set; verify ends by itself."""
