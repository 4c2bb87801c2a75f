"""Persons by their names: a name in another spelling is no other person."""

import unicodedata

from citybrain.errors import InputError


def person_of(name: str) -> str:
    """Return what is the same for all spellings of a name, and for no other name.

    Capitals, the number of spaces, and whether an accent is a sign of its own tell nobody apart.

    Parameters
    ----------
    name
        A person's name as somebody wrote it.

    References
    ----------
    The Unicode Standard, section 3.13, D145 (canonical caseless match).
    """
    folded = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFC", " ".join(folded.split()))


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names are spellings of one."""
    return person_of(one) == person_of(other)


def check_name(where: object, name: str) -> None:
    """Raise unless a name can be read by whoever has to know it again.

    Parameters
    ----------
    where
        What names the person.
    name
        The name.

    Raises
    ------
    InputError
        The name is blank, or holds what cannot be printed.
    """
    if not name.strip():
        raise InputError(where, "names a blank person", "write the person's name")
    if hidden := next((sign for sign in name if not sign.isprintable()), ""):
        what = f"names a person with the unprintable character U+{ord(hidden):04X}"
        raise InputError(where, what, "write the name without it")
