"""What SUMO files declare about signals: ``tlLogic`` and ``WAUT``, as they stand in the file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

from citybrain.errors import InputError
from citybrain.model.actuation import Actuation
from citybrain.model.aspects import Aspect
from citybrain.model.plan import DayPlan, Switch
from citybrain.units import rounded_s
from sim.sumo.includes import Unfolded, read_unfolded
from sim.sumo.tls_actuation import ACTUATED, read_actuation
from sim.sumo.xml_files import attribute, seconds

STATIC = "static"
OFF = "off"
"""Types of programs in SUMO's words: with fixed times, and of a signal that is off."""
_LETTERS = frozenset(aspect.value for aspect in Aspect)
_FOLLOWS_BEGIN = "its offset follows the simulation's begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredInterval:
    """One ``<phase>``.

    Parameters
    ----------
    duration_s
        How long it lasts. [s]
    state
        Letter that each position of the signal shows.
    """

    duration_s: float
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramDeclaration:
    """One ``<tlLogic>``.

    Parameters
    ----------
    where
        File and element, for messages.
    intersection, program, kind
        SUMO's ``id``, ``programID`` and ``type``.
    offset_s
        Lag of local time 0 behind master time 0, as in the file. [s]
    intervals
        Its phases in order.
    obstacle
        Why no pattern says all that it does; empty for most.
    actuation
        How its intervals follow the traffic; none where they do not.
    """

    where: str
    intersection: str
    program: str
    kind: str
    offset_s: float
    intervals: tuple[DeclaredInterval, ...]
    obstacle: str = ""
    actuation: Actuation | None = None

    @property
    def is_pattern(self) -> bool:
        """The intervals repeat in order, for fixed times or within bounds that a pattern says."""
        return self.kind in (STATIC, ACTUATED) and not self.obstacle

    @property
    def cycle_s(self) -> float:
        """Sum of the durations [s]."""
        return rounded_s(sum(interval.duration_s for interval in self.intervals))

    @property
    def width(self) -> int:
        """Number of letters in a state."""
        return len(self.intervals[0].state) if self.intervals else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """All programs and day plans of a scenario, in the order in which SUMO loads them.

    Parameters
    ----------
    programs, day_plans
        As declared.
    begin_s, end_s
        The time that is studied; day plans rule what runs in it. [s]
    """

    programs: tuple[ProgramDeclaration, ...]
    day_plans: tuple[DayPlan, ...] = ()
    begin_s: float = 0.0
    end_s: float = 0.0
    _of: dict[str, list[ProgramDeclaration]] = field(init=False, repr=False, compare=False)
    _active: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the programs once, so that a large network's are not searched for each signal."""
        found: dict[str, list[ProgramDeclaration]] = {}
        for program in self.programs:
            found.setdefault(program.intersection, []).append(program)
        object.__setattr__(self, "_of", found)
        object.__setattr__(self, "_active", self._active_programs())

    @property
    def intersections(self) -> tuple[str, ...]:
        """Names of the signals, in order of their first program."""
        return tuple(self._of)

    @property
    def active(self) -> dict[str, str]:
        """Intersection → program at the start: the last one loaded, unless a day plan rules."""
        return self._active

    def _active_programs(self) -> dict[str, str]:
        last = {
            program.intersection: OFF if program.kind == OFF else program.program
            for program in self.programs
        }
        ruled = {
            name: plan.program_at(self.begin_s)
            for plan in self.day_plans
            for name in plan.intersections
        }
        return last | {name: program for name, program in ruled.items() if name in last}

    def switching_plan(self, intersection: str) -> str | None:
        """Return the day plan that changes an intersection's program in the studied time."""
        return next(
            (
                plan.name
                for plan in self.day_plans
                if intersection in plan.intersections
                and plan.changes_within(self.begin_s, self.end_s)
            ),
            None,
        )

    def of(self, intersection: str) -> tuple[ProgramDeclaration, ...]:
        """Return the programs of one intersection."""
        return tuple(self._of.get(intersection, ()))

    def patterns_of(self, intersection: str) -> tuple[ProgramDeclaration, ...]:
        """Return the programs of one intersection that a pattern can say."""
        return tuple(program for program in self.of(intersection) if program.is_pattern)

    def running(self, intersection: str) -> ProgramDeclaration | None:
        """Return the program that runs at the start; none if the signal is off."""
        active = self.active.get(intersection)
        return next((p for p in self.of(intersection) if p.program == active), None)


