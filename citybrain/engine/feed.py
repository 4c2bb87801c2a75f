"""From the feed that a scenario brings to flows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from citybrain.engine.area import StudyArea
from citybrain.errors import InputError
from citybrain.model.flows import Detector
from detectors.feed import CountedFeed, FeedClock, count_feed
from detectors.inventory import check_lanes, read_inventory

BIN_S = 300.0
"""Length of the bins of a study: short enough to show a peak within the hour. [s]"""


@dataclass(frozen=True, slots=True)
class Observation:
    """A counted feed and the inventory it was counted with."""

    counted: CountedFeed
    detectors: Sequence[Detector]


def observe(area: StudyArea) -> Observation | None:
    """Count the feed that a scenario brings; none if it brings none.

    Parameters
    ----------
    area
        The study area.

    Raises
    ------
    InputError
        The feed or the inventory is broken, or a detector lies on an unknown lane.
    """
    scenario = area.scenario
    if scenario.feed is None:
        return None
    if scenario.detectors is None:
        raise InputError(scenario.config, "has a feed and no inventory", "name its detectors")
    detectors = read_inventory(scenario.detectors)
    check_lanes(detectors, area.network, scenario.detectors)
    start = scenario.feed_start
    length = timedelta(seconds=scenario.end_s - scenario.begin_s)
    clock = FeedClock(start=start, recorded=(start, start + length) if start else None)
    return Observation(count_feed(scenario.feed, detectors, bin_s=BIN_S, clock=clock), detectors)
