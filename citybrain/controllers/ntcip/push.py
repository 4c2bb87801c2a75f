"""The course of a push: download, read back, activate, prove; and the way back from each step."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.download import Download
from citybrain.controllers.ntcip.encoding import Writes
from citybrain.controllers.ntcip.examination import Examination
from citybrain.controllers.ntcip.image import read_twice
from citybrain.controllers.ntcip.objects import instance_of, named
from citybrain.controllers.ntcip.own_clock import is_day_plan_left, no_day, prove_day
from citybrain.controllers.ntcip.proof import Wanted, prove, wanted_after, wanted_before
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import NO_SYSTEM_PATTERN
from citybrain.controllers.ntcip.status import Clock, read_status
from citybrain.controllers.ntcip.syntax import Value
from citybrain.ports.controllers import (
    Change,
    ControllerError,
    DaySchedule,
    Former,
    GarbledError,
    Listener,
    Outcome,
    Receipt,
    Step,
    StepNote,
    UnitPlan,
    UnitRefusedError,
    UnitStatus,
    UnreachableError,
)

_Answer = TypeVar("_Answer")
_COMMAND = objects.SYSTEM_PATTERN_CONTROL.of()
_WRITINGS = 5
"""How often values are written back to a unit that stores a part of them."""
_COMMANDS = 3
"""How often a unit is commanded on the way back, which may start it anew each time."""
_CYCLE_COLUMN = f"{objects.PATTERN_CYCLE_TIME.oid}."


class Push:
    """One push, or one way back.

    Parameters
    ----------
    session
        To the unit.
    now
        The clock. [UTC]
    listener
        Hears each step before it begins.
    """

    def __init__(self, session: Session, now: Clock, listener: Listener) -> None:
        self._session = session
        self._now = now
        self._listener = listener
        self._steps: list[StepNote] = []
        self._changes: tuple[Change, ...] = ()
        self._commands = 0

    async def note(self, step: Step, former: Former | None = None) -> None:
        """Tell that a step begins, and wait until it may."""
        waited = self._listener(self._append(step, former))
        if waited is not None:
            await waited

    def _append(self, step: Step, former: Former | None) -> StepNote:
        note = StepNote(unit=self._session.unit, step=step, at=self._now(), former=former)
        self._steps.append(note)
        return note

    async def carry_out(
        self, plan: UnitPlan, schedule: DaySchedule | None, found: Examination
    ) -> Receipt:
        """Bring the plan to the unit, or leave the unit as it was.

        Parameters
        ----------
        plan
            What is to run.
        schedule
            The unit's own day plan that is to start it; none to command it.
        found
            What the unit holds; nothing stands against the push.
        """
        former, self._changes = found.former(), found.dry_run.changes
        try:
            if self._changes:
                await self._download(found.writes, former)
                await self._read_back(found, former)
            await self.note(Step.ACTIVATE, former)
            command = NO_SYSTEM_PATTERN if schedule else plan.pattern
            await self._session.set([(_COMMAND, command)])
            await self.note(Step.PROVE, former)
            wanted = wanted_after(plan, schedule, await self._status())
            await prove(self._session, self._now, wanted)
            if schedule is not None:
                await prove_day(self._session, schedule)
            await self._compare(found.writes)
            status = await self._last_look(wanted)
        except Exception as failure:
            return await self.take_back(former, str(failure))
        outcome = Outcome.RUNS if wanted.is_due else Outcome.SCHEDULED
        return self._receipt(outcome, "", former, status)

    async def take_back(self, former: Former, reason: str = "") -> Receipt:
        """Restore what the unit held, and prove it.

        Parameters
        ----------
        former
            What the unit held.
        reason
            Why; empty if it was asked for.
        """
        try:
            await self.note(Step.ABORT, former)
        except Exception as failure:
            reason = reason or str(failure)
        must_write = not reason or any(note.step is Step.STORE for note in self._steps)
        failed = ""
        try:
            was_changed = await self._patiently(lambda: self._restore(former, must_write))
        except ControllerError as failure:
            was_changed, failed = True, str(failure)
            if isinstance(failure, UnreachableError) or await self._is_in_doubt(former):
                return await self._fall_back(former, _joined(reason, failed))
        with suppress(Exception):  # a listener that fails must not stop the way back
            await self.note(Step.PROVE, former)
        try:
            wanted = wanted_before(former, _longest_cycle_s(former))
            status = await self._patiently(lambda: prove(self._session, self._now, wanted))
        except ControllerError as failure:
            return await self._fall_back(former, _joined(reason, failed, str(failure)))
        outcome = Outcome.ROLLED_BACK if was_changed or not reason else Outcome.KEPT
        return self._receipt(outcome, _joined(reason, failed), former, status)

    async def _download(self, writes: Writes, former: Former) -> None:
        download = Download(self._session)
        steps: Sequence[tuple[Step, Callable[[], Awaitable[None]]]] = (
            (Step.OPEN, download.open),
            (Step.WRITE, lambda: download.write(writes)),
            (Step.VERIFY, download.verify),
            (Step.STORE, download.store),
        )
        for step, act in steps:
            await self.note(step, former)
            await act()

    async def _read_back(self, found: Examination, former: Former) -> None:
        """Compare all that was written, and that nothing else has moved with it."""
        await self.note(Step.READ_BACK, former)
        expected = dict(found.held) | {one.oid: value for one, value in found.writes}
        await self._equal(expected)

    async def _last_look(self, wanted: Wanted) -> UnitStatus:
        """Look once more, so that as little time as can be lies between the proof and the word."""
        status = await self._status()
        return status if wanted.holds(status) else await prove(self._session, self._now, wanted)

    async def _compare(self, writes: Writes) -> None:
        await self._equal({one.oid: value for one, value in writes})

    async def _equal(self, expected: Mapping[str, Value | None]) -> None:
        """Compare; values that are as expected need one look, any other are looked at again."""
        instances = [instance_of(oid) for oid in expected]
        held: Mapping[str, Value | None] = await self._session.get(instances)
        if held == expected:
            return
        held = await read_twice(self._session, instances)
        wrong = [
            f"{named(oid)} is {held[oid]!r}, not {value!r}"
            for oid, value in expected.items()
            if held[oid] != value
        ]
        if wrong:
            what = f"holds other values than were written: {'; '.join(wrong)}"
            raise GarbledError(self._session.unit, what, "look at the unit")

    async def _restore(self, former: Former, must_write: bool) -> bool:
        """Bring command and values back, the street first; tell whether anything was written.

        Once a store was tried the values are written back whatever the unit says it holds: what it
        says was just found wrong.
        """
        await Download(self._session).discard()
        is_recommanded = (await self._status()).system_pattern != former.system_pattern
        if is_recommanded:
            await self._command_again(former.system_pattern)
        before = {instance_of(oid): value for oid, value in former.values}
        held = await read_twice(self._session, tuple(before))
        is_apart = any(held[one.oid] != value for one, value in before.items())
        if is_apart or must_write:
            self._append(Step.ROLL_BACK, former)
            await self._write_back(tuple(before.items()))
        return is_apart or must_write or is_recommanded

    async def _command_again(self, pattern: int) -> None:
        """Command the former pattern; a unit that starts anew at each command is left alone."""
        if self._commands >= _COMMANDS:
            what = f"does not keep the command of pattern {pattern}"
            raise UnitRefusedError(self._session.unit, what, "look at its power")
        self._commands += 1
        await self._session.set([(_COMMAND, pattern)])

    async def _write_back(self, writes: Writes) -> None:
        """Write values back; what a defective unit did not store is written again, a few times."""
        download, apart = Download(self._session), writes
        for _ in range(_WRITINGS):
            await download.open()
            await download.write(apart)
            await download.verify()
            await download.store()
            held = await read_twice(self._session, [one for one, _ in writes])
            apart = tuple((one, value) for one, value in writes if held[one.oid] != value)
            if not apart:
                return
        await self._compare(writes)

    async def _is_in_doubt(self, former: Former) -> bool:
        """Tell whether what the unit runs, or what its clock may start, could not be restored."""
        try:
            return _is_touched(former) or await is_day_plan_left(self._session, former)
        except ControllerError:
            return True

    async def _end_day_plan(self, former: Former) -> str:
        """Let the schedule entry that was written name no day; tell so where that was needed."""
        if not await is_day_plan_left(self._session, former):
            return ""
        await Download(self._session).discard()
        try:
            await self._write_back(no_day(former))
        except GarbledError:
            if await is_day_plan_left(self._session, former):
                raise
        return "its entry of the schedule names no day now"

    async def _fall_back(self, former: Former, reason: str) -> Receipt:
        """Hand the unit to its own schedule, without a day plan that could not be taken back."""
        try:
            reason = _joined(reason, await self._end_day_plan(former))
            status = await self._status()
            if status.system_pattern != NO_SYSTEM_PATTERN:
                await self._session.set([(_COMMAND, NO_SYSTEM_PATTERN)])
                await asyncio.sleep(self._session.patience.poll_s)
                status = await self._status()
        except UnreachableError:
            return self._receipt(Outcome.UNKNOWN, reason, former, None)
        except ControllerError as failure:
            return self._receipt(Outcome.FAILED, f"{reason}; {failure}", former, None)
        is_local = status.control != "SYSTEM_CONTROL" or status.free != "NOT_FREE"
        outcome = Outcome.FALLBACK if is_local else Outcome.FAILED
        return self._receipt(outcome, reason, former, status)

    async def _patiently(self, act: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Try again while the unit is silent, as it is when it starts anew."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + self._session.patience.return_s
        while True:
            try:
                return await act()
            except UnreachableError:
                if loop.time() >= end_s:
                    raise
            await asyncio.sleep(self._session.patience.poll_s)

    async def _status(self) -> UnitStatus:
        return await read_status(self._session, self._now)

    def _receipt(
        self, outcome: Outcome, reason: str, former: Former, status: UnitStatus | None
    ) -> Receipt:
        return Receipt(
            unit=self._session.unit,
            outcome=outcome,
            reason=reason,
            changes=self._changes,
            former=former,
            status=status,
            steps=tuple(self._steps),
        )


def _longest_cycle_s(former: Former) -> int:
    """Return the longest cycle of what a roll-back writes and of what is to run then. [s]."""
    cycles = [value for oid, value in former.values if oid.startswith(_CYCLE_COLUMN)]
    return max(former.cycle_s, *(value for value in cycles if isinstance(value, int)), 0)


def _is_touched(former: Former) -> bool:
    """Tell whether the former pattern is the one whose values are in doubt."""
    return any(oid == f"{_CYCLE_COLUMN}{former.pattern}" for oid, _ in former.values)


def _joined(*reasons: str) -> str:
    return "; ".join(each for each in reasons if each)
