"""Which pattern the unit's own schedule asks for at a local time.

References
----------
NTCIP 1201, time base schedule and day plans: bit 1 of the month mask is January, of the day mask
Sunday, of the date mask the first.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual.configuration import Tables
from citybrain.controllers.virtual.schema import Schema

_MINUTES_PER_HOUR = 60


class Timebase:
    """The schedule that a unit's tables hold.

    Parameters
    ----------
    schema, values
        Slots, and one value for each.
    """

    def __init__(self, schema: Schema, values: Sequence[Value]) -> None:
        self._schema = schema
        self._tables = Tables(schema, values)
        self._action_oids = values

    def day_plan(self, at: datetime) -> tuple[int, int]:
        """Return the schedule entry and the day plan of a local day; 0 for none."""
        found = sorted(self._matching(at))
        return (found[0][1], found[0][2]) if found else (0, 0)

    def _matching(self, at: datetime) -> Iterator[tuple[int, int, int]]:
        """Yield (days that the entry names, entry, day plan); the more special comes first."""
        number = self._tables.number
        for entry in range(1, self._schema.sizes.entries + 1):
            month = number(objects.TIME_BASE_SCHEDULE_MONTH, entry)
            day = number(objects.TIME_BASE_SCHEDULE_DAY, entry)
            date = number(objects.TIME_BASE_SCHEDULE_DATE, entry)
            plan = number(objects.TIME_BASE_SCHEDULE_DAY_PLAN, entry)
            weekday = at.isoweekday() % 7 + 1
            if plan and month >> at.month & day >> weekday & date >> at.day & 1:
                yield month.bit_count() * day.bit_count() * date.bit_count(), entry, plan

    def action(self, at: datetime) -> int:
        """Return the timebase action that a local time asks for; 0 for none."""
        minute = at.hour * _MINUTES_PER_HOUR + at.minute
        today = [event for event in self._events(at) if event[0] <= minute]
        chosen = today or list(self._events(at - timedelta(days=1)))
        return max(chosen)[1] if chosen else 0

    def pattern(self, at: datetime) -> int:
        """Return the pattern that a local time asks for; 0 for none."""
        action = self.action(at)
        if not 1 <= action <= self._schema.sizes.actions:
            return 0
        return self._tables.number(objects.TIMEBASE_ASC_PATTERN, action)

    def _events(self, at: datetime) -> Iterator[tuple[int, int]]:
        _, plan = self.day_plan(at)
        if not 1 <= plan <= self._schema.sizes.day_plans:
            return
        for event in range(1, self._schema.sizes.events + 1):
            slot = self._schema.slot(objects.DAY_PLAN_ACTION_NUMBER_OID, plan, event)
            action = int(str(self._action_oids[slot.index]).rpartition(".")[2])
            if action:
                hour = self._tables.number(objects.DAY_PLAN_HOUR, plan, event)
                minute = self._tables.number(objects.DAY_PLAN_MINUTE, plan, event)
                yield hour * _MINUTES_PER_HOUR + minute, action


def local_datetime(local_s: float) -> datetime:
    """Return a local time as a date; the zone is a formality [s since 1970, local]."""
    return datetime.fromtimestamp(local_s, UTC)
