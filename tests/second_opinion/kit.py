"""A crossroads with safety data, and its plan as plain tables that a test can damage."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.safety_rules import check_plan_safety
from citybrain.model.violations import Rule
from citybrain.second_opinion import judge, read_grounds
from citybrain.store.plans import plan_of, plan_text
from citybrain.store.safety import safety_text
from tests.model.crossroads import Crossroads

JUNCTION = Crossroads()


def safety() -> SafetyData:
    """Return safety data that the crossroads' pattern just keeps."""
    return SafetyData(
        intersection=JUNCTION.intersection(),
        red_clearances_s={"1": JUNCTION.red_s, "2": JUNCTION.red_s},
        signed_by="A. Person",
        signed_on="2026-03-17",
    )


def content() -> dict[str, Any]:
    """Return the crossroads' plan as plain tables: windows begin at 0 and 26 s, cycle 47 s."""
    table: dict[str, Any] = json.loads(plan_text(Plan(name="p", patterns=(JUNCTION.pattern(),))))
    return table


def changed(*steps: str | int, to: Any) -> dict[str, Any]:
    """Return the plan with one value set, found by its steps from the pattern on."""
    plan = deepcopy(content())
    table: Any = plan["patterns"][0]
    for step in steps[:-1]:
        table = table[step]
    table[steps[-1]] = to
    return plan


def window(group: int) -> tuple[str | int, ...]:
    """Return the steps to the only window of a group."""
    return ("groups", group, "windows", 0)


def first(plan: dict[str, Any], data: SafetyData) -> tuple[list[str], set[Rule]]:
    """Return what the first checker says."""
    found = check_plan_safety(plan_of(json.dumps(plan), "plan"), {"J": data})
    return [str(violation) for violation in found], {violation.rule for violation in found}


def second(plan: dict[str, Any], data: SafetyData) -> tuple[list[str], set[int]]:
    """Return what the second checker says."""
    found = judge(json.dumps(plan), read_grounds(safety_text({"J": data})))
    return [str(finding) for finding in found], {finding.rule for finding in found}


def walking(data: SafetyData) -> SafetyData:
    """Return data in which group 2 shows people on foot, with a clearance of 30 s."""
    return replace(data, pedestrian_clearances_s={"2": 30.0})
