"""What the values that a unit stores mean to it, worked out once and kept at hand."""

from collections.abc import Sequence

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import LAST_PATTERN, Correction, Free
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.configuration import Tables
from citybrain.controllers.virtual.layout import CannotRunError, Layout, lay_out
from citybrain.controllers.virtual.schema import Schema
from citybrain.controllers.virtual.timebase import Timebase, local_datetime
from citybrain.controllers.virtual.timing import SignalSettings, mask_of
from citybrain.errors import InfeasibleError

DAY_DS = 864_000
"""Length of a day. [0.1 s]"""


class Stored:
    """A set of values, as the unit that stores them understands it.

    Parameters
    ----------
    schema, values
        Slots, and one value for each.
    """

    def __init__(self, schema: Schema, values: Sequence[Value]) -> None:
        self._sizes = schema.sizes
        self._tables = Tables(schema, values)
        self._timebase = Timebase(schema, values)
        self._settings: dict[int, SignalSettings | None] = {}
        self._asked_at_minute = (-1, 0)
        number = self._tables.number
        self.zone_s = number(objects.CONTROLLER_STANDARD_TIME_ZONE)
        self.reference_ds = number(objects.TIMEBASE_ASC_PATTERN_SYNC) * 600 % DAY_DS
        self.called_by = {
            detector: mask_of([phase])
            for detector in range(1, schema.sizes.detectors + 1)
            if (phase := number(objects.VEHICLE_DETECTOR_CALL_PHASE, detector))
        }

    def number(self, object_type: ObjectType, *row: int) -> int:
        """Return a number."""
        return self._tables.number(object_type, *row)

    @property
    def correction(self) -> Correction:
        """How the unit gets into step."""
        return Correction(self.number(objects.COORD_CORRECTION_MODE))

    def first_settings(self) -> SignalSettings:
        """Return what the machine is set to in the first sequence.

        Raises
        ------
        InfeasibleError
            Rings, sequence and concurrency do not fit together.
        """
        return self._tables.settings()

    def settings_for(self, pattern: int) -> SignalSettings | None:
        """Return what a pattern sets the machine to; none where the tables make no sense."""
        sequence = self._sequence(pattern)
        if sequence not in self._settings:
            try:
                self._settings[sequence] = self._tables.settings(sequence)
            except InfeasibleError:
                self._settings[sequence] = None
        return self._settings[sequence]

    def _sequence(self, pattern: int) -> int:
        if not 1 <= pattern <= self._sizes.patterns:
            return 1
        sequence = self.number(objects.PATTERN_SEQUENCE_NUMBER, pattern)
        return sequence if 1 <= sequence <= self._sizes.sequences else 1

    def layout(self, pattern: int, settings: SignalSettings) -> Layout:
        """Lay a pattern out on what a machine is set to.

        Raises
        ------
        CannotRunError
            There is no such pattern, or it does not fit.
        """
        if pattern > min(self._sizes.patterns, LAST_PATTERN):
            raise CannotRunError(Free.BAD_PLAN, f"there is no pattern {pattern}")
        return lay_out(settings, self._tables.pattern(pattern))

    def scheduled(self, local_s: float) -> int:
        """Return the pattern that the schedule asks for; it is looked up once a minute."""
        minute = int(local_s // 60)
        if self._asked_at_minute[0] != minute:
            self._asked_at_minute = (minute, self._timebase.pattern(local_datetime(local_s)))
        return self._asked_at_minute[1]

    def day_plan(self, local_s: float) -> tuple[int, int]:
        """Return schedule entry and day plan of a day; 0 for none."""
        return self._timebase.day_plan(local_datetime(local_s))

    def action(self, local_s: float) -> int:
        """Return the timebase action that the schedule asks for; 0 for none."""
        return self._timebase.action(local_datetime(local_s))


def pattern_error(schema: Schema, values: Sequence[Value], settings: SignalSettings) -> str:
    """Return the first pattern that cannot run, and why; nothing if all can.

    Parameters
    ----------
    schema, values
        Slots, and one value for each.
    settings
        What the machine is set to.
    """
    stored = Stored(schema, values)
    for pattern in range(1, schema.sizes.patterns + 1):
        try:
            stored.layout(pattern, settings)
        except CannotRunError as found:
            if found.reason is not Free.COORD_FREE:
                return f"pattern {pattern}: {found}"[:255]
    return ""
