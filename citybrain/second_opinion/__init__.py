"""A second checker of plans, written from the text of ``docs/safety.md`` and nothing else.

It shares no code with the first one: it reads the bytes of plan and safety data by itself, paints
what every group shows tenth by tenth, and judges the colours.
"""

from citybrain.second_opinion.days import TimeBase, judge_days, read_time_base
from citybrain.second_opinion.ground import Ground, read_grounds
from citybrain.second_opinion.judging import judge, judge_plan
from citybrain.second_opinion.painting import UnreadableError, patterns_of
from citybrain.second_opinion.seeing import Finding
from citybrain.second_opinion.unit import Numbers, judge_unit

__all__ = [
    "Finding",
    "Ground",
    "Numbers",
    "TimeBase",
    "UnreadableError",
    "judge",
    "judge_days",
    "judge_plan",
    "judge_unit",
    "patterns_of",
    "read_grounds",
    "read_time_base",
]
