"""Secrets of controllers: where they are kept, and that they are never shown."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from citybrain.errors import InputError

SHORTEST = 8
"""Characters that a passphrase needs (RFC 3414, 11.2)."""


class Secret:
    """A text that does not show itself: not when printed, formatted, compared by eye or pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        """Return stars."""
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Tell whether both hold the same text."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Return a hash that is only good within this process."""
        return hash(self._text)

    def __reduce__(self) -> str:
        """Refuse to be written anywhere."""
        msg = "a secret is not pickled"
        raise TypeError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class V3:
    """SNMP v3 with authentication (HMAC-SHA-256) and privacy (AES-128).

    References
    ----------
    RFC 3414 (user-based security), RFC 7860 (HMAC-SHA-2), RFC 3826 (AES).
    """

    user: str
    auth_key: Secret
    priv_key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class V2c:
    """SNMP v2c: anyone on the wire can read the community and forge a SET."""

    community: Secret


Credentials = V3 | V2c


def secret_from(where: str, *, path: Path | None, variable: str | None) -> Secret:
    """Return a secret from a file of its owner's or from the environment.

    Parameters
    ----------
    where
        File and element that refers to it, for errors.
    path
        File whose first line is the secret; nobody but its owner may read or write it.
    variable
        Name of an environment variable; exactly one of both is given.

    Raises
    ------
    InputError
        None or both are given, the file is open to others, or the secret is absent or too short.
        The message never holds the secret.
    """
    if (path is None) == (variable is None):
        raise InputError(where, "needs one source of its secret", "give a file or a variable")
    text = _from_file(path) if path is not None else _from(os.environ, where, str(variable))
    if len(text) < SHORTEST:
        what = f"the secret has fewer than {SHORTEST} characters"
        raise InputError(where, what, "choose a longer one")
    return Secret(text)


def _from(environment: Mapping[str, str], where: str, variable: str) -> str:
    text = environment.get(variable)
    if text is None:
        raise InputError(where, f"the variable {variable} is not set", "set it for this process")
    return text.strip()


def _from_file(path: Path) -> str:
    """Read the file that was checked, not another that took its name in between."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        told = error.strerror or str(error)
        raise InputError(path, f"cannot be read: {told}", "name a readable plain file") from None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        kept = os.fstat(file.fileno())
        if not stat.S_ISREG(kept.st_mode):
            raise InputError(path, "is not a plain file", "name a plain file")
        if kept.st_uid != os.geteuid():
            raise InputError(path, "belongs to somebody else", "give it to the user who runs this")
        if kept.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError(path, "is open to others than its owner", f"run: chmod 600 {path}")
        try:
            return file.readline().strip()
        except UnicodeDecodeError:
            raise InputError(path, "is not text", "write the secret as one line") from None
