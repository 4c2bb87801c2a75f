"""Errors of controllers on the street, each naming the unit, what is wrong and the mend."""

from citybrain.errors import CitybrainError


class ControllerError(CitybrainError):
    """A controller could not be read or written.

    Parameters
    ----------
    unit
        Name of the controller.
    what
        What is wrong.
    mend
        What a person can do about it.
    """

    def __init__(self, unit: str, what: str, mend: str) -> None:
        super().__init__(f"{unit}: {what}; {mend}")
        self.unit = unit
        self.what = what
        self.mend = mend

    def __reduce__(self) -> tuple[type["ControllerError"], tuple[str, str, str]]:
        """Rebuild from the three parts."""
        return type(self), (self.unit, self.what, self.mend)


class UnreachableError(ControllerError):
    """No answer within the bounded retries."""


class CredentialsError(ControllerError):
    """The unit does not accept the user, the key or the community."""


class UnitRefusedError(ControllerError):
    """The unit answered a request with an error."""


class GarbledError(ControllerError):
    """The unit answered with values that its objects cannot hold, or that change between reads."""


class LimitationError(ControllerError):
    """The unit lacks an object or a capability that the request needs."""


class SafetyDifferenceError(ControllerError):
    """The unit holds other safety times than the plan was proven with."""
