"""A second checker of plans, written from the text of ``docs/safety.md`` and nothing else.

It shares no code with the first one: it reads the bytes of plan and safety data by itself, paints
what every group shows tenth by tenth, and judges the colours.
"""

from citybrain.second_opinion.ground import Ground, read_grounds
from citybrain.second_opinion.judging import Finding, judge, judge_plan

__all__ = ["Finding", "Ground", "judge", "judge_plan", "read_grounds"]
