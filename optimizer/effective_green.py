"""Effective green of a signal group, as a linear form over the gaps of its intersection."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.model.aspects import Aspect
from optimizer.courses import Course
from optimizer.skeleton import Skeleton

START_LOSS_S = 1.0
"""Green lost at each start beyond the yellow that is used.  HCM 6th ed., chapter 19, takes 2 s for
each, which cancel; SUMO's drivers use hardly any yellow, so that something remains. [s]"""


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveGreen:
    """``weights @ gaps_s + constant_s`` is the effective green [s].

    Parameters
    ----------
    weights
        Worth of each gap. float64, shape (gaps,) [-]
    constant_s
        What shifts of turns add, less what starts lose. [s]
    """

    weights: NDArray[np.float64]
    constant_s: float

    @classmethod
    def of(cls, skeleton: Skeleton, course: Course, permissive_worth: float) -> "EffectiveGreen":
        """Return the effective green of a course.

        Parameters
        ----------
        skeleton
            Events of the intersection.
        course
            What the group does.
        permissive_worth
            What a second of permissive green discharges against one of protected green. [-]
        """
        size = len(skeleton.running)
        weights = np.zeros(size)
        starts = len(course.stays(Aspect.PROTECTED, Aspect.PERMISSIVE))
        constant_s = -starts * START_LOSS_S
        for aspect, worth in ((Aspect.PROTECTED, 1.0), (Aspect.PERMISSIVE, permissive_worth)):
            for stay in course.stays(aspect):
                count = (stay.end.event - stay.begin.event) % size
                weights[[(stay.begin.event + step) % size for step in range(count)]] += worth
                constant_s += worth * (stay.end.shift_s - stay.begin.shift_s)
        return cls(weights, constant_s)

    def seconds(self, gaps_s: Sequence[float]) -> float:
        """Return the effective green under some gaps [s]."""
        return float(self.weights @ np.asarray(gaps_s)) + self.constant_s
