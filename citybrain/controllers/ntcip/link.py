"""The link to one unit: reads it, pushes a plan to it, takes it back."""

from datetime import UTC, datetime

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.download import Download
from citybrain.controllers.ntcip.encoding import check_written, pattern_writes, schedule_writes
from citybrain.controllers.ntcip.examination import Examination, examine, read_most_events
from citybrain.controllers.ntcip.image import read_image, read_twice
from citybrain.controllers.ntcip.objects import instance_of
from citybrain.controllers.ntcip.own_clock import prove_day
from citybrain.controllers.ntcip.push import Push
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import LAST_PATTERN, Transaction
from citybrain.controllers.ntcip.status import Clock, read_capabilities, read_status
from citybrain.ports.controllers import (
    Capabilities,
    DaySchedule,
    DryRun,
    Former,
    Holding,
    LimitationError,
    Listener,
    Receipt,
    Step,
    UnitPlan,
    UnitRefusedError,
    UnitStatus,
    no_listener,
)


def utc_now() -> datetime:
    """Return the time of this machine's clock. [UTC]."""
    return datetime.now(UTC)


class NtcipReader:
    """Reads one controller; there is no way to write through it.

    Parameters
    ----------
    session
        To the unit.
    now
        The clock. [UTC]
    """

    def __init__(self, session: Session, now: Clock = utc_now) -> None:
        self._session = session
        self._now = now

    @property
    def unit(self) -> str:
        """Name of the controller."""
        return self._session.unit

    async def status(self) -> UnitStatus:
        """Return what the unit says of itself now.

        Raises
        ------
        ControllerError
            It does not answer, or not sensibly.
        """
        return await read_status(self._session, self._now)

    async def probe(self) -> Capabilities:
        """Return what the unit is and can do; objects that it lacks are limitations.

        Raises
        ------
        ControllerError
            It does not answer, or not sensibly.
        """
        return await read_capabilities(self._session)

    async def read_plan(self, pattern: int) -> UnitPlan:
        """Return a pattern with the safety times and the structure that the unit holds.

        Raises
        ------
        LimitationError
            The unit has no such pattern.
        ControllerError
            It does not answer, or not sensibly.
        """
        return (await read_image(self._session, pattern)).plan()

    async def dry_run(self, plan: UnitPlan, schedule: DaySchedule | None = None) -> DryRun:
        """Return what a push would change, and what would stop it; writes nothing.

        Raises
        ------
        ControllerError
            It does not answer sensibly, or has no such pattern.
        """
        return (await self._examine(plan, schedule)).dry_run

    async def _examine(self, plan: UnitPlan, schedule: DaySchedule | None) -> Examination:
        return await examine(self._session, self._now, plan, schedule)


class NtcipLink(NtcipReader):
    """Reads and writes one controller."""

    async def push(
        self,
        plan: UnitPlan,
        schedule: DaySchedule | None = None,
        listener: Listener = no_listener,
    ) -> Receipt:
        """Download, verify, read back, activate and prove a plan, or go back.

        Parameters
        ----------
        plan
            What to run.
        schedule
            The unit's own day plan that is to start it; none to command it by the system.
        listener
            Hears each step before it begins.

        Returns
        -------
        Receipt
            From the first write on nothing is raised: the receipt tells the outcome.

        Raises
        ------
        ControllerError
            Before the first write; nothing has changed.
        """
        push = Push(self._session, self._now, listener)
        await push.note(Step.READ)
        found = await self._examine(plan, schedule)
        found.stop()
        if found.status.transaction != Transaction.NORMAL.name:
            await push.note(Step.RECOVER)
            await Download(self._session).discard()
            found = await self._examine(plan, schedule)
            found.stop()
        return await push.carry_out(plan, schedule, found)

    async def rollback(self, former: Former, listener: Listener = no_listener) -> Receipt:
        """Write back what the unit held before a push, and prove that it runs.

        Raises
        ------
        ControllerError
            The unit does not answer, or what it should go back to is none of what citybrain ever
            writes; nothing has been written.
        """
        check_written(self.unit, (oid for oid, _ in former.values))
        await self.status()
        return await Push(self._session, self._now, listener).take_back(former)

    async def settle(
        self, plan: UnitPlan, former: Former, schedule: DaySchedule | None = None
    ) -> tuple[Holding, UnitStatus]:
        """Close what a killed client left open, and return whose values the unit holds.

        A day plan that another entry of the unit's schedule goes before is told as mixed: with
        what else the unit holds, it would not start the plan.

        Parameters
        ----------
        plan
            What was to run.
        former
            What the unit held.
        schedule
            The day plan that was to start it; none if it was to be commanded.

        Raises
        ------
        ControllerError
            The unit does not answer.
        """
        await Download(self._session).discard()
        wanted = pattern_writes(plan, await read_image(self._session, plan.pattern))
        if schedule is not None:
            most_events = await read_most_events(self._session)
            wanted = (*wanted, *schedule_writes(schedule, most_events))
        before = dict(former.values)
        held = await read_twice(
            self._session, [*(one for one, _ in wanted), *map(instance_of, before)]
        )
        is_new = all(held[one.oid] == value for one, value in wanted)
        is_old = all(held[oid] == value for oid, value in before.items())
        whose = Holding.PLAN if is_new else Holding.FORMER if is_old else Holding.MIXED
        if schedule is not None and is_new and not await self._follows(schedule):
            whose = Holding.MIXED
        return whose, await self.status()

    async def _follows(self, schedule: DaySchedule) -> bool:
        try:
            await prove_day(self._session, schedule)
        except UnitRefusedError:
            return False
        return True

    async def keep_control(self, pattern: int) -> None:
        """Command the pattern once more, which restarts the unit's backup timer.

        Raises
        ------
        LimitationError
            The unit has no backup timer (``unitBackupTime`` is 0), or that is no pattern.
        ControllerError
            It does not answer, or refuses.
        """
        if not 1 <= pattern <= LAST_PATTERN:
            what = f"{pattern} is no pattern"
            raise LimitationError(self.unit, what, f"keep one of 1–{LAST_PATTERN}")
        status = await self.status()
        if status.backup_time_s == 0:
            what = "has no backup timer (unitBackupTime is 0)"
            raise LimitationError(self.unit, what, "set it at the unit before commanding patterns")
        await self._session.set([(objects.SYSTEM_PATTERN_CONTROL.of(), pattern)])
