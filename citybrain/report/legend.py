"""Legends, and the scale of colours for a change in delay: blue is better, orange is worse."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from citybrain.report.markup import Markup, tag
from citybrain.report.wording import MINUS

STEPS_S = ((1.0, 3.0, 10.0), (2.0, 5.0, 15.0), (3.0, 10.0, 30.0), (5.0, 20.0, 60.0))
"""Upper bounds of the inner classes of each scale, the finest first. [s/veh]"""
HEADROOM = 1.5
"""Largest change that a scale covers, over its last bound. [-]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeScale:
    """Seven classes of change, symmetric about none.

    Parameters
    ----------
    steps_s
        Upper bounds of the three inner classes on either side. [s/veh]
    """

    steps_s: tuple[float, float, float]

    @classmethod
    def covering(cls, changes_s: Sequence[float]) -> "ChangeScale":
        """Return the finest scale whose last class does not swallow most changes [s/veh]."""
        largest_s = max((abs(change_s) for change_s in changes_s), default=0.0)
        fits = (steps for steps in STEPS_S if steps[-1] * HEADROOM >= largest_s)
        return cls(steps_s=next(fits, STEPS_S[-1]))

    def class_of(self, change_s: float) -> str:
        """Return the style class of a change [s/veh]."""
        level = sum(abs(change_s) >= step_s for step_s in self.steps_s)
        side = "more" if change_s > 0 else "less"
        return f"{side}-{level}" if level else "level"

    def legend(self) -> Markup:
        """Return the legend of the scale."""
        low, middle, high = (f"{step_s:g}" for step_s in self.steps_s)
        names = {
            "less-3": f"{MINUS}{high} or less",
            "less-2": f"{MINUS}{high} to {MINUS}{middle}",
            "less-1": f"{MINUS}{middle} to {MINUS}{low}",
            "level": f"{MINUS}{low} to +{low}",
            "more-1": f"+{low} to +{middle}",
            "more-2": f"+{middle} to +{high}",
            "more-3": f"+{high} or more",
        }
        keys = [key(f"line {class_}", text) for class_, text in names.items()]
        unsure = key("line unsure-key", "dashed: the interval includes zero")
        return legend([tag("b", "Change in mean delay, s/veh"), *keys, unsure])


def key(class_: str, text: str) -> Markup:
    """Return one entry of a legend: a swatch of a style class, and what it means."""
    return tag("span", tag("i", class_=f"swatch {class_}"), text, class_="key")


def legend(entries: Iterable[Markup]) -> Markup:
    """Return entries in one line that wraps."""
    return tag("p", *entries, class_="legend")
