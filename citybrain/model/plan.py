"""A plan: one pattern for each intersection, with the record of where it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count

from citybrain.errors import InfeasibleError
from citybrain.model.pattern import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a plan was made from; the same inputs give the same plan, byte for byte.

    Parameters
    ----------
    inputs
        Role of a file (network, routes, flows, …) → its SHA-256.
    settings
        Settings of the search as they were used, by name.
    versions
        citybrain and SUMO versions.
    seeds
        Simulation seeds that the search saw.
    evaluations
        Simulation runs that the search used.
    """

    inputs: dict[str, str] = field(hash=False)
    settings: dict[str, str | int | float] = field(hash=False)
    versions: dict[str, str] = field(hash=False)
    seeds: tuple[int, ...]
    evaluations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Patterns that are meant to run together.

    Parameters
    ----------
    name
        Name of the plan; also the program under which its patterns are written for SUMO.
    patterns
        One for each intersection, in order of the intersections' names.
    provenance
        Where the plan came from; none for a plan that was only read.

    Raises
    ------
    InfeasibleError
        An intersection has two patterns.
    """

    name: str
    patterns: tuple[Pattern, ...]
    provenance: Provenance | None = None
    _by_name: dict[str, Pattern] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a plan with two patterns for one intersection."""
        by_name = {pattern.intersection: pattern for pattern in self.patterns}
        if len(by_name) != len(self.patterns):
            msg = f"plan {self.name} holds an intersection twice"
            raise InfeasibleError(msg)
        object.__setattr__(self, "_by_name", by_name)

    def pattern(self, intersection: str) -> Pattern:
        """Return the pattern of an intersection by its name.

        Raises
        ------
        InfeasibleError
            The plan has none for it.
        """
        pattern = self._by_name.get(intersection)
        if pattern is None:
            msg = f"plan {self.name} has no pattern for intersection {intersection}"
            raise InfeasibleError(msg)
        return pattern

    def with_patterns(self, changed: Mapping[str, Pattern]) -> "Plan":
        """Return the plan with some patterns put in place of those of the same intersection."""
        patterns = tuple(changed.get(p.intersection, p) for p in self.patterns)
        return replace(self, patterns=patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """From an instant on, an intersection runs a program [s]."""

    time_s: float
    program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """Which program runs from which time of day; SUMO calls this a WAUT.

    Parameters
    ----------
    name
        Name of the day plan.
    reference_s
        Time that the switch times are relative to, as in the file. [s]
    start_program
        Program that runs before the first switch.
    switches
        In order of time.
    intersections
        Intersection → way of switching (``""`` at once, ``GSP``, ``Stretch``).
    period_s
        Time after which the switches repeat; none for no repetition. [s]
    synchronous
        Intersections that switch in step with the others.
    """

    name: str
    reference_s: float
    start_program: str
    switches: tuple[Switch, ...]
    intersections: dict[str, str] = field(hash=False)
    period_s: float | None = None
    synchronous: frozenset[str] = frozenset()

    def program_at(self, time_s: float) -> str:
        """Return the program that runs at an instant: that of the last switch until then."""
        done = [switch for switch in self._instants(time_s) if switch.time_s <= time_s]
        return max(done, key=lambda s: s.time_s).program if done else self.start_program

    def changes_within(self, begin_s: float, end_s: float) -> bool:
        """Tell whether another program comes to run after begin and before end [s]."""
        present = self.program_at(begin_s)
        return any(
            begin_s < switch.time_s < end_s and switch.program != present
            for switch in self._instants(end_s)
        )

    def _instants(self, until_s: float) -> Iterator[Switch]:
        """Yield the switches at simulated times, repeated as far as they lie before an instant."""
        for switch in self.switches:
            at_s = self.reference_s + switch.time_s
            yield replace(switch, time_s=at_s)
            while self.period_s and at_s + self.period_s <= until_s:
                at_s += self.period_s
                yield replace(switch, time_s=at_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramLibrary:
    """Every program that a scenario declares.

    Parameters
    ----------
    patterns
        (intersection, program) → pattern, for every program that a pattern can say.
    active
        Intersection → program that runs when the simulation starts.
    day_plans
        Day plans by name.
    """

    patterns: dict[tuple[str, str], Pattern] = field(hash=False)
    active: dict[str, str] = field(hash=False)
    day_plans: tuple[DayPlan, ...] = ()

    def unused_name(self, wanted: str) -> str:
        """Return a program name that no intersection uses: the wanted one, or it with a number."""
        used = {program for _, program in self.patterns} | set(self.active.values())
        names = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
        return next(name for name in names if name not in used)
