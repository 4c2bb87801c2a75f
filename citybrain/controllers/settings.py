"""Settings of controllers, read from one TOML file: units, their addresses, where secrets are.

The file holds no secret itself.  Example::

    [credentials.watch]                  # SNMP v3 authPriv, SHA-256 and AES-128
    user = "citybrain-read"
    auth_file = "secrets/read.auth"      # rights 0600, one line
    priv_variable = "CITYBRAIN_READ_PRIV"

    [credentials.gate]
    user = "citybrain-write"
    auth_file = "secrets/write.auth"
    priv_file = "secrets/write.priv"

    [credentials.old]                    # in the clear, so only when asked for by name
    version = "v2c"
    community_file = "secrets/community"

    [units.k101]
    address = "10.1.1.101"
    port = 161
    intersection = "A"
    read = "watch"
    write = "gate"                       # in the gate's own file only; left out: only read

    [patience]                           # optional, see Patience
    timeout_s = 2.0
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

from pydantic import Field

from citybrain.controllers.credentials import CredentialsPart, fetched
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import Credentials
from citybrain.errors import InputError
from citybrain.reading import FilePart, checked, read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Where one controller is, and with which credentials it is read and written.

    Parameters
    ----------
    name
        Its name in files, logs and errors.
    address, port
        Where its SNMP agent listens, an IPv4 address.
    intersection
        The intersection that it controls.
    read, write
        Names of credentials; no write for a unit that is only read.
    """

    name: str
    address: str
    port: int
    intersection: str
    read: str
    write: str | None


class _UnitPart(FilePart):
    address: str
    port: Annotated[int, Field(ge=1, le=65535)] = 161
    intersection: str
    read: str
    write: str | None = None


class _PatiencePart(FilePart):
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    growth: Annotated[float, Field(ge=1, le=4)] = 1.5
    batch: Annotated[int, Field(ge=1, le=64)] = 16
    poll_s: Annotated[float, Field(gt=0, le=60)] = 0.25
    verify_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    prove_cycles: Annotated[float, Field(gt=0, le=10)] = 2.0
    prove_least_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    return_s: Annotated[float, Field(ge=0, le=3600)] = 60.0


class _File(FilePart):
    units: Annotated[dict[str, _UnitPart], Field(min_length=1)]
    credentials: Annotated[dict[str, CredentialsPart], Field(min_length=1)]
    patience: _PatiencePart = _PatiencePart()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSettings:
    """What the file says; secrets are fetched only when a link is opened.

    Parameters
    ----------
    path
        The file.
    units
        Name → unit.
    patience
        Bounds on waiting.
    """

    path: Path
    units: dict[str, Unit]
    patience: Patience
    _credentials: dict[str, CredentialsPart]

    def unit(self, name: str) -> Unit:
        """Return a unit by its name.

        Raises
        ------
        InputError
            There is none of that name.
        """
        if name not in self.units:
            where, known = f"{self.path}: units", ", ".join(sorted(self.units))
            raise InputError(where, f"there is no {name}", f"choose one of: {known}")
        return self.units[name]

    def credentials(self, name: str) -> Credentials:
        """Fetch credentials by their name.

        Raises
        ------
        InputError
            Their secret is absent, too short, or open to others than its owner.
        """
        return fetched(self._credentials[name], name, self.path)


def read_controllers(path: Path) -> ControllerSettings:
    """Read the settings of controllers.

    Parameters
    ----------
    path
        The file; paths in it are relative to its folder.

    Raises
    ------
    InputError
        It cannot be read, an element is unknown or out of range, or a name does not exist.
    """
    content = checked(_File, read_toml(path), path, "mend it by docs/controllers.md")
    units = {name: Unit(name=name, **part.model_dump()) for name, part in content.units.items()}
    for unit in units.values():
        _check(path, unit, content)
    _check_apart(path, units.values())
    return ControllerSettings(
        path=path,
        units=units,
        patience=Patience(**content.patience.model_dump()),
        _credentials=content.credentials,
    )


def _check(path: Path, unit: Unit, content: _File) -> None:
    where = f"{path}: units.{unit.name}"
    try:
        IPv4Address(unit.address)
    except ValueError:
        what = f"{unit.address} is no IPv4 address"
        raise InputError(where, what, "write one such as 10.1.1.101") from None
    for name in {unit.read, unit.write} - {None}:
        if name not in content.credentials:
            known = ", ".join(sorted(content.credentials))
            raise InputError(where, f"there are no credentials {name}", f"choose one of: {known}")


def _check_apart(path: Path, units: Iterable[Unit]) -> None:
    """Raise if two units are one device: the second push would write over the first one's plan."""
    known = dict[tuple[str, int], str]()
    for unit in units:
        other = known.setdefault((unit.address, unit.port), unit.name)
        if other != unit.name:
            where, place = f"{path}: units.{unit.name}", f"{unit.address}, port {unit.port}"
            raise InputError(where, f"has the address of {other} ({place})", "mend one of them")
