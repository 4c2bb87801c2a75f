"""The port of a fast model: plans as tables of colours in, delays as arrays out.

A search that tries thousands of plans a second cannot build a plan object for each.  It paints
what each signal group shows in each second of the cycle, and changes the table of one
intersection while the others stay where they are.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.model.aspects import Aspect

RED, PROTECTED, PERMISSIVE, YELLOW, STOP_THEN_GO = range(5)
CODES = {
    Aspect.PROTECTED: PROTECTED,
    Aspect.PERMISSIVE: PERMISSIVE,
    Aspect.YELLOW: YELLOW,
    Aspect.YELLOW_MAJOR: YELLOW,
    Aspect.RED: RED,
    Aspect.RED_AMBER: RED,
    Aspect.STOP_THEN_GO: STOP_THEN_GO,
    Aspect.BLINKING: PERMISSIVE,
    Aspect.DARK: PERMISSIVE,
}
"""Aspect → number in a table."""


class SignalTables(NamedTuple):
    """What the signals show under several plans.

    ``colour`` is one pool of blocks.  A block holds one intersection's groups × its cycle, row by
    row, in local cycle time, and a row that tells for how many seconds more each second may
    be shown while traffic keeps coming (0 in fixed cycles).  Where ``step_s`` is not 0, two more
    rows tell how far the last second of a stretch that ends as late as it may lies behind its
    place in the block, and how many seconds before that it may end.  Several plans may point to
    the same block, so a search that changes one intersection adds one block and keeps the others.

    Parameters
    ----------
    colour
        Codes of ``CODES``, and seconds in the last rows of a block. uint8, shape (cells,)
    start
        First cell of the block of each intersection. int64, shape (plans, intersections)
    cycle_s
        Seconds that the block shows. int32, same shape. [s]
    step_s
        Fixed cycle that stretches keep in step with, 0 where they keep none. int32, same shape. [s]
    offset_s
        Lag of local time 0 behind master time 0, whole seconds. int32, same shape. [s]
    gap_s
        Longest gap between vehicles that holds a second. float64, same shape. [s]
    detector_s
        Travel time from the detectors to the stop line. float64, same shape. [s]
    """

    colour: NDArray[np.uint8]
    start: NDArray[np.int64]
    cycle_s: NDArray[np.int32]
    step_s: NDArray[np.int32]
    offset_s: NDArray[np.int32]
    gap_s: NDArray[np.float64]
    detector_s: NDArray[np.float64]


class Prices(NamedTuple):
    """What plans cost.

    Parameters
    ----------
    mean_s
        Cost per vehicle that wanted to travel, mean over the demands of the model. float64,
        shape (plans,) [s/veh]
    local_s
        Cost that arises before each intersection, mean over the demands, with what is lost on the
        way to it from streets without signals, or before insertion. float64, shape
        (plans, intersections) [s]
    delay_s
        The part of ``local_s`` that is delay of those who were inserted, near to what SUMO's
        ``Outcome`` charges to movements; the rest is what else an objective counts.
        float64, same shape. [s]
    stranded_veh
        Vehicles that did not arrive, mean over the demands. float64, shape (plans,) [veh]
    """

    mean_s: NDArray[np.float64]
    local_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    stranded_veh: NDArray[np.float64]


class TableEvaluator(Protocol):
    """Prices plans that are given as tables."""

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Intersection → its groups; the order of both is that of the tables."""

    @property
    def neighbours(self) -> Collection[tuple[str, str]]:
        """Pairs of intersections; the second is the next one that traffic of the first meets."""

    @property
    def vehicles(self) -> float:
        """Vehicles that want to travel, mean over the demands [veh]."""

    def price(self, tables: SignalTables) -> Prices:
        """Return what each plan costs; the same for the same plan, whatever else is in the call."""


class PartEvaluators(Protocol):
    """Makes evaluators of parts of a network, which cost what the part costs and not the whole."""

    def observe(self, tables: SignalTables) -> None:
        """Let a plan run on the whole network, so that parts know when traffic reaches them.

        Parameters
        ----------
        tables
            The plan, one row, for the evaluator of the whole.
        """

    def part(self, signals: Sequence[str], edges: Collection[str]) -> TableEvaluator:
        """Return an evaluator of some streets only.

        Parameters
        ----------
        signals
            Signals of the part, in the order of its tables.
        edges
            Its streets; who comes from elsewhere enters when the observed plan brings him, and
            who goes on elsewhere is not followed.
        """
