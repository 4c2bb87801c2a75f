"""Everything that a unit holds and on which one pattern depends, read twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import LAST_PATTERN, SplitMode
from citybrain.controllers.ntcip.syntax import Instance, ObjectType, Value
from citybrain.ports.controllers import (
    GarbledError,
    LimitationError,
    PhaseSafety,
    PhaseSplit,
    UnitPlan,
)

SAFETY = (
    objects.PHASE_MINIMUM_GREEN,
    objects.PHASE_WALK,
    objects.PHASE_PEDESTRIAN_CLEAR,
    objects.PHASE_YELLOW_CHANGE,
    objects.PHASE_RED_CLEAR,
)
"""Columns that are compared and never written, in the order of ``PhaseSafety``."""
TENTHS = 10
_READS = 4
"""Reads within which two in a row must agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a unit holds for one pattern.

    Parameters
    ----------
    unit
        Name of the controller.
    pattern, split, sequence
        The pattern, and the split table and sequence that it uses.
    phases, rings
        How many the unit has.
    values
        Identifier → value; none for what the unit lacks.
    split_users
        Other patterns in use that share the split table.
    """

    unit: str
    pattern: int
    split: int
    sequence: int
    phases: int
    rings: int
    values: Mapping[str, Value | None]
    split_users: tuple[int, ...]

    def value(self, instance: Instance) -> int | None:
        """Return a number, none if the unit lacks the object."""
        value = self.values.get(instance.oid)
        return value if isinstance(value, int) else None

    def number(self, instance: Instance) -> int:
        """Return a number.

        Raises
        ------
        LimitationError
            The unit lacks the object.
        """
        value = self.value(instance)
        if value is None:
            what = f"does not have {instance.name}"
            raise LimitationError(self.unit, what, "this unit cannot take plans from citybrain")
        return value

    def split_s(self, phase: int) -> int:
        """Return the split of a phase. [s].

        Raises
        ------
        LimitationError
            The unit lacks the object.
        """
        return self.number(objects.SPLIT_TIME.of(self.split, phase))

    def omits(self, phase: int) -> bool:
        """Tell whether the split table leaves the phase out."""
        mode = self.value(objects.SPLIT_MODE.of(self.split, phase))
        return mode == SplitMode.PHASE_OMITTED

    def ring_order(self) -> tuple[tuple[int, ...], ...]:
        """Return the phases of each ring in their order; nothing if the unit does not say."""
        rows = (self.values.get(each.oid) for each in _sequences(self.sequence, self.rings))
        return tuple(tuple(row) for row in rows if isinstance(row, bytes) and row)

    def barriers(self) -> tuple[frozenset[int], ...]:
        """Return the phases between each pair of barriers; nothing if the unit does not say.

        Phases that may be green together stand between the same barriers (``phaseConcurrency``).
        """
        rows = {n: self.values.get(objects.PHASE_CONCURRENCY.at(n)) for n in self._all_phases()}
        beside = {n: frozenset(row) for n, row in rows.items() if isinstance(row, bytes)}
        found: list[frozenset[int]] = []
        for phase, others in beside.items():
            met = [each for each in found if each & (others | {phase})]
            found = [each for each in found if each not in met]
            found.append(frozenset({phase}).union(others, *met))
        return tuple(found)

    def _all_phases(self) -> range:
        return range(1, self.phases + 1)

    def tells_coordinated(self) -> bool:
        """Tell whether the unit says which phases the offset refers to."""
        return self.value(objects.SPLIT_COORD_PHASE.of(self.split, 1)) is not None

    def coordinated(self) -> tuple[int, ...]:
        """Return the phases that the offset refers to; nothing if the unit does not say."""
        columns = {
            phase: self.value(objects.SPLIT_COORD_PHASE.of(self.split, phase))
            for phase in self._all_phases()
        }
        return tuple(phase for phase, flag in columns.items() if flag)

    def plan(self) -> UnitPlan:
        """Return the pattern as a value.

        Raises
        ------
        LimitationError
            The unit lacks an object of the pattern or of its phases.
        """
        phases = [phase for phase in self._all_phases() if self.split_s(phase) > 0]
        return UnitPlan(
            pattern=self.pattern,
            cycle_s=self.number(objects.PATTERN_CYCLE_TIME.of(self.pattern)),
            offset_s=self.number(objects.PATTERN_OFFSET_TIME.of(self.pattern)),
            splits=tuple(PhaseSplit(phase=each, split_s=self.split_s(each)) for each in phases),
            safety=tuple(self._safety(phase) for phase in phases),
            rings=self.ring_order(),
            coordinated=self.coordinated(),
        )

    def _safety(self, phase: int) -> PhaseSafety:
        green, walk, clear, yellow, red = (self.number(column.of(phase)) for column in SAFETY)
        return PhaseSafety(
            phase=phase,
            minimum_green_s=green,
            walk_s=walk,
            pedestrian_clear_s=clear,
            yellow_s=yellow / TENTHS,
            red_clear_s=red / TENTHS,
        )


async def read_image(session: Session, pattern: int) -> Image:
    """Read everything on which a pattern depends.

    Parameters
    ----------
    session
        To the unit.
    pattern
        Number of the pattern.

    Raises
    ------
    LimitationError
        The unit has no such pattern, or does not say how many it has.
    GarbledError
        Values that their objects cannot hold, or that differ from read to read.
    """
    sizes = (objects.MAX_PHASES, objects.MAX_PATTERNS, objects.MAX_RINGS, objects.MAX_SPLITS)
    held = await read_twice(session, [each.of() for each in sizes])
    phases, patterns, rings, splits = (_size(session.unit, held, each) for each in sizes)
    patterns = min(patterns, LAST_PATTERN)
    if not 1 <= pattern <= patterns:
        what = f"has patterns 1–{patterns}, not {pattern}"
        raise LimitationError(session.unit, what, "choose one of its patterns")
    table = await read_twice(session, _pattern_table(pattern, patterns))
    split = _positive(session.unit, table, objects.PATTERN_SPLIT_NUMBER.of(pattern), splits)
    sequence = _positive(session.unit, table, objects.PATTERN_SEQUENCE_NUMBER.of(pattern), 255)
    rest = await read_twice(session, [*_phase_objects(split, phases), *_sequences(sequence, rings)])
    return Image(
        unit=session.unit,
        pattern=pattern,
        split=split,
        sequence=sequence,
        phases=phases,
        rings=rings,
        values={**table, **rest},
        split_users=_sharing(table, pattern, patterns, split),
    )


async def read_twice(session: Session, instances: Sequence[Instance]) -> Mapping[str, Value | None]:
    """Return values on which two reads in a row agree, each within the range of its object.

    One wrong answer must not become a value that is later written back.

    Raises
    ------
    GarbledError
        No two reads agree, or a value is out of range.
    """
    last = await session.get(instances)
    for _ in range(_READS - 1):
        again = await session.get(instances)
        if again == last:
            _check(session.unit, instances, last)
            return last
        last = again
    what = f"tells different values each time it is asked for {instances[0].name} and others"
    raise GarbledError(session.unit, what, "look who else writes to it, and who answers for it")


def _check(unit: str, instances: Sequence[Instance], values: Mapping[str, Value | None]) -> None:
    for each in instances:
        value = values[each.oid]
        if value is not None and not each.object_type.syntax.allows(value):
            what = f"tells {each.name} = {value!r}, which cannot be"
            raise GarbledError(unit, what, "look at its SNMP agent")


def _size(unit: str, held: Mapping[str, Value | None], size: ObjectType) -> int:
    value = held[size.at()]
    if not isinstance(value, int):
        what = f"does not say {size.name}"
        raise LimitationError(unit, what, "this unit cannot take plans from citybrain")
    return value


def _positive(unit: str, held: Mapping[str, Value | None], instance: Instance, most: int) -> int:
    """Return the number of a row."""
    value = held[instance.oid]
    if not isinstance(value, int):
        what = f"does not have {instance.name}"
        raise LimitationError(unit, what, "which splits the pattern uses must be known")
    if not 1 <= value <= most:
        what = f"tells {instance.name} = {value}, but has rows 1–{most}"
        raise GarbledError(unit, what, "set up the pattern at the unit")
    return value


def _pattern_table(pattern: int, patterns: int) -> list[Instance]:
    every = range(1, patterns + 1)
    return [
        *(objects.PATTERN_CYCLE_TIME.of(each) for each in every),
        *(objects.PATTERN_SPLIT_NUMBER.of(each) for each in every),
        objects.PATTERN_OFFSET_TIME.of(pattern),
        objects.PATTERN_SEQUENCE_NUMBER.of(pattern),
    ]


def _phase_objects(split: int, phases: int) -> list[Instance]:
    every = range(1, phases + 1)
    columns = (objects.SPLIT_TIME, objects.SPLIT_MODE, objects.SPLIT_COORD_PHASE)
    return [
        *(column.of(split, phase) for column in columns for phase in every),
        *(column.of(phase) for column in SAFETY for phase in every),
        *(objects.PHASE_CONCURRENCY.of(phase) for phase in every),
    ]


def _sequences(sequence: int, rings: int) -> list[Instance]:
    return [objects.SEQUENCE_DATA.of(sequence, ring) for ring in range(1, rings + 1)]


def _sharing(
    table: Mapping[str, Value | None], pattern: int, patterns: int, split: int
) -> tuple[int, ...]:
    return tuple(
        each
        for each in range(1, patterns + 1)
        if each != pattern
        and table[objects.PATTERN_SPLIT_NUMBER.at(each)] == split
        and table[objects.PATTERN_CYCLE_TIME.at(each)]
    )
