"""Options that several commands have."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Period = Annotated[
    str | None, typer.Option(help="Period of a scenario.toml, such as morning or evening.")
]
Scenario = Annotated[
    Path,
    typer.Argument(help="A .sumocfg, a scenario.toml, a folder with one, or a known name."),
]
Workers = Annotated[
    int, typer.Option(min=1, help="Simulations that run side by side; one for each core.")
]
CORES = os.cpu_count() or 1
Flows = Annotated[
    Path | None, typer.Option(help="Measured flows (Parquet, from `citybrain count`).")
]
Start = Annotated[
    datetime | None, typer.Option(help="UTC instant of second 0, for feeds that count seconds.")
]
Zone = Annotated[str | None, typer.Option(help="Zone of times without one, such as Europe/Berlin.")]
SeedCount = Annotated[int, typer.Option("--seeds", min=2, help="Paired seeds of the proof.")]
