"""What the intersections of the street ask for, and what runs there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from citybrain.config import SafetyLimits
from citybrain.controllers.settings import ControllerSettings, read_controllers
from citybrain.engine.approval_desk import Desk, running_plans
from citybrain.engine.approval_settings import Street
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.prove import check_rules
from citybrain.engine.unit_plans import unit_plan
from citybrain.errors import UnsafePlanError
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.plan import Plan
from citybrain.ports.controllers import UnitPlan
from citybrain.store.ledger.pushes import Running
from citybrain.store.phase_maps import read_phase_maps
from citybrain.store.plans import plan_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetArea:
    """The intersections with their safety data, and the units that control them.

    Parameters
    ----------
    area
        Scenario whose network knows what each intersection asks for.
    settings
        The units.
    phase_maps
        Intersection → phases, rings and barriers of its unit.
    patterns
        The two patterns of every unit that citybrain writes, in turn.
    """

    area: StudyArea
    settings: ControllerSettings
    phase_maps: Mapping[str, PhaseMap]
    patterns: tuple[int, int]

    def check(self, plan: Plan) -> None:
        """Have the rules look at a plan.

        Raises
        ------
        UnsafePlanError
            It breaks a rule.
        """
        check_rules(plan, self.area)

    def running(self, desk: Desk) -> Plan:
        """Return what runs now: by the ledger where it knows, else the scenario's own plan."""
        return self.with_running(running_plans(desk))

    def unit_plans(
        self, plan: Plan, runs: Mapping[str, Running], units: Collection[str] = ()
    ) -> dict[str, UnitPlan]:
        """Return for each unit of a plan what it is to run.

        A plan goes into that one of the two patterns of a unit which does not run, so that what
        runs is never written over; a plan that runs already stays where it is.

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
            A unit cannot show its pattern as it was proven, or an intersection has no unit
            though all of the plan is meant, or a unit has no part in the plan.
        """
        key = plan_hash(plan)
        names = {unit.intersection: unit.name for unit in self.settings.units.values()}
        found = {}
        for pattern in plan.patterns:
            unit = names.get(pattern.intersection)
            if unit is None and not units:
                msg = f"{pattern.intersection}: no unit of {self.settings.path} controls it"
                raise UnsafePlanError(msg)
            if unit is not None and (not units or unit in units):
                number = _number(self.patterns, runs.get(unit), key)
                found[unit] = unit_plan(pattern, self.phase_maps, number)
        if unknown := sorted(set(units) - set(found)):
            msg = f"unit {unknown[0]} has no part in plan {plan.name}"
            raise UnsafePlanError(msg)
        return found

    def with_running(self, units: Mapping[str, Plan]) -> Plan:
        """Return the scenario's plan, with what some units run in its place."""
        names = {unit: self.settings.units[unit].intersection for unit in units}
        changed = {names[unit]: plan.pattern(names[unit]) for unit, plan in units.items()}
        return self.area.running.with_patterns(changed)


def open_street_area(street: Street) -> StreetArea:
    """Read the scenario and the units of the street.

    Parameters
    ----------
    street
        The settings.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    return StreetArea(
        area=open_area(street.scenario, street.period, SafetyLimits()),
        settings=read_controllers(street.controllers),
        phase_maps=read_phase_maps(street.phases),
        patterns=street.patterns,
    )


def _number(patterns: tuple[int, int], runs: Running | None, key: str) -> int:
    first, second = patterns
    if runs is None or runs.pattern not in patterns:
        return first
    if runs.plan_hash == key:
        return runs.pattern
    return second if runs.pattern == first else first
