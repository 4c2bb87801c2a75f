"""The commands that read feeds, and their options; each imports its worker only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli.options import Json, Start, Zone
from citybrain.units import DAY_S


def count(
    feed: Annotated[
        str,
        typer.Argument(
            help="Pulses, controller log, SUMO E1/instantE1, boxes, or a camera's clip or URL."
        ),
    ],
    *,
    detectors: Annotated[
        Path | None, typer.Option(help="Inventory of the detectors (TOML).")
    ] = None,
    camera: Annotated[Path | None, typer.Option(help="Bands and lanes of a camera (TOML).")] = None,
    lines: Annotated[
        Path | None, typer.Option(help="Lines and zones for the boxes of an edge box (TOML).")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Picture (.png) or clip (.mp4) of bands and counts.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Flows to write (Parquet).")] = Path("flows.parquet"),
    bin_s: Annotated[
        float | None,
        typer.Option(
            "--bin",
            min=1,
            max=DAY_S,
            help="Length of a bin, in seconds; 300 if left out, less for a short clip.",
        ),
    ] = None,
    start: Start = None,
    zone: Zone = None,
    network: Annotated[
        Path | None, typer.Option(help="SUMO network; checks the inventory's lanes.")
    ] = None,
    json: Json = False,
) -> int:
    """Count a feed into flows per lane and bin."""
    from citybrain.cli import counting
    from citybrain.cli.count_request import USUAL_BIN_S, Request, in_utc

    request = Request(
        feed=feed,
        detectors=detectors,
        camera=camera,
        lines=lines,
        preview=preview,
        out=out,
        bin_s=USUAL_BIN_S if bin_s is None else bin_s,
        is_bin_given=bin_s is not None,
        start=in_utc(start),
        zone=zone,
        network=network,
        is_json=json,
    )
    return counting.run(request)


def measures(
    log: Annotated[Path, typer.Argument(help="Controller log (CSV or Parquet).")],
    *,
    config: Annotated[
        Path, typer.Option(help="Which phase each detector serves (CSV or Parquet).")
    ],
    bin_s: Annotated[
        float, typer.Option("--bin", min=1, max=DAY_S, help="Length of a bin, in seconds.")
    ] = 900.0,
    out: Annotated[Path | None, typer.Option(help="Measures to write (Parquet).")] = None,
    zone: Zone = None,
    json: Json = False,
) -> int:
    """Measure phases and lanes from a controller log."""
    from citybrain.cli import measures as command

    request = command.Request(log=log, config=config, out=out, bin_s=bin_s, zone=zone, is_json=json)
    return command.run(request)


def health(
    feed: Annotated[Path, typer.Argument(help="Pulses, controller log or SUMO instantE1.")],
    *,
    detectors: Annotated[Path, typer.Option(help="Inventory of the detectors (TOML).")],
    out: Annotated[
        Path | None, typer.Option(help="Picture of the time line to write (.svg or .html).")
    ] = None,
    start: Start = None,
    zone: Zone = None,
    json: Json = False,
) -> int:
    """Tell when each detector could be believed.

    Where one could not, tells why and exits 1.
    """
    from citybrain.cli import health as command
    from citybrain.cli.count_request import in_utc

    request = command.Request(
        feed=feed,
        detectors=detectors,
        out=out,
        start=in_utc(start),
        zone=zone,
        is_json=json,
    )
    return command.run(request)


COMMANDS = (count, measures, health)
