"""The units of the street as the gate sees them: real links, real safety data."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from citybrain.controllers.opening import Controllers
from citybrain.controllers.settings import ControllerSettings
from citybrain.engine.street.rules import StreetRules
from citybrain.model.plan import Plan
from citybrain.ports.controllers import ControllerLink, ControllerReader, UnitPlan
from citybrain.store.ledger.pushes import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetFleet:
    """Units of a settings file that names credentials which may write.

    Parameters
    ----------
    rules
        What the intersections ask for.
    settings
        The units, with the gate's own credentials.
    """

    rules: StreetRules
    settings: ControllerSettings

    def check(self, plan: Plan) -> None:
        """Have both checkers look at a plan."""
        self.rules.check(plan)

    def unit_plans(
        self, plan: Plan, runs: Mapping[str, Running], units: Collection[str]
    ) -> Mapping[str, UnitPlan]:
        """Return for each unit of a plan, or for some, what it is to run."""
        return self.rules.unit_plans(plan, runs, units)

    def running(self, units: Mapping[str, Plan]) -> Plan:
        """Return what runs now."""
        return self.rules.with_running(units)

    @asynccontextmanager
    async def links(self, units: Collection[str]) -> AsyncIterator[Mapping[str, ControllerLink]]:
        """Open links that may write.

        Raises
        ------
        InputError
            A unit is unknown or only read, or its secret cannot be had.
        """
        async with Controllers(self.settings) as controllers:
            yield {unit: await controllers.link(unit) for unit in sorted(units)}


@asynccontextmanager
async def open_readers(
    settings: ControllerSettings, units: Collection[str]
) -> AsyncIterator[Mapping[str, ControllerReader]]:
    """Open links that can only read.

    Parameters
    ----------
    settings
        The units.
    units
        Names of the units to open.

    Raises
    ------
    InputError
        A unit is unknown, or its secret cannot be had.
    """
    async with Controllers(settings) as controllers:
        yield {unit: await controllers.reader(unit) for unit in sorted(units)}
