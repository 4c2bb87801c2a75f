"""The gate: it alone may write to controllers, and believes nothing that it has not checked."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from citybrain.engine.approval.checks import check_approved, check_may_return, dossier
from citybrain.engine.approval.reference_plans import reference_plans
from citybrain.engine.gate.fleet import Fleet
from citybrain.engine.gate.openings import Opening, opening_of, order_of
from citybrain.engine.gate.pushing import (
    AT_ONCE,
    Push,
    Told,
    UnitResult,
    check_not_stopped,
    push_units,
    roll_back_units,
)
from citybrain.engine.gate.records import GATE, ORDERED, settle_states
from citybrain.engine.gate.watch import Watch
from citybrain.engine.street.desk import Desk
from citybrain.engine.street.schedules import check_replaceable, unit_schedules
from citybrain.engine.street.stopping import check_released
from citybrain.errors import UnsafePlanError
from citybrain.model.approval import statement_faults
from citybrain.model.audit import sha256_hex
from citybrain.model.statements import Act, Signed, Statement, Vouched
from citybrain.store.ledger.audit import LogWatch
from citybrain.store.ledger.plans import KeptPlan, kept_plan
from citybrain.store.ledger.pushes import (
    Running,
    begin_push,
    end_push,
    running,
)
from citybrain.store.plans import plan_of

ORDER_LIFE = timedelta(seconds=60)
"""An order that is older was waiting somewhere, and the person is no longer watching."""

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of an order.

    Parameters
    ----------
    push_id
        SHA-256 of the signed order.
    results
        One for each unit.
    """

    push_id: str
    results: tuple[UnitResult, ...]

    @property
    def is_done(self) -> bool:
        """Whether every unit is as it was asked to be."""
        return all(result.is_done for result in self.results)


