"""The commands of safety data and their options; each imports its worker only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli.options import Json, Period, Scenario

safety = typer.Typer(no_args_is_help=True, help="Safety data, and plans held against them.")


@safety.command("draft")
def safety_draft(
    scenario: Scenario,
    *,
    period: Period = None,
    phases: Annotated[
        Path | None, typer.Option(help="Phases, rings and barriers of the units (TOML).")
    ] = None,
    out: Annotated[Path, typer.Option(help="File to write (TOML).")] = Path("safety.toml"),
    json: Json = False,
) -> int:
    """Draft safety data of a network, for a person to sign.

    Taken from the network file and the plan that runs there.
    """
    from citybrain.cli import safety as command

    request = command.DraftRequest(
        scenario=scenario, period=period, phases=phases, out=out, is_json=json
    )
    return command.draft(request)


@safety.command("check")
def safety_check(
    plan: Annotated[Path, typer.Argument(help="Plan (JSON).")],
    *,
    safety: Annotated[Path, typer.Option(help="Safety data (TOML).")] = Path("safety.toml"),
    json: Json = False,
) -> int:
    """Hold a plan against safety data, by both checkers."""
    from citybrain.cli import safety as command

    return command.check(plan, safety, is_json=json)


@safety.command("nearest")
def safety_nearest(
    plan: Annotated[Path, typer.Argument(help="Plan (JSON).")],
    *,
    safety: Annotated[Path, typer.Option(help="Safety data (TOML).")] = Path("safety.toml"),
    out: Annotated[Path, typer.Option(help="Plan to write (JSON).")] = Path("nearest.plan.json"),
    json: Json = False,
) -> int:
    """Write the nearest plan that the units can show.

    Says what they cannot show of the given one.
    """
    from citybrain.cli import safety as command

    request = command.NearestRequest(plan=plan, safety=safety, out=out, is_json=json)
    return command.nearest(request)


GROUPS = {"safety": safety}
