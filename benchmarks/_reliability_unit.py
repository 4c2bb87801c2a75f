"""A virtual unit that is watched at every tenth of a second: what it showed, and what it holds."""

import copy
from dataclasses import dataclass, field

from citybrain.controllers.virtual.configuration import Tables
from citybrain.controllers.virtual.layout import Layout
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_settings import UnitSettings

Shape = tuple[int, int, int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
MIXED, FREE, FLASH, DARK = "a mixture", "free", "flash", "dark"


def shape_of(layout: Layout) -> Shape:
    """Return all that a pattern shows, whatever its number."""
    return (
        layout.cycle_ds,
        layout.offset_ds,
        layout.coordinated,
        tuple(sorted(layout.start_ds.items())),
        tuple(sorted(layout.force_ds.items())),
    )


@dataclass(slots=True)
class Seen:
    """What was seen on the street.

    Parameters
    ----------
    shows
        Instants at which what is shown changed, and what was shown from there on [s].
    trips
        Faults that the conflict monitor latched.
    """

    shows: list[tuple[float, str]] = field(default_factory=list)
    trips: list[str] = field(default_factory=list)


class WatchedUnit(VirtualUnit):
    """A virtual unit with a witness beside it.

    Parameters
    ----------
    settings
        What it is built from.
    now_s
        Time at which power comes on. [s since 1970, UTC]
    """

    def __init__(self, settings: UnitSettings, now_s: float) -> None:
        self.seen = Seen()
        self.known: dict[Shape, str] = {}
        self._named: tuple[Layout | None, str] = (None, "")
        super().__init__(settings, now_s)

    def _tick(self) -> None:
        super()._tick()
        shown = self.shows()
        if not self.seen.shows or self.seen.shows[-1][1] != shown:
            self.seen.shows.append((self.now_s, shown))
        tripped = self.monitor.tripped
        if tripped is not None and str(tripped) not in self.seen.trips:
            self.seen.trips.append(str(tripped))

    def copied(self) -> "WatchedUnit":
        """Return a unit in the same state."""
        shared = (self.schema, self.settings)
        return copy.deepcopy(self, {id(each): each for each in shared})

    def learn(self, name: str) -> None:
        """Take what runs now for a whole plan of this name."""
        running = self.machine.coordinator
        assert running is not None, f"{name} does not run"
        self.known[shape_of(running.layout)] = name
        self._named = (None, "")

    def shows(self) -> str:
        """Return what the street shows: a whole plan by its name, else what else it is."""
        if not self.has_power:
            return DARK
        if self.machine.is_flashing:
            return FLASH
        running = self.machine.coordinator
        if running is None:
            return FREE
        if self._named[0] is not running.layout:
            name = self.known.get(shape_of(running.layout), MIXED)
            self._named = (running.layout, name)
        return self._named[1]

    def forget(self) -> None:
        """Begin a new record."""
        self.seen = Seen()

    def pattern_values(self, number: int) -> tuple[int, ...]:
        """Return cycle, offset and splits that the unit itself holds for a pattern."""
        pattern = Tables(self.schema, self.database.values).pattern(number)
        splits_s = [split.time_s for _, split in sorted(pattern.splits.items())]
        return (pattern.cycle_s, pattern.offset_s, *splits_s)
