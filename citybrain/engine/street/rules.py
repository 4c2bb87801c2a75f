"""What the intersections of the street ask for, and what a plan means to their units."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from citybrain.controllers.settings import ControllerSettings, read_controllers
from citybrain.engine.street.settings import Street
from citybrain.engine.street.unit_plans import check_unit_plan, unit_plan
from citybrain.errors import UnsafePlanError
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.safety_rules import check_plan_safety
from citybrain.ports.controllers import UnitPlan
from citybrain.reading import read_text
from citybrain.second_opinion import Ground, judge, read_grounds
from citybrain.store.ledger.pushes import Running
from citybrain.store.plans import plan_hash, plan_text, read_plan
from citybrain.store.safety import safety_of

UNKNOWN = Plan(name="unknown", patterns=())
"""What runs, where nobody has said it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkers:
    """Two checkers that share no code, each with the safety data as it has read them by itself.

    Parameters
    ----------
    safety
        Intersection → its safety data, signed by a person.
    grounds
        The same, for the second checker.
    """

    safety: Mapping[str, SafetyData]
    grounds: Mapping[str, Ground]

    def check(self, plan: Plan) -> None:
        """Have both checkers hold a plan against the safety data.

        Raises
        ------
        UnsafePlanError
            One of them says that it breaks a rule, or nobody answers for the safety data of an
            intersection.
        """
        for pattern in plan.patterns:
            data = self.safety.get(pattern.intersection)
            if data is not None and not data.is_signed:
                msg = f"{pattern.intersection}: nobody has signed its safety data"
                raise UnsafePlanError(msg)
        violations = [str(one) for one in check_plan_safety(plan, self.safety)]
        findings = [str(one) for one in judge(plan_text(plan), self.grounds)]
        found = violations or findings
        if found:
            alone = "" if violations and findings else " (only one of the two checkers says so)"
            msg = f"plan {plan.name} breaks {len(found)} rules{alone}, the first: {found[0]}"
            raise UnsafePlanError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetRules:
    """The intersections with their safety data, and the units that control them.

    Parameters
    ----------
    checkers
        What both checkers know.
    settings
        The units.
    patterns
        The two patterns of every unit that citybrain writes, in turn.
    before
        What ran before citybrain, as far as it is known.
    """

    checkers: Checkers
    settings: ControllerSettings
    patterns: tuple[int, int]
    before: Plan

    def check(self, plan: Plan) -> None:
        """Have both checkers hold a plan against the safety data.

        Raises
        ------
        UnsafePlanError
            As for ``Checkers.check``.
        """
        self.checkers.check(plan)

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
                phase_map = self._phase_map(pattern.intersection)
                found[unit] = unit_plan(pattern, phase_map, number)
                ground = self.checkers.grounds[pattern.intersection]
                check_unit_plan(pattern, found[unit], phase_map, ground)
        if unknown := sorted(set(units) - set(found)):
            msg = f"unit {unknown[0]} has no part in plan {plan.name}"
            raise UnsafePlanError(msg)
        return found

    def with_running(self, units: Mapping[str, Plan]) -> Plan:
        """Return what ran before citybrain, with what some units run now in its place.

        Where a unit is none of the settings any more, nobody knows which intersection of its plan
        it controls: none of those is known to run what it ran before.
        """
        known = {unit: each.intersection for unit, each in self.settings.units.items()}
        gone = [plan for unit, plan in units.items() if unit not in known]
        lost = {pattern.intersection for plan in gone for pattern in plan.patterns}
        before = {p.intersection: p for p in self.before.patterns if p.intersection not in lost}
        now = {
            known[unit]: pattern
            for unit, plan in units.items()
            for pattern in plan.patterns
            if known.get(unit) == pattern.intersection
        }
        return replace(self.before, patterns=tuple((before | now).values()))

    def _phase_map(self, intersection: str) -> PhaseMap:
        data = self.checkers.safety.get(intersection)
        if data is None or data.phase_map is None:
            msg = f"{intersection}: the safety data know no controller there"
            raise UnsafePlanError(msg)
        return data.phase_map


def open_checkers(street: Street) -> Checkers:
    """Have both checkers read the safety data.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    text = read_text(street.safety)
    safety = safety_of(text, street.safety)
    return Checkers(safety=safety, grounds=read_grounds(text, street.safety))


def open_rules(street: Street, settings: ControllerSettings | None = None) -> StreetRules:
    """Read the safety data and the units of the street.

    Parameters
    ----------
    street
        The settings.
    settings
        The units, where not those that everybody reads: the gate goes by its own.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    before = read_plan(street.running) if street.running else UNKNOWN
    return StreetRules(
        checkers=open_checkers(street),
        settings=settings or read_controllers(street.controllers),
        patterns=street.patterns,
        before=before,
    )


def _number(patterns: tuple[int, int], runs: Running | None, key: str) -> int:
    first, second = patterns
    present = (runs.pattern or runs.scheduled) if runs else 0
    if runs is None or present not in patterns:
        return first
    if runs.plan_hash == key:
        return present
    return second if present == first else first
