"""A crossroads of two streets, each with one signal group, whose plan just keeps every rule."""

from dataclasses import dataclass, replace

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection, SignalGroup
from citybrain.model.pattern import Pattern
from citybrain.model.signals import GroupTiming, Segment, Window
from citybrain.units import rounded_s


@dataclass(frozen=True)
class Crossroads:
    """Times of two stages; the second follows the first and gives way to it again."""

    red_amber_s: float = 1.0
    green_s: float = 20.0
    other_green_s: float = 15.0
    yellow_s: float = 3.0
    red_s: float = 2.0
    shift_s: float = 0.0

    @property
    def intergreen_s(self) -> float:
        return rounded_s(self.yellow_s + self.red_s + self.red_amber_s)

    @property
    def cycle_s(self) -> float:
        return rounded_s(self.green_s + self.other_green_s + 2 * self.intergreen_s)

    def intersection(self) -> Intersection:
        return Intersection(
            name="J",
            groups=(self._group("1", self.green_s), self._group("2", self.other_green_s)),
            links=(),
            conflicts=frozenset({("1", "2")}),
            yielding=frozenset(),
            intergreens_s={("1", "2"): self.intergreen_s, ("2", "1"): self.intergreen_s},
            yellows_s={"1": self.yellow_s, "2": self.yellow_s},
            red_ambers_s={"1": self.red_amber_s, "2": self.red_amber_s},
            maximum_reds_s={
                "1": rounded_s(self.cycle_s - self.green_s),
                "2": rounded_s(self.cycle_s - self.other_green_s),
            },
            minimum_cycle_s=self.cycle_s,
            maximum_cycle_s=self.cycle_s,
        )

    def pattern(self) -> Pattern:
        first_s = self.shift_s
        second_s = first_s + self.green_s + self.intergreen_s
        return Pattern(
            intersection="J",
            program="p",
            cycle_s=self.cycle_s,
            offset_s=0.0,
            groups=(
                self._timing("1", first_s, self.green_s),
                self._timing("2", second_s, self.other_green_s),
            ),
        )

    def _group(self, name: str, green_s: float) -> SignalGroup:
        return SignalGroup(
            name=name, indices=(int(name) - 1,), is_pedestrian=False, minimum_green_s=green_s
        )

    def _timing(self, name: str, start_s: float, green_s: float) -> GroupTiming:
        segments = (
            Segment(aspect=Aspect.RED_AMBER, duration_s=self.red_amber_s),
            Segment(aspect=Aspect.PROTECTED, duration_s=green_s),
            Segment(aspect=Aspect.YELLOW, duration_s=self.yellow_s),
        )
        window = Window(
            start_s=rounded_s(start_s % self.cycle_s) % self.cycle_s,
            segments=segments,
            red_clearance_s=rounded_s(self.red_s + self.red_amber_s),
        )
        return GroupTiming(group=name, windows=(window,))


def with_window(pattern: Pattern, group: str, window: Window) -> Pattern:
    """Return the pattern with the only window of one group replaced."""
    timings = tuple(
        replace(timing, windows=(window,)) if timing.group == group else timing
        for timing in pattern.groups
    )
    return replace(pattern, groups=timings)
