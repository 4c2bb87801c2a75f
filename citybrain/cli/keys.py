"""The commands ``keys new`` and ``keys list``."""

import getpass
import json
from dataclasses import dataclass
from pathlib import Path

from citybrain.cli.console import OUTPUT, print_json
from citybrain.controllers.signatures import new_key, read_register
from citybrain.errors import InputError
from citybrain.model.persons import check_name
from citybrain.model.statements import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """Options of ``keys new``."""

    name: str
    person: str
    roles: str
    folder: Path
    is_protected: bool
    is_json: bool


def new(request: NewKey) -> int:
    """Make a key, and print what an administrator puts into the register.

    Raises
    ------
    InputError
        A name, a role or the folder cannot be used, or the key exists already.
    """
    roles = [_role(role) for role in request.roles.split(",")]
    if not request.name.isidentifier():
        where = f"key {request.name}"
        raise InputError(where, "is no name", "use letters, digits and underscores")
    check_name(f"key {request.name}", request.person)
    passphrase = _new_passphrase() if request.is_protected else ""
    path = request.folder / f"{request.name}.key"
    key = new_key(path, passphrase)
    part = {"name": key.name, "person": request.person, "public": key.public, "roles": roles}
    if request.is_json:
        print_json({"file": str(path), "key": part})
    else:
        told = f"# private key in {path}; it is yours alone. For the register:\n"
        OUTPUT.print(told)
        OUTPUT.print("[[key]]")
        for name, value in part.items():
            OUTPUT.print(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return 0


def show(register: Path, *, is_json: bool) -> int:
    """Print the registered keys."""
    keys = read_register(register).keys
    if is_json:
        content = [
            {"name": k.name, "person": k.person, "roles": sorted(k.roles), "public": k.public}
            for k in keys
        ]
        print_json({"keys": content})
    else:
        for key in keys:
            roles = ", ".join(sorted(role.value for role in key.roles))
            OUTPUT.print(f"{key.name:<16} {key.person:<24} {roles}")
    return 0


def _role(name: str) -> str:
    try:
        return Role(name.strip()).value
    except ValueError:
        known = ", ".join(role.value for role in Role)
        where = f"role {name.strip()}"
        raise InputError(where, "is unknown", f"choose among {known}") from None


def _new_passphrase() -> str:
    first = getpass.getpass("passphrase: ")
    if not first or getpass.getpass("once more: ") != first:
        where = "passphrase"
        raise InputError(where, "is empty, or the two differ", "start again")
    return first
