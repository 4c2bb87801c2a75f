"""What the gate asks of the units, as protocols: what a plan means to them, and links to them."""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from citybrain.model.plan import Plan
from citybrain.ports.controllers import ControllerLink, UnitPlan
from citybrain.store.ledger.pushes import Running


class Planner(Protocol):
    """Knows what a plan means to the units."""

    def unit_plans(
        self, plan: Plan, runs: Mapping[str, Running], units: Collection[str]
    ) -> Mapping[str, UnitPlan]:
        """Return for each unit of a plan what it is to run.

        Parameters
        ----------
        plan
            The plan.
        runs
            What each unit runs, as far as the ledger knows.
        units
            Only these; nothing for all of the plan.

        Raises
        ------
        UnsafePlanError
            A pattern cannot be expressed in its controller as it was proven.
        """


class Fleet(Planner, Protocol):
    """The units, what a plan means to them, and what is safe there."""

    def check(self, plan: Plan) -> None:
        """Have both checkers look at a plan.

        Raises
        ------
        UnsafePlanError
            It breaks a rule, or the checkers disagree.
        """

    def running(self, units: Mapping[str, Plan]) -> Plan:
        """Return what ran before citybrain, with plans of the ledger in place of it at some units.

        Parameters
        ----------
        units
            Unit → plan of the ledger that it runs, or ran.
        """

    def links(
        self, units: Collection[str]
    ) -> AbstractAsyncContextManager[Mapping[str, ControllerLink]]:
        """Open links that may write, by unit.

        Raises
        ------
        InputError
            A unit is unknown, or the credentials for writing cannot be had.
        """