@dataclass(slots=True, kw_only=True)
class Gate:
    """Carries out signed orders.

    Parameters
    ----------
    desk
        Ledger, register and settings, with the gate's seal.
    fleet
        The units.
    watch
        Keeps units under control between orders; none for a gate that does not.
    at_once
        Units that are served side by side.
    check_files
        Raises where settings, keys or safety data are not as the gate has read them.
    """

    desk: Desk
    fleet: Fleet
    watch: Watch | None = None
    at_once: int = AT_ONCE
    check_files: Callable[[], None] = lambda: None
    _log: LogWatch = field(default_factory=LogWatch, init=False)

    def verify_log(self) -> None:
        """Look through the audit log: all of it at first, then what is new.

        Raises
        ------
        UnsafePlanError
            It is not what was written; nothing is pushed until a person has looked.
        """
        found = self._log.look(self.desk.ledger)
        if found.faults:
            more = f" and {len(found.faults) - 1} more" if len(found.faults) > 1 else ""
            msg = f"the audit log is not whole: {found.faults[0]}{more}"
            raise UnsafePlanError(msg)

    async def carry_out(self, order: Signed, told: Told) -> Carried:
        """Check an order and everything it rests on, then push or roll back.

        Parameters
        ----------
        order
            Signed by a person who may push.
        told
            Hears what happens to each unit.

        Raises
        ------
        CitybrainError
            The order is refused; nothing was written.
        """
        check_not_stopped(self.desk)
        self.check_files()
        self.verify_log()
        check_released(self.desk)
        vouched = self.desk.register.vouch(order)
        statement = vouched.statement
        with self.desk.ledger.reading() as connection:
            kept = kept_plan(connection, statement.plan_hash)
        self._check_order(vouched, kept)
        push = Push(
            desk=self.desk,
            push_id=sha256_hex(order.statement),
            plan_hash=kept.hash,
            told=told,
            at_once=self.at_once,
        )
        try:
            if statement.act is Act.ROLL_BACK:
                return await self._roll_back(push, statement)
            return await self._push(push, statement, kept)
        finally:
            self._follow()

    async def _push(self, push: Push, statement: Statement, kept: KeptPlan) -> Carried:
        plan = plan_of(kept.text, f"plan {kept.hash[:12]}")
        check_approved(self.desk, kept, lambda: self.fleet.running(reference_plans(self.desk)))
        self.fleet.check(plan)
        runs = self._runs()
        plans = self.fleet.unit_plans(plan, runs, statement.units)
        push = replace(push, schedules=unit_schedules(statement.schedule, plans, self.desk.street))
        check_replaceable(push.schedules, {unit: runs[unit] for unit in plans if unit in runs})
        async with self.fleet.links(tuple(plans)) as links:
            before = await self._begin(push, statement, plans)
            results = await push_units(push, plans, links)
        return self._ended(push, results, {*before, kept.hash})

    async def _roll_back(self, push: Push, statement: Statement) -> Carried:
        openings = self._openings(push.plan_hash, statement.units)
        former_of = {unit: opening.ran.plan_hash for unit, opening in openings.items()}
        check_may_return(self.desk, former_of)
        former_keys = {*former_of.values()} - {""}
        for key in sorted(former_keys):
            with self.desk.ledger.reading() as connection:
                former = kept_plan(connection, key)
            self.fleet.check(plan_of(former.text, f"plan {key[:12]}"))
        async with self.fleet.links(tuple(openings)) as links:
            before = await self._begin(push, statement, openings)
            results = await roll_back_units(push, openings, links)
        return self._ended(push, results, {*before, *former_keys, push.plan_hash})

    def _check_order(self, vouched: Vouched, kept: KeptPlan) -> None:
        """Raise unless a person who may push ordered this, just now, about this very plan."""
        statement = vouched.statement
        if statement.act not in {Act.PUSH, Act.ROLL_BACK}:
            msg = f"an order says push or roll back, not '{statement.act.value}'"
            raise UnsafePlanError(msg)
        if faults := statement_faults(vouched, dossier(self.desk, kept)):
            raise UnsafePlanError("; ".join(faults))
        age = self.desk.clock() - statement.instant
        if not -ORDER_LIFE <= age <= ORDER_LIFE:
            msg = f"the order is {age.total_seconds():.0f} s old; sign a new one"
            raise UnsafePlanError(msg)

    def _runs(self) -> dict[str, Running]:
        with self.desk.ledger.reading() as connection:
            return running(connection)

    def _openings(self, plan_hash: str, units: tuple[str, ...]) -> dict[str, Opening]:
        """Return what the units that run a plan held before it was pushed there."""
        runs = {unit: row for unit, row in self._runs().items() if row.plan_hash == plan_hash}
        for row in runs.values():
            if order_of(self.desk, plan_hash, row.push_id).act is not Act.PUSH:
                msg = f"order {row.push_id[:12]} did not bring plan {plan_hash[:12]}"
                raise UnsafePlanError(msg)
        known = {
            unit: opening_of(self.desk, unit, row.push_id)
            for unit, row in (_chosen(runs, units) if runs else runs).items()
        }
        found = {unit: opening for unit, opening in known.items() if opening is not None}
        if not found:
            msg = f"no unit is known to run plan {plan_hash[:12]}; there is nothing to roll back"
            raise UnsafePlanError(msg)
        return found

    async def _begin(self, push: Push, statement: Statement, units: Collection[str]) -> set[str]:
        """Note that the push begins, let go of its units, and return the plans that run now."""
        if self.watch is not None:
            await self.watch.let_go(units)
        with self.desk.ledger.writing(statement.person) as writing:
            begin_push(writing, push.push_id, push.plan_hash, statement.act.value)
            writing.note(ORDERED, push.plan_hash, {"order": statement.text})
            return {row.plan_hash for row in running(writing.connection).values()} - {""}

    def _ended(self, push: Push, results: tuple[UnitResult, ...], touched: set[str]) -> Carried:
        settle_states(self.desk, dict.fromkeys(touched, f"order {push.push_id[:12]}"))
        if all(result.is_kept for result in results):
            with self.desk.ledger.writing(GATE) as writing:
                end_push(writing, push.push_id, push.plan_hash)
        return Carried(push_id=push.push_id, results=results)

    def _follow(self) -> None:
        """Keep units under control again that an order had to itself, however it ended.

        What fails here is no part of the order; units are followed anew when the gate looks next.
        """
        with suppress(Exception):
            self.follow()

    def follow(self) -> None:
        """Keep every unit under control that runs a commanded plan.

        Raises
        ------
        InputError
            The ledger cannot be read.
        """
        if self.watch is not None:
            self.watch.follow()


def _chosen(found: Mapping[str, Each], units: tuple[str, ...]) -> Mapping[str, Each]:
    """Return the units that an order names; all if it names none."""
    if unknown := sorted(set(units) - set(found)):
        msg = f"unit {unknown[0]} has no part in this plan; it is for {', '.join(sorted(found))}"
        raise UnsafePlanError(msg)
    return {unit: found[unit] for unit in units} if units else found
