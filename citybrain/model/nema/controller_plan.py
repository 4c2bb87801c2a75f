"""A pattern in the numbers that a controller of NTCIP 1202 keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

LARGEST_BYTE = 255
"""Most that one byte holds: no cycle and no split is longer (NTCIP 1202). [s]"""
PATTERNS = range(1, 254)
"""Numbers of patterns; 254 is Free and 255 flash."""


class SplitMode(IntEnum):
    """``splitMode`` of NTCIP 1202: what calls a phase in every cycle."""

    NONE = 2
    MAXIMUM_RECALL = 4
    MAXIMUM_AND_PEDESTRIAN_RECALL = 6
    OMITTED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What a pattern says of one phase.

    Parameters
    ----------
    phase
        Number of the phase.
    split_s
        Green, yellow and red clearance together; 0 for a phase that is left out. [whole s]
    mode
        A plan of fixed times calls every phase to its maximum, or leaves it out.
    is_coordinated
        The offset refers to this phase.
    """

    phase: int
    split_s: int
    mode: SplitMode
    is_coordinated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a pattern says and no controller keeps: needed to give the same pattern back.

    Parameters
    ----------
    intersection, program
        Names.
    zero_s
        Where in the pattern's local time the unit's local zero lies, in [0, cycle). [s]
    red_clearances_s
        Group → red clearance that the pattern promises after each of its windows, in their
        order; groups that promise none are left out. [s]
    """

    intersection: str
    program: str
    zero_s: float = 0.0
    red_clearances_s: Mapping[str, tuple[float, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerPlan:
    """One pattern as a controller holds it.

    Parameters
    ----------
    number
        Number of the pattern, 1 to 253.
    cycle_s, offset_s
        Whole seconds; the offset is the lag of the first coordinated green behind the master's
        zero, in [0, cycle). [s]
    splits
        One for each phase, by number.
    sequence
        Number of the sequence.
    frame
        What the controller does not keep.
    """

    number: int
    cycle_s: int
    offset_s: int
    splits: tuple[Split, ...]
    sequence: int
    frame: Frame

    @property
    def split_s(self) -> dict[int, int]:
        """Phase → its split [s]."""
        return {split.phase: split.split_s for split in self.splits}

    @property
    def coordinated(self) -> tuple[int, ...]:
        """Phases that the offset refers to."""
        return tuple(split.phase for split in self.splits if split.is_coordinated)
