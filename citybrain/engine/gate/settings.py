"""Settings of the gate: what the rest of citybrain has, and the credentials that may write."""

import grp
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from citybrain.engine.gate.files import GateFiles
from citybrain.engine.gate.pushing import AT_ONCE
from citybrain.engine.street.settings import Street, read_settings, read_street
from citybrain.errors import InputError
from citybrain.reading import FilePart


class _GateFile(FilePart):
    street: Path
    controllers: Path
    at_once: Annotated[int, Field(ge=1, le=500)] = AT_ONCE
    seal_file: Path = Path("gate.seal")
    socket_group: Annotated[str, Field(min_length=1)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What the gate's own file says.

    Parameters
    ----------
    street
        Settings that the gate shares with everybody.
    controllers
        Units with credentials that may write; readable by the gate's user alone.
    at_once
        Units that are served side by side.
    seal_file
        Key with which the gate seals what it keeps for itself; made at its first start.
    files
        All that decides what the gate lets through, as it is now.
    socket_group_id
        Number of the group whose members may bring orders to the gate's socket; none where its
        owner alone may.
    """

    street: Street
    controllers: Path
    at_once: int
    seal_file: Path
    files: GateFiles
    socket_group_id: int | None


def read_gate(path: Path) -> GateSettings:
    """Read the settings of the gate; paths in them are relative to the file.

    Parameters
    ----------
    path
        ``gate.toml``.

    Raises
    ------
    InputError
        A file is missing or wrong, or somebody else than the gate's user or root may change it.
    """
    files, folder = GateFiles(), path.absolute().parent
    files.keep(path)
    file = read_settings(path, _GateFile)
    files.keep(folder / file.street)
    street = read_street(folder / file.street)
    controllers = folder / file.controllers
    for deciding in (street.keys, street.safety, street.running, controllers):
        if deciding is not None:
            files.keep(deciding)
    return GateSettings(
        street=street,
        controllers=controllers,
        at_once=file.at_once,
        seal_file=folder / file.seal_file,
        socket_group_id=_group_id(path, file.socket_group),
        files=files,
    )


def _group_id(path: Path, name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        where, what = f"{path}, socket_group", f"'{name}' is no group of this machine"
        raise InputError(where, what, "name one, or leave it out") from None
