"""Why one attempt to ask a unit goes without an answer."""

from enum import Enum, auto

from pysnmp.proto import errind


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


def trouble_of(indication: object) -> Trouble:
    """Return why there is no answer, from what the library of SNMP says of it."""
    if isinstance(indication, errind.RequestTimedOut):
        return Trouble.SILENT
    if isinstance(indication, _BAD_CREDENTIALS):
        return Trouble.CREDENTIALS
    return Trouble.GARBLED


_BAD_CREDENTIALS = (
    errind.WrongDigest,
    errind.UnknownUserName,
    errind.UnknownSecurityName,
    errind.AuthenticationError,
    errind.AuthenticationFailure,
    errind.DecryptionError,
    errind.UnsupportedSecurityLevel,
)
