"""Errors that citybrain raises: one tree, each message naming file, element and mend."""


class CitybrainError(Exception):
    """Base of everything that citybrain raises on purpose."""


class InputError(CitybrainError):
    """A file or value from outside cannot be used.

    Parameters
    ----------
    where
        File, and the element in it, that is at fault.
    what
        What is wrong with it.
    mend
        What the user can do about it.
    """

    def __init__(self, where: object, what: str, mend: str) -> None:
        super().__init__(f"{where}: {what}; {mend}")
        self.where = str(where)
        self.what = what
        self.mend = mend

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, str, str]]:
        """Rebuild from the three parts, so that a worker process can hand the error over."""
        return type(self), (self.where, self.what, self.mend)


class InfeasibleError(CitybrainError):
    """A value was asked for that cannot exist, such as windows that do not fit their cycle."""


class UnsafePlanError(CitybrainError):
    """A plan breaks the rules of its intersection and goes no further."""


class SimulationError(CitybrainError):
    """The simulator failed to start, died, or left no usable output."""


def told_of(error: Exception) -> str:
    """Return what may be told of an error: the text of one of ours, the kind of any other.

    The text of an error that nobody foresaw may hold anything, secrets too.
    """
    if isinstance(error, CitybrainError):
        return str(error)
    return f"unforeseen error ({type(error).__name__})"
