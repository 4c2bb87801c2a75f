"""Why one attempt to ask a unit goes without an answer."""

from enum import Enum, auto


class Trouble(Enum):
    """Why there is no answer."""

    SILENT = auto()
    CREDENTIALS = auto()
    GARBLED = auto()


class NoAnswerError(Exception):
    """One attempt went without a usable answer."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.name)
        self.trouble = trouble
