"""Ed25519 keys and signatures (RFC 8032): who signed which bytes.

A private key is a file of its owner alone; the public keys stand in a register that only an
administrator writes, each with its person and roles.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import Field

from citybrain.errors import InputError, UnsafePlanError
from citybrain.files import create_private_file
from citybrain.model.persons import check_name, is_same_person
from citybrain.model.statements import Role, Signed, Statement, Vouched, read_statement
from citybrain.reading import FilePart, checked, text_of, toml_of

_PUBLIC_KEY_LENGTH = 32
_OTHERS_WRITE, _OTHERS_ANYTHING = 0o022, 0o077


class _KeyPart(FilePart):
    name: Annotated[str, Field(min_length=1)]
    person: Annotated[str, Field(min_length=1)]
    public: str
    roles: tuple[Role, ...]


class _RegisterFile(FilePart):
    key: tuple[_KeyPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredKey:
    """A public key of the register.

    Parameters
    ----------
    name
        Name of the key; a person may have several.
    person
        Whose it is.
    roles
        What it may sign.
    public
        The key, 32 bytes in base64.
    """

    name: str
    person: str
    roles: frozenset[Role]
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All keys that count, by name."""

    keys: tuple[RegisteredKey, ...]

    def key(self, name: str) -> RegisteredKey | None:
        """Return a key by its name; none where there is no such key."""
        return next((key for key in self.keys if key.name == name), None)

    def vouch(self, signed: Signed) -> Vouched:
        """Return the statement of a signed text.

        Raises
        ------
        UnsafePlanError
            The key is not registered, or the signature is not of these bytes with this key.
        InputError
            The bytes make no statement.
        """
        key = self.key(signed.key)
        if key is None:
            msg = f"signature: key {signed.key} is not registered"
            raise UnsafePlanError(msg)
        try:
            signature = base64.b64decode(signed.signature, validate=True)
            _public(key.public).verify(signature, signed.statement.encode("utf-8"))
        except (InvalidSignature, binascii.Error, ValueError):
            msg = f"signature: key {signed.key} of {key.person} did not sign these bytes"
            raise UnsafePlanError(msg) from None
        return Vouched(
            statement=read_statement(signed.statement),
            key=key.name,
            person=key.person,
            roles=key.roles,
        )


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the name it is registered under; it never prints itself."""

    name: str
    _private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key, 32 bytes in base64."""
        return _text(self._private.public_key().public_bytes_raw())

    def sign(self, statement: Statement) -> Signed:
        """Sign the canonical text of a statement."""
        text = statement.text
        signature = self._private.sign(text.encode("utf-8"))
        return Signed(statement=text, key=self.name, signature=_text(signature))

    def __repr__(self) -> str:
        """Name the key, and nothing of its content."""
        return f"SigningKey({self.name!r})"


def new_key(path: Path, passphrase: str = "") -> SigningKey:
    """Make a key, and write it into a file of its owner alone.

    Parameters
    ----------
    path
        File to create; its name without ``.key`` is the key's name.
    passphrase
        Protects the file where it is given.

    Raises
    ------
    InputError
        The file exists already or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    try:
        create_private_file(path, content)
    except FileExistsError:
        raise InputError(path, "exists already", "a key is never overwritten") from None
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(path, what, "give a folder that may be written to") from None
    return SigningKey(path.stem, private)


def read_key(path: Path, passphrase: str = "") -> SigningKey:
    """Read a private key.

    Parameters
    ----------
    path
        File that ``new_key`` wrote; its name without ``.key`` is the key's name.
    passphrase
        What protects the file.

    Raises
    ------
    InputError
        The file is missing, open to others, no Ed25519 key, or its passphrase is another one.
    """
    content = read_private(path, _OTHERS_ANYTHING)
    mend = "give a file that citybrain keys new wrote"
    try:
        private = load_pem_private_key(content, passphrase.encode() if passphrase else None)
    except TypeError:
        needs = "needs a passphrase" if not passphrase else "has no passphrase"
        raise InputError(path, needs, "set or unset CITYBRAIN_KEY_PASSPHRASE") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(path, "is no key, or its passphrase is another one", mend) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise InputError(path, "is no Ed25519 key", mend)
    return SigningKey(path.stem, private)


def read_register(path: Path) -> Register:
    """Read the register of public keys (TOML with one ``[[key]]`` for each).

    Raises
    ------
    InputError
        The file is missing, may be written by others than its owner, names a key twice, or names
        a person in two spellings.
    """
    content = toml_of(text_of(read_private(path, _OTHERS_WRITE), path), path)
    parts = checked(_RegisterFile, content, path, "register keys with citybrain keys new").key
    names = [part.name for part in parts]
    publics = [part.public for part in parts]
    for part in parts:
        where = f"{path}: key {part.name}"
        if names.count(part.name) > 1 or publics.count(part.public) > 1:
            raise InputError(where, "is registered twice", "remove one of the two")
        _check_public(where, part.public)
    _check_persons(path, parts)
    return Register(
        keys=tuple(
            RegisteredKey(
                name=part.name,
                person=part.person,
                roles=frozenset(part.roles),
                public=part.public,
            )
            for part in parts
        )
    )


def read_private(path: Path, forbidden: int) -> bytes:
    """Read a file whose rights must not be wider than they should be.

    Parameters
    ----------
    path
        File to read.
    forbidden
        Bits of its mode that must not be set.

    Raises
    ------
    InputError
        The file cannot be read, or it has such a bit.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            content = file.read()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputError(path, what, "check the path and its rights") from None
    if mode & forbidden:
        what = f"is open to others (mode {mode:o})"
        raise InputError(path, what, f"chmod {mode & ~forbidden:o} {path.name}")
    return content


def _check_persons(path: Path, parts: tuple[_KeyPart, ...]) -> None:
    """Raise for a name that nobody can read, or that another key spells in another way."""
    for part in parts:
        check_name(f"{path}: key {part.name}", part.person)
    for one, other in combinations(parts, 2):
        if one.person != other.person and is_same_person(one.person, other.person):
            where = f"{path}: key {other.name}"
            what = f"'{other.person}' and '{one.person}' of key {one.name} are one person"
            raise InputError(where, what, "spell the name in one way")


def _check_public(where: str, public: str) -> None:
    try:
        _public(public)
    except (ValueError, binascii.Error):
        what = "holds no public key of 32 bytes in base64"
        raise InputError(where, what, "copy the line that citybrain keys new printed") from None


def _public(text: str) -> Ed25519PublicKey:
    content = base64.b64decode(text, validate=True)
    if len(content) != _PUBLIC_KEY_LENGTH:
        msg = "a public key has 32 bytes"
        raise ValueError(msg)
    return Ed25519PublicKey.from_public_bytes(content)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
