"""Between the tables of NTCIP 1202 and what the signal machine is set to."""

from collections.abc import Iterator, Sequence

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import SplitMode
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.coord_pattern import CoordPattern, Split, SyncPoint
from citybrain.controllers.virtual.schema import Schema
from citybrain.controllers.virtual.timing import (
    TENTHS_PER_S,
    PhaseOption,
    PhaseTiming,
    SignalSettings,
    groups_from,
)
from citybrain.errors import CitybrainError, InfeasibleError


class Tables:
    """Reads a set of values by object and row.

    Parameters
    ----------
    schema, values
        Slots, and one value for each.
    """

    def __init__(self, schema: Schema, values: Sequence[Value]) -> None:
        self._schema = schema
        self._values = values

    def number(self, object_type: ObjectType, *row: int) -> int:
        """Return a number."""
        value = self._values[self._schema.slot(object_type, *row).index]
        return value if isinstance(value, int) else 0

    def octets(self, object_type: ObjectType, *row: int) -> bytes:
        """Return octets."""
        value = self._values[self._schema.slot(object_type, *row).index]
        return value if isinstance(value, bytes) else b""

    def settings(self, sequence: int = 1) -> SignalSettings:
        """Return what the machine is set to.

        Parameters
        ----------
        sequence
            Row of the sequence table.

        Raises
        ------
        InfeasibleError
            Rings, sequence and concurrency do not fit together.
        """
        phases = tuple(self._phases())
        enabled = {timing.number for timing in phases}
        if not enabled:
            msg = "no phase is enabled"
            raise InfeasibleError(msg)
        rings = [
            tuple(n for n in self.octets(objects.SEQUENCE_DATA, sequence, ring) if n in enabled)
            for ring in range(1, self._schema.sizes.rings + 1)
        ]
        self._check_rings(rings)
        concurrency = {
            n: frozenset(self.octets(objects.PHASE_CONCURRENCY, n)) & enabled for n in enabled
        }
        return SignalSettings(
            phases=phases,
            groups=groups_from([ring for ring in rings if ring], concurrency),
            startup_flash_s=self.number(objects.UNIT_START_UP_FLASH),
        )

    def _check_rings(self, rings: Sequence[Sequence[int]]) -> None:
        for at, phases in enumerate(rings, 1):
            for phase in phases:
                if self.number(objects.PHASE_RING, phase) != at:
                    msg = f"sequence puts phase {phase} into ring {at}, phaseRing into another"
                    raise InfeasibleError(msg)

    def _phases(self) -> Iterator[PhaseTiming]:
        for n in range(1, self._schema.sizes.phases + 1):
            options = PhaseOption(self.number(objects.PHASE_OPTIONS, n) & _OBEYED)
            if PhaseOption.ENABLED in options and self.number(objects.PHASE_RING, n):
                yield PhaseTiming(
                    number=n,
                    minimum_green_ds=self._seconds_ds(objects.PHASE_MINIMUM_GREEN, n),
                    maximum_green_ds=self._seconds_ds(objects.PHASE_MAXIMUM1, n),
                    passage_ds=self.number(objects.PHASE_PASSAGE, n),
                    yellow_ds=self.number(objects.PHASE_YELLOW_CHANGE, n),
                    red_clear_ds=self.number(objects.PHASE_RED_CLEAR, n),
                    walk_ds=self._seconds_ds(objects.PHASE_WALK, n),
                    pedestrian_clear_ds=self._seconds_ds(objects.PHASE_PEDESTRIAN_CLEAR, n),
                    options=options,
                )

    def _seconds_ds(self, object_type: ObjectType, phase: int) -> int:
        return self.number(object_type, phase) * TENTHS_PER_S

    def pattern(self, number: int) -> CoordPattern:
        """Return a pattern with the splits that it names."""
        split = self.number(objects.PATTERN_SPLIT_NUMBER, number)
        return CoordPattern(
            number=number,
            cycle_s=self.number(objects.PATTERN_CYCLE_TIME, number),
            offset_s=self.number(objects.PATTERN_OFFSET_TIME, number),
            splits={n: self._split(split, n) for n in range(1, self._schema.sizes.phases + 1)},
            sync_point=SyncPoint(self.number(objects.PATTERN_COORD_SYNC_POINT, number)),
        )

    def _split(self, split: int, phase: int) -> Split:
        return Split(
            time_s=self.number(objects.SPLIT_TIME, split, phase),
            mode=SplitMode(self.number(objects.SPLIT_MODE, split, phase)),
            is_coordinated=bool(self.number(objects.SPLIT_COORD_PHASE, split, phase)),
        )


_OBEYED = sum(PhaseOption)


def structure_error(schema: Schema, values: Sequence[Value]) -> str:
    """Return why rings, sequences and concurrency do not fit together, nothing if they do."""
    for sequence in range(1, schema.sizes.sequences + 1):
        try:
            Tables(schema, values).settings(sequence)
        except CitybrainError as error:
            return f"sequence {sequence}: {error}"[:255]
    return ""
