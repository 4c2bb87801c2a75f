"""Names after ``--networks``: one that nothing answers to must not leave a check with nothing."""

from collections.abc import Collection, Iterable

from citybrain.errors import InputError

_OPTION = "--networks"


def check_names(names: Iterable[str], known: Collection[str], what: str) -> None:
    """Refuse names that are not known.

    Parameters
    ----------
    names
        Those that were given.
    known
        Those that there are.
    what
        What they name, such as ``scene``.

    Raises
    ------
    InputError
        There is no such name.
    """
    for name in names:
        if name not in known:
            raise _unknown(name, known, what)


def check_beginnings(names: Iterable[str], known: Collection[str], what: str) -> None:
    """Refuse names with which none of the known ones begins.

    Parameters
    ----------
    names, known, what
        As for ``check_names``.

    Raises
    ------
    InputError
        No name begins so.
    """
    for name in names:
        if not any(each.startswith(name) for each in known):
            raise _unknown(name, known, what)


def check_nameless(names: Collection[str], benchmark: str) -> None:
    """Refuse names where there is nothing to choose.

    Raises
    ------
    InputError
        A name was given.
    """
    if names:
        what, mend = f"does not apply to the {benchmark} benchmark", "leave it out"
        raise InputError(_OPTION, what, mend)


def _unknown(name: str, known: Collection[str], what: str) -> InputError:
    return InputError(_OPTION, f"there is no {what} {name}", f"choose of: {', '.join(known)}")
