"""Options that the commands of the last metre share."""

from pathlib import Path
from typing import Annotated

import typer

StreetFile = Annotated[
    Path,
    typer.Option("--street", envvar="CITYBRAIN_STREET", help="Settings of the last metre (TOML)."),
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