def read_declarations(files: Iterable[Path]) -> Declarations:
    """Read every program and day plan from networks and additional files.

    Parameters
    ----------
    files
        The network first, then the additional files, in the order in which SUMO is given them;
        XML, plain or packed with gzip.  What they include counts where it is included.

    Returns
    -------
    Declarations
        Everything declared; a ``tlLogic`` without phases, as SUMO's coordination tool writes it,
        has changed the offset of the program that it names.

    Raises
    ------
    InputError
        A file cannot be read, or a program is not one.
    """
    programs: dict[tuple[str, str], ProgramDeclaration] = {}
    day_plans: list[DayPlan] = []
    for file in files:
        unfolded = read_unfolded(file)
        for element in unfolded.root.iter("tlLogic"):
            _take(programs, _program(element, unfolded.file_of(element)))
        day_plans.extend(_day_plans(unfolded))
    return Declarations(programs=tuple(programs.values()), day_plans=tuple(day_plans))


def _take(programs: dict[tuple[str, str], ProgramDeclaration], program: ProgramDeclaration) -> None:
    key = (program.intersection, program.program)
    known = programs.get(key)
    if program.intervals and known is not None:
        what = f"is declared already by {known.where}"
        raise InputError(program.where, what, "give each program its own programID")
    if program.intervals:
        programs[key] = program
    elif known is not None:
        programs[key] = _moved(known, program)
    elif program.kind == OFF:
        programs[key] = program
    else:
        raise InputError(program.where, "has no phases", "add them, or remove the program")


def _moved(known: ProgramDeclaration, offset: ProgramDeclaration) -> ProgramDeclaration:
    """Return a program with the offset of a declaration without phases.

    SUMO moves an actuated one to another phase without its timing, which no offset says.
    """
    if known.kind == ACTUATED:
        is_moved = bool(offset.obstacle) or offset.offset_s != known.offset_s
        return replace(known, obstacle="another file moves its offset") if is_moved else known
    kept = "" if known.obstacle == _FOLLOWS_BEGIN else known.obstacle
    return replace(known, offset_s=offset.offset_s, obstacle=kept or offset.obstacle)


def _program(element: ElementTree.Element, file: Path) -> ProgramDeclaration:
    name = attribute(element, "id", file)
    program = element.get("programID", "<unknown>")
    where = f"{file}: tlLogic '{name}' program '{program}'"
    intervals = tuple(_intervals(element, where))
    kind = attribute(element, "type", where) if intervals else element.get("type", STATIC)
    offset = element.get("offset", "0")
    follows_begin = offset == "begin"
    actuation, obstacle = None, _FOLLOWS_BEGIN if follows_begin else ""
    if any(phase.get("next") for phase in element.iter("phase")):
        obstacle = "its phases name their successors"
    elif kind == ACTUATED and not obstacle:
        actuation, obstacle = read_actuation(element, [i.duration_s for i in intervals])
    return ProgramDeclaration(
        where=where,
        intersection=name,
        program=program,
        kind=kind,
        offset_s=0.0 if follows_begin else seconds(offset, where),
        intervals=intervals,
        obstacle=obstacle,
        actuation=actuation,
    )


def _intervals(element: ElementTree.Element, program: str) -> Iterator[DeclaredInterval]:
    width = None
    for number, phase in enumerate(element.iter("phase")):
        where = f"{program} phase {number}"
        state = attribute(phase, "state", where)
        unknown = sorted(set(state) - _LETTERS)
        if unknown:
            what = f"state {state!r} holds the unknown letter {unknown[0]!r}"
            raise InputError(where, what, f"use one of {' '.join(Aspect)}")
        if width not in (None, len(state)):
            what = f"state has {len(state)} letters, the phases before it {width}"
            raise InputError(where, what, "write one letter for each link index in every phase")
        width = len(state)
        duration_s = seconds(attribute(phase, "duration", where), where)
        if duration_s <= 0:
            what = f"duration is {duration_s:g} s"
            raise InputError(where, what, "give it a duration above 0 s, or remove it")
        yield DeclaredInterval(duration_s=duration_s, state=state)


def _day_plans(unfolded: Unfolded) -> Iterator[DayPlan]:
    for element in unfolded.root.iter("WAUT"):
        file = unfolded.file_of(element)
        name = attribute(element, "id", file)
        where = f"{file}: WAUT '{name}'"
        period = element.get("period")
        ruled = [j for j in unfolded.root.iter("wautJunction") if j.get("wautID") == name]
        yield DayPlan(
            name=name,
            reference_s=seconds(element.get("refTime", "0"), where),
            start_program=attribute(element, "startProg", where),
            switches=tuple(_switches(element, where)),
            intersections={
                attribute(junction, "junctionID", where): junction.get("procedure", "")
                for junction in ruled
            },
            period_s=seconds(period, where) if period else None,
            synchronous=frozenset(
                attribute(junction, "junctionID", where)
                for junction in ruled
                if junction.get("synchron", "").lower() in {"1", "true", "t", "yes", "x", "on"}
            ),
        )


def _switches(element: ElementTree.Element, where: str) -> Iterator[Switch]:
    for switch in element.iter("wautSwitch"):
        time_s = seconds(attribute(switch, "time", where), where)
        yield Switch(time_s=time_s, program=attribute(switch, "to", where))
