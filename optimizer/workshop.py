"""A workshop: takes plans apart into candidates, and renders candidates to plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from citybrain.errors import InfeasibleError
from citybrain.model.actuation import ActuatedPattern, as_shown
from citybrain.model.intersection import Intersection
from citybrain.model.nema.controller_plan import LARGEST_BYTE
from citybrain.model.nema.nearest import shown_by_unit
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern
from optimizer.actuating import USUAL, Option, actuated
from optimizer.candidate import Candidate, Split, Splits
from optimizer.mending import check_runnable, is_sound, mended
from optimizer.rings import Rings
from optimizer.skeleton import Skeleton
from optimizer.timetable import Timetable
from optimizer.timing import Timing

_NO_UNITS: Mapping[str, PhaseMap] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Workshop:
    """What turns candidates into plans and back.

    Parameters
    ----------
    running
        The running plan; intersections without a skeleton keep its patterns.
    shown
        The plan whose colours candidates show, in which order they like: the running one in fixed
        times, or one that was made of it.
    timetables
        Intersection → what bounds its event times.
    skeletons
        Intersection → order of events of the shown pattern, for plans that are computed.
    cycle_ranges_s
        Intersection → shortest and longest cycle. [s]
    rings
        Intersection → what its unit can run, where safety data tell its phases.
    todays
        Intersection → timing that stands for its running pattern, where that follows the traffic
        and keeps every bound; other times of the same option are near to it.
    nearest
        Intersection → timing that follows the traffic as its running pattern does, as far as the
        bounds allow, where that pattern breaks one.
    """

    running: Plan
    shown: Plan
    timetables: dict[str, Timetable] = field(default_factory=dict)
    skeletons: dict[str, Skeleton] = field(default_factory=dict)
    cycle_ranges_s: dict[str, tuple[float, float]] = field(default_factory=dict)
    rings: dict[str, Rings] = field(default_factory=dict)
    todays: dict[str, Timing] = field(default_factory=dict)
    nearest: dict[str, Timing] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        running: Plan,
        network: Network,
        *,
        shown: Plan | None = None,
        phase_maps: Mapping[str, PhaseMap] = _NO_UNITS,
    ) -> "Workshop":
        """Take apart the patterns of a plan, where they have events to move.

        Parameters
        ----------
        running
            The plan that runs today.
        network
            Bounds of its intersections.
        shown
            Plan to take apart; the running one if none.  Of a pattern that follows the traffic the
            times that it shows are taken.
        phase_maps
            Intersection → phases, rings and barriers of its unit; only what that can run is
            searched.

        Raises
        ------
        InfeasibleError
            No pattern has events, or the nearest one that a unit can run breaks a bound.
        """
        patterns = [
            _as_unit(as_shown(pattern), phase_maps.get(pattern.intersection))
            for pattern in (shown or running).patterns
        ]
        made = cls(running, Plan(name=running.name, patterns=tuple(patterns)))
        for pattern in patterns:
            intersection = network.intersections[pattern.intersection]
            made._take_apart(pattern, intersection, phase_maps.get(intersection.name))
        if not made.skeletons:
            msg = f"plan {running.name}: no intersection has events to move"
            raise InfeasibleError(msg)
        for pattern in running.patterns:
            made._note_today(pattern, network.intersections[pattern.intersection])
        return made

    def _note_today(self, pattern: Pattern, intersection: Intersection) -> None:
        name = pattern.intersection
        is_free = name in self.skeletons and name not in self.rings
        if not isinstance(pattern, ActuatedPattern) or not is_free:
            return
        timing = self._timing(name, self._start_split(name, self.skeletons[name]))
        own = replace(timing, option=Option.like(pattern.actuation))
        if check_pattern(pattern, intersection):
            self.nearest[name] = own
            return
        usual = replace(timing, option=USUAL)
        is_usual = self.pattern(name, usual, pattern.program) == pattern
        self.todays[name] = usual if is_usual else own

    def _take_apart(
        self, pattern: Pattern, intersection: Intersection, phase_map: PhaseMap | None
    ) -> None:
        name = intersection.name
        try:
            skeleton = Skeleton.of(pattern, intersection)
        except InfeasibleError:
            return
        timetable = Timetable.of(pattern, intersection, in_whole_seconds=phase_map is None)
        self.skeletons[name], self.timetables[name] = skeleton, timetable
        low_s, high_s = intersection.minimum_cycle_s, intersection.maximum_cycle_s
        if phase_map is not None:
            high_s = min(high_s, LARGEST_BYTE)
            check_runnable(pattern, timetable, (low_s, high_s))
            self.rings[name] = Rings(phase_map, timetable)
        self.cycle_ranges_s[name] = low_s, high_s

    def start(self) -> Candidate:
        """Return the running plan as a candidate, mended where it breaks a bound.

        A running plan may show less than the intergreens ask for; the nearest gaps that keep
        them replace it, in a longer cycle if the own one cannot hold them.

        Raises
        ------
        InfeasibleError
            As for ``start_splits``.
        """
        return self.candidate(self.start_splits())

    def start_splits(self) -> Splits:
        """Return the splits of the running plan, mended where they break a bound.

        Raises
        ------
        InfeasibleError
            The bounds of an intersection leave no pattern; names the smallest set in conflict.
        """
        return {
            name: self._start_split(name, skeleton) for name, skeleton in self.skeletons.items()
        }

    def _start_split(self, name: str, skeleton: Skeleton) -> Split:
        shown = self.shown.pattern(name)
        gaps_s = mended(skeleton, self.cycle_ranges_s[name])
        return Split(gaps_s, shown.offset_s % sum(gaps_s))

    def candidate(self, splits: Splits) -> Candidate:
        """Return splits in the running pattern's order of events as a candidate."""
        return Candidate.of({name: self._timing(name, split) for name, split in splits.items()})

    def _timing(self, name: str, split: Split) -> Timing:
        rings = self.rings.get(name)
        if rings is not None:
            skeleton = self.skeletons[name]
            found = rings.snapped(skeleton.render(split.gaps_s, split.offset_s, "wanted"))
            low_s, high_s = self.cycle_ranges_s[name]
            if found is not None and low_s <= found.cycle_s <= high_s:
                return found
            shown, timetable = self.shown.pattern(name), self.timetables[name]
            return Timing.of(timetable.running_s, shown.cycle_s, shown.offset_s)
        shared_s = self.skeletons[name].event_times(split.gaps_s)
        times_s = [shared_s[event] for event in self.timetables[name].shared]
        return Timing.of(times_s, split.cycle_s, split.offset_s)

    def following(
        self, candidates: Collection[Candidate], options: Sequence[Option]
    ) -> list[Candidate]:
        """Return all candidates with each option in turn, the same one at all intersections.

        Units whose splits are fixed follow nobody; where all are such, nothing is returned.
        """
        if set(self.timetables) <= set(self.rings):
            return []
        return [
            Candidate.of(
                {
                    name: timing if name in self.rings else replace(timing, option=option)
                    for name, timing in candidate.timings
                }
            )
            for option in options
            for candidate in candidates
        ]

    def today(self) -> Candidate:
        """Return the start with the running patterns that follow the traffic as they are.

        One that breaks a bound follows it as nearly so as the bounds allow.

        Raises
        ------
        InfeasibleError
            As for ``start_splits``.
        """
        return Candidate.of(self.start().by_name() | self.nearest | self.todays)

    def unchanged(self) -> Candidate | None:
        """Return the candidate that is the running plan, none if it breaks a bound.

        Nor is there one where candidates show another plan.
        """
        for running, shown in zip(self.running.patterns, self.shown.patterns, strict=True):
            name = running.intersection
            if name in self.todays or name not in self.skeletons:
                continue
            is_shown = running == shown
            if not is_shown or not is_sound(self.skeletons[name], self.cycle_ranges_s[name]):
                return None
        return self.today()

    def plan(self, candidate: Candidate, name: str) -> Plan:
        """Render a candidate.

        Raises
        ------
        InfeasibleError
            A timing breaks a bound of its timetable.
        """
        rendered = {
            intersection: self.pattern(intersection, timing, name)
            for intersection, timing in candidate.timings
        }
        patterns = (
            rendered.get(pattern.intersection, replace(pattern, program=name))
            for pattern in self.running.patterns
        )
        return Plan(name=name, patterns=tuple(patterns))

    def pattern(self, intersection: str, timing: Timing, name: str) -> Pattern:
        """Render the timing of one intersection; see ``plan``."""
        if timing == self.todays.get(intersection):
            return replace(self.running.pattern(intersection), program=name)
        timetable = self.timetables[intersection]
        pattern = timetable.render(timing.times_s, timing.cycle_s, timing.offset_s, name)
        if timing.option is None:
            return pattern
        return actuated(pattern, timing.times_s, timetable, timing.option)


def _as_unit(pattern: Pattern, phase_map: PhaseMap | None) -> Pattern:
    return pattern if phase_map is None else shown_by_unit(pattern, phase_map).pattern
