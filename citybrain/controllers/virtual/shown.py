"""What the lamps of a unit show: all that a monitor may know of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What all phases show: masks of phases.

    Parameters
    ----------
    greens, yellows
        Vehicle greens and yellows; a phase in neither shows red.
    walks, pedestrian_clears
        Walk, and flashing don't walk.
    is_flashing
        The cabinet flashes instead; the masks are then empty.
    """

    greens: int = 0
    yellows: int = 0
    walks: int = 0
    pedestrian_clears: int = 0
    is_flashing: bool = False
