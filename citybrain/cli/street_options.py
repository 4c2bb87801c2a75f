"""Options that the commands share which take a proven plan to controllers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

StreetFile = Annotated[
    Path,
    typer.Option(
        "--street",
        envvar="CITYBRAIN_STREET",
        help="Where ledger, keys, units and rules of approval are (TOML; docs/approval.md).",
    ),
]
Key = Annotated[Path, typer.Option(help="Your private key (from `citybrain keys new`).")]
Comment = Annotated[str, typer.Option(help="Why; it is signed and kept.")]
Units = Annotated[
    str | None, typer.Option(help="Only these units, separated by commas; all if left out.")
]
Really = Annotated[
    bool, typer.Option("--really", "--yes", help="Do it; without this it is only shown.")
]
STREET = Path("street.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs with which key, and why.

    Parameters
    ----------
    street
        Settings file.
    key
        File of the private key.
    comment
        Why.
    is_json
        Whether the result is printed for programs.
    """

    street: Path
    key: Path
    comment: str
    is_json: bool
