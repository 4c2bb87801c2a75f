"""Units that are not there: they hold one plan, and fail where a test wants them to."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from citybrain.errors import CitybrainError, UnsafePlanError
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.rules import check_plan
from citybrain.ports.controllers import (
    Capabilities,
    Change,
    DaySchedule,
    DryRun,
    Former,
    Holding,
    Listener,
    Outcome,
    PhaseSplit,
    Receipt,
    Step,
    StepNote,
    UnitPlan,
    UnitStatus,
    UnreachableError,
    no_listener,
)
from citybrain.store.ledger.pushes import Running
from tests.engine.approval_kit import running_plan

AT = datetime(2026, 3, 17, tzinfo=UTC)
FREE = 254
STEPS = (Step.READ, Step.OPEN, Step.WRITE, Step.STORE, Step.ACTIVATE, Step.PROVE)


class Killed(BaseException):
    """The gate's process ends here."""


@dataclass
class FakeUnit:
    """A unit with a cycle of some length; ``breaks_at`` is where it stops to answer.

    ``pattern`` is what it is commanded; it runs that unless ``is_running`` is false.
    """

    unit: str
    cycle_s: int = 47
    pattern: int = 0
    is_silent: bool = False
    is_running: bool = True
    schedule: DaySchedule | None = None
    breaks_at: Step | None = None
    dies_at: Step | None = None
    sets: int = 0
    kept: list[int] = field(default_factory=list)

    @property
    def _shown(self) -> int:
        """What runs: the pattern of the command, or Free where a switch at the unit says so."""
        return self.pattern if self.is_running else FREE

    async def status(self) -> UnitStatus:
        if self.is_silent:
            what = "does not answer"
            raise UnreachableError(self.unit, what, "look at its line")
        return UnitStatus(
            unit=self.unit,
            read_at=AT,
            pattern=self._shown,
            system_pattern=self.pattern,
            control="SYSTEM_CONTROL" if self.pattern else "TIMEBASE",
            free="NOT_FREE" if self.is_running else "COMMAND",
            flash="NOT_FLASH",
            cycle_s=0,
            sync_s=0,
            backup_time_s=60,
            transaction="NORMAL",
            alarms=0,
            local_time_s=0,
        )

    async def probe(self) -> Capabilities:
        pytest.fail(f"{self.unit} is probed in the middle of a push")

    async def read_plan(self, pattern: int) -> UnitPlan:
        return UnitPlan(pattern=pattern, cycle_s=self.cycle_s, offset_s=0, splits=())

    async def dry_run(self, plan: UnitPlan, schedule: DaySchedule | None = None) -> DryRun:
        await self.status()
        return DryRun(changes=self._changes(plan), differences=(), obstacles=())

    async def push(
        self,
        plan: UnitPlan,
        schedule: DaySchedule | None = None,
        listener: Listener = no_listener,
    ) -> Receipt:
        await self.status()
        former = self._former()
        changes = self._changes(plan)
        notes: list[StepNote] = []
        for step in STEPS:
            note = StepNote(
                unit=self.unit, step=step, at=AT, former=None if step is Step.READ else former
            )
            try:
                listener(note)
                if step is self.breaks_at:
                    what = f"breaks when it should {step.value}"
                    raise UnreachableError(self.unit, what, "repair it")
            except CitybrainError as error:
                if not self.sets:
                    raise
                listener(StepNote(unit=self.unit, step=Step.ROLL_BACK, at=AT, former=former))
                self._restore(former)
                return self._receipt(Outcome.ROLLED_BACK, str(error), changes, former, notes)
            notes.append(note)
            if step is Step.WRITE:
                self.sets += 1
                self.cycle_s = plan.cycle_s
            if step is Step.ACTIVATE:
                self.pattern, self.schedule = 0 if schedule else plan.pattern, schedule
            if step is self.dies_at:
                raise Killed
        outcome = Outcome.SCHEDULED if schedule else Outcome.RUNS
        return self._receipt(outcome, "", changes, former, notes)

    async def rollback(self, former: Former, listener: Listener = no_listener) -> Receipt:
        await self.status()
        note = StepNote(unit=self.unit, step=Step.ABORT, at=AT, former=former)
        listener(note)
        self.pattern = former.system_pattern
        if self.dies_at is Step.ABORT:
            raise Killed
        self._restore(former)
        return self._receipt(Outcome.ROLLED_BACK, "", (), former, [note])

    async def settle(
        self, plan: UnitPlan, former: Former, schedule: DaySchedule | None = None
    ) -> tuple[Holding, UnitStatus]:
        held = {plan.cycle_s: Holding.PLAN, _cycle_s(former): Holding.FORMER}
        return held.get(self.cycle_s, Holding.MIXED), await self.status()

    async def keep_control(self, pattern: int) -> None:
        await self.status()
        self.kept.append(pattern)

    def _former(self) -> Former:
        return Former(
            unit=self.unit,
            values=(("cycle", self.cycle_s), ("name", "x")),
            system_pattern=self.pattern,
            pattern=self._shown,
        )

    def _restore(self, former: Former) -> None:
        self.sets += 1
        self.cycle_s, self.pattern = _cycle_s(former), former.system_pattern

    def _changes(self, plan: UnitPlan) -> tuple[Change, ...]:
        change = Change(object_name="cycle", old=str(self.cycle_s), new=str(plan.cycle_s))
        return (change,) if change.old != change.new else ()

    def _receipt(
        self,
        outcome: Outcome,
        reason: str,
        changes: tuple[Change, ...],
        former: Former,
        notes: list[StepNote],
    ) -> Receipt:
        return Receipt(
            unit=self.unit,
            outcome=outcome,
            reason=reason,
            changes=changes,
            former=former,
            status=None,
            steps=tuple(notes),
        )


def _cycle_s(former: Former) -> int:
    return int(dict(former.values)["cycle"])


@dataclass
class FakeFleet:
    """Some units that all serve the one intersection of the tests' plan."""

    units: dict[str, FakeUnit]
    network: Network
    opened: int = 0

    def check(self, plan: Plan) -> None:
        if found := check_plan(plan, self.network):
            raise UnsafePlanError(str(found[0]))

    def unit_plans(
        self, plan: Plan, runs: Mapping[str, Running], units: Collection[str]
    ) -> Mapping[str, UnitPlan]:
        (pattern,) = plan.patterns
        one = UnitPlan(
            pattern=7,
            cycle_s=int(pattern.cycle_s),
            offset_s=int(pattern.offset_s),
            splits=(PhaseSplit(phase=2, split_s=int(pattern.cycle_s)),),
        )
        if unknown := sorted(set(units) - set(self.units)):
            msg = f"unit {unknown[0]} has no part in this plan"
            raise UnsafePlanError(msg)
        return dict.fromkeys(units or self.units, one)

    def running(self, units: Mapping[str, Plan]) -> Plan:
        return next(iter(units.values()), running_plan())

    @asynccontextmanager
    async def links(self, units: Collection[str]) -> AsyncIterator[Mapping[str, FakeUnit]]:
        self.opened += 1
        yield {unit: self.units[unit] for unit in units}


def restarted(unit: FakeUnit) -> FakeUnit:
    """Return a unit as the next gate finds it."""
    return replace(unit, breaks_at=None, dies_at=None)
