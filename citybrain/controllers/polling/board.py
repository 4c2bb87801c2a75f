"""What is known of units that are polled: what each said last, and whether it still answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from citybrain.controllers.polling.poller import MOST_LOST, Poll
from citybrain.ports.controllers import UnitStatus


@dataclass(slots=True, kw_only=True)
class Seen:
    """What is known of one unit.

    Parameters
    ----------
    unit
        Name of the controller.
    status
        What it said last; none if it never answered.
    took_s
        How long that took. [s]
    unanswered
        Polls in a row since then that it did not answer.
    """

    unit: str
    status: UnitStatus | None = None
    took_s: float = 0.0
    unanswered: int = 0

    @property
    def is_lost(self) -> bool:
        """Whether it never answered, or has not for several polls: one may be lost on its way."""
        return self.status is None or self.unanswered >= MOST_LOST

    @property
    def is_well(self) -> bool:
        """Whether it answers, is in step and tells of nothing that somebody must look at."""
        return self.status is not None and not self.is_lost and self.status.is_well


class Board:
    """Hears polls, and keeps the last word of every unit.

    Parameters
    ----------
    units
        Names of all units.
    """

    def __init__(self, units: Iterable[str]) -> None:
        self._seen = {unit: Seen(unit=unit) for unit in units}

    def hear(self, poll: Poll) -> None:
        """Take note of a poll."""
        seen = self._seen[poll.unit]
        if poll.status is None:
            seen.unanswered += 1
        else:
            seen.status, seen.took_s, seen.unanswered = poll.status, poll.took_s, 0

    @property
    def seen(self) -> list[Seen]:
        """All units: first those that are lost, then others that need a look, each by name."""
        return sorted(
            self._seen.values(), key=lambda each: (not each.is_lost, each.is_well, each.unit)
        )

    @property
    def lost(self) -> tuple[str, ...]:
        """Units that do not answer."""
        return tuple(each.unit for each in self.seen if each.is_lost)
