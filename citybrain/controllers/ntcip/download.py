"""A download as a transaction: either the unit takes all of it or nothing.

The unit passes through ``normal → transaction → verify → done → normal`` (NTCIP 1201,
``dbCreateTransaction``).  Values that are written in between are buffered; the last step stores
them.  Every step is a plain SET that may be lost or doubled, so after a refusal or silence the
state that the unit tells decides whether the step was taken.
"""

import asyncio
from collections.abc import Collection

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.encoding import Writes, check_written
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import Transaction, Verify
from citybrain.controllers.ntcip.status import printable
from citybrain.ports.controllers import (
    GarbledError,
    LimitationError,
    UnitRefusedError,
    UnreachableError,
)

_STATE = objects.DB_CREATE_TRANSACTION.of()
_CHECK = objects.DB_VERIFY_STATUS.of()
_FAULT = objects.DB_VERIFY_ERROR.of()


class Download:
    """One download to one unit.

    Parameters
    ----------
    session
        To the unit.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def discard(self) -> None:
        """Close whatever is open without storing it, a former client's download included.

        ``normal`` after ``done`` would store, so a verified download is reopened first; a check
        that still runs is waited for, as no unit has to take a command during it.

        Raises
        ------
        ControllerError
            The unit does not answer or does not become normal.
        """
        state, end_s = await self._state(), self._end_s()
        while state == Transaction.VERIFY and _now_s() < end_s:
            await asyncio.sleep(self._session.patience.poll_s)
            state = await self._state()
        if state == Transaction.DONE:
            await self._turn(Transaction.TRANSACTION, {Transaction.TRANSACTION, Transaction.DONE})
        await self._turn(Transaction.NORMAL, {Transaction.NORMAL})

    async def open(self) -> None:
        """Begin; values written from now on are buffered.

        Raises
        ------
        ControllerError
            The unit does not begin.
        """
        await self._turn(Transaction.TRANSACTION, {Transaction.TRANSACTION})
        state = await self._state()
        if state != Transaction.TRANSACTION:
            what = f"says it opened a transaction and is in state {state}"
            raise GarbledError(self._session.unit, what, "look at its SNMP agent")

    async def write(self, writes: Writes) -> None:
        """Write values into the buffer, and make sure that it was one.

        A unit that started anew meanwhile has no transaction any more and may take values at once.

        Raises
        ------
        ControllerError
            The unit refuses a value, does not answer, or lost the transaction; or a value is none
            that citybrain ever writes, and nothing was sent.
        """
        check_written(self._session.unit, (one.oid for one, _ in writes))
        await self._session.set(writes)
        state = await self._state()
        if state != Transaction.TRANSACTION:
            what = f"lost the transaction while it was written to (state {state})"
            raise GarbledError(self._session.unit, what, "look at its power, and who else writes")

    async def verify(self) -> None:
        """Let the unit check the buffered values and wait for what it says.

        Raises
        ------
        UnitRefusedError
            It finds them inconsistent, or does not come to an end.
        """
        await self._turn(Transaction.VERIFY, {Transaction.VERIFY, Transaction.DONE})
        end_s = self._end_s()
        while not await self._is_verified():
            if _now_s() >= end_s:
                what = f"does not finish its check within {self._session.patience.verify_s:.0f} s"
                raise UnitRefusedError(self._session.unit, what, "look at the unit")
            await asyncio.sleep(self._session.patience.poll_s)

    async def store(self) -> None:
        """Store the verified values, which makes them visible.

        Raises
        ------
        ControllerError
            The unit does not become normal.
        """
        await self._turn(Transaction.NORMAL, {Transaction.NORMAL})

    def _end_s(self) -> float:
        """Return when a check that runs is no longer waited for, by the loop's clock. [s]."""
        return _now_s() + self._session.patience.verify_s

    async def _is_verified(self) -> bool:
        held = await self._session.get((_STATE, _CHECK, _FAULT))
        state, check = held[_STATE.oid], held[_CHECK.oid]
        if check == Verify.DONE_WITH_ERROR:
            told = printable(held[_FAULT.oid]) or "no reason given"
            what = f"finds the values inconsistent: {told}"
            raise UnitRefusedError(self._session.unit, what, "compare plan and unit")
        if state not in {Transaction.VERIFY, Transaction.DONE}:
            what = f"left its check for state {state!r}"
            raise UnitRefusedError(self._session.unit, what, "look who else writes to it")
        is_good = check in {None, Verify.DONE_WITH_NO_ERROR}
        if is_good and state == Transaction.VERIFY and check is not None:
            await self._turn(Transaction.DONE, {Transaction.DONE, Transaction.VERIFY})
        return is_good and await self._state() == Transaction.DONE

    async def _turn(self, wanted: Transaction, accepted: Collection[Transaction]) -> None:
        """Move on; a refusal counts only if the unit is not where it should be."""
        try:
            await self._session.set([(_STATE, int(wanted))])
        except (UnitRefusedError, UnreachableError, GarbledError):
            if await self._state() not in accepted:
                raise

    async def _state(self) -> int:
        state = (await self._session.get((_STATE,)))[_STATE.oid]
        if not isinstance(state, int):
            unit = self._session.unit
            what, mend = "has no dbCreateTransaction", "this unit cannot take plans from citybrain"
            raise LimitationError(unit, what, mend)
        return state


def _now_s() -> float:
    return asyncio.get_running_loop().time()
