"""What a signal face can show."""

from enum import StrEnum


class Aspect(StrEnum):
    """What a signal face shows; the letters are those of SUMO and of the plan file."""

    PROTECTED = "G"
    PERMISSIVE = "g"
    YELLOW = "y"
    YELLOW_MAJOR = "Y"
    RED = "r"
    RED_AMBER = "u"
    STOP_THEN_GO = "s"
    BLINKING = "o"
    DARK = "O"


UNCONTROLLED = frozenset({Aspect.BLINKING, Aspect.DARK})
"""Who is shown one of them goes by the rules of the road; a group shows it always or never."""
GREENS = frozenset({Aspect.PROTECTED, Aspect.PERMISSIVE})
YELLOWS = frozenset({Aspect.YELLOW, Aspect.YELLOW_MAJOR})
CHANGING = YELLOWS | {Aspect.RED_AMBER}
"""What is shown between red and green, and has its own time."""
ENDS_AT_RED = YELLOWS | {Aspect.RED}
"""What follows a green that gives way to red."""
STARTS_AT_RED = frozenset({Aspect.RED, Aspect.RED_AMBER})
"""What comes before a green that red gave way to."""
