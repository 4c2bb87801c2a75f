"""The rules of ``docs/safety.md``, by their numbers, held against painted colours."""

from collections.abc import Mapping
from typing import Any

from citybrain.second_opinion.ground import Ground
from citybrain.second_opinion.judging_groups import RULES_OF_GROUPS
from citybrain.second_opinion.judging_pairs import RULES_OF_PAIRS
from citybrain.second_opinion.painting import (
    NotPaintableError,
    UnreadableError,
    paint,
    patterns_of,
)
from citybrain.second_opinion.seeing import Finding, Seen

_GROUPS = 2
UNREADABLE = 0
"""Stands for a rule: the bytes are no plan."""


def judge(text: str, grounds: Mapping[str, Ground]) -> tuple[Finding, ...]:
    """Return everything in the JSON of a plan that breaks a rule; nothing if it may run.

    Parameters
    ----------
    text
        The plan's text; anything at all.
    grounds
        Intersection → its tables.
    """
    try:
        patterns = patterns_of(text)
    except UnreadableError as error:
        return (Finding(intersection="", rule=UNREADABLE, what=str(error)),)
    return judge_plan(patterns, grounds)


def judge_plan(
    patterns: list[dict[str, Any]], grounds: Mapping[str, Ground]
) -> tuple[Finding, ...]:
    """Return everything in the patterns of a plan that breaks a rule.

    Parameters
    ----------
    patterns
        Plain tables, as the plan's JSON has them.
    grounds
        Intersection → its tables.
    """
    if not patterns:
        return (Finding(intersection="plan", rule=1, what="nothing is timed"),)
    found: list[Finding] = []
    for pattern in patterns:
        name = pattern["intersection"]
        ground = grounds.get(name)
        if ground is None:
            found.append(Finding(intersection=name, rule=1, what="no safety data"))
            continue
        try:
            painting = paint(pattern, ground)
        except UnreadableError as error:
            found.append(Finding(intersection=name, rule=UNREADABLE, what=str(error)))
        except NotPaintableError as error:
            found.append(
                Finding(
                    intersection=name,
                    rule=error.rule,
                    group=error.group,
                    at_s=error.at_ms / 1000,
                    shown_s=error.shown_ms / 1000,
                    limit_s=error.limit_ms / 1000,
                    what="the groups are others, or in another order"
                    if error.rule == _GROUPS
                    else "",
                )
            )
        else:
            found.extend(_judged(Seen(painting, ground)))
    return tuple(found)


def _judged(seen: Seen) -> list[Finding]:
    """Return what breaks a rule, in the order of the rules' numbers."""
    rules = (*RULES_OF_GROUPS, *RULES_OF_PAIRS)
    return sorted((each for rule in rules for each in rule(seen)), key=lambda found: found.rule)
