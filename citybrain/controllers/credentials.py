"""Credentials as a table of a settings file names them; their secrets are kept elsewhere."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from citybrain.controllers.ntcip.secrets import V3, Credentials, Secret, V2c, secret_from
from citybrain.errors import InputError
from citybrain.reading import FilePart


class CredentialsPart(FilePart):
    """Who asks, and where the secrets are: each in a file, or in an environment variable."""

    version: Literal["v3", "v2c"] = "v3"
    user: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    auth_file: Path | None = None
    auth_variable: str | None = None
    priv_file: Path | None = None
    priv_variable: str | None = None
    community_file: Path | None = None
    community_variable: str | None = None


def fetched(part: CredentialsPart, name: str, path: Path) -> Credentials:
    """Fetch the secrets of credentials.

    Parameters
    ----------
    part
        The table.
    name
        Its name under ``credentials``, for errors.
    path
        The file it stands in; files of secrets are relative to its folder.

    Raises
    ------
    InputError
        Their secret is absent, too short, or open to others than its owner; or the table says what
        its version does not know.
    """
    where = f"{path}: credentials.{name}"

    def secret(kind: str) -> Secret:
        file = getattr(part, f"{kind}_file")
        return secret_from(
            f"{where}: {kind}",
            path=None if file is None else path.parent / file,
            variable=getattr(part, f"{kind}_variable"),
        )

    if part.version == "v2c":
        _check_without(part, ("user", "auth", "priv"), where)
        return V2c(community=secret("community"))
    if part.user is None:
        raise InputError(where, "has no user", "SNMP v3 needs one")
    _check_without(part, ("community",), where)
    return V3(user=part.user, auth_key=secret("auth"), priv_key=secret("priv"))


def _check_without(part: CredentialsPart, kinds: Collection[str], where: str) -> None:
    """Raise for what the other version asks for: whoever left it there believes in that one."""
    for name in sorted(part.model_fields_set):
        if name.partition("_")[0] in kinds:
            what, mend = f"{part.version} knows no {name}", "take it out, or say another version"
            raise InputError(where, what, mend)
