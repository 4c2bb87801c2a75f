"""Persons by their names: a name in another spelling is no other person."""

import unicodedata

from citybrain.errors import InputError

_INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""First and last of the characters that leave no mark: those which the Unicode Character Database
calls Default_Ignorable_Code_Point, and the blank pattern of Braille."""


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
        The name is blank, or holds what cannot be printed or leaves no mark.
    """
    if not name.strip():
        raise InputError(where, "names a blank person", "write the person's name")
    if hidden := next((sign for sign in name if not _is_seen(sign)), ""):
        what = f"names a person with the unprintable character U+{ord(hidden):04X}"
        raise InputError(where, what, "write the name without it")


def _is_seen(sign: str) -> bool:
    return sign.isprintable() and not any(a <= ord(sign) <= z for a, z in _INVISIBLE)
