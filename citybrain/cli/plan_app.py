"""The commands ``plan`` and their options; each imports its worker only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli.options import Json
from citybrain.cli.street_options import STREET, Comment, Key, Really, Signer, StreetFile, Units

PlanName = Annotated[
    str, typer.Argument(help="The plan's hash or its beginning (6 or more), or its name.")
]
PushKey = Annotated[Path | None, typer.Option(help="Your private key; needed to do it.")]
PushComment = Annotated[str, typer.Option(help="Why; it is signed and kept.")]

plan = typer.Typer(
    no_args_is_help=True, help="Propose, approve, push and roll back plans. Everything is kept."
)


@plan.command("propose")
def plan_propose(
    file: Annotated[Path, typer.Argument(help="Plan (JSON).")],
    *,
    verdict: Annotated[Path | None, typer.Option(help="Its proof (JSON).")] = None,
    automatic: Annotated[
        bool, typer.Option("--automatic", help="Approve it inside the bounds of the settings.")
    ] = False,
    schedule: Annotated[
        str,
        typer.Option(
            help="Have the units' own clocks run it: 'mon-fri 00:00=1 06:30=plan 09:00=1', with "
            "patterns of the units beside it; commanded at once if left out."
        ),
    ] = "",
    key: Key,
    comment: Comment,
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Bring a plan, with its proof, to the desk."""
    from citybrain.cli import plans

    signer = Signer(street=street, key=key, comment=comment, is_json=json)
    request = plans.Propose(
        signer=signer, plan=file, verdict=verdict, is_automatic=automatic, schedule=schedule
    )
    return plans.run_propose(request)


@plan.command("approve")
def plan_approve(
    name: PlanName, *, key: Key, comment: Comment, street: StreetFile = STREET, json: Json = False
) -> int:
    """Sign your approval of a proven plan."""
    from citybrain.cli import plans

    return plans.run_approve(Signer(street=street, key=key, comment=comment, is_json=json), name)


@plan.command("reject")
def plan_reject(
    name: PlanName, *, key: Key, comment: Comment, street: StreetFile = STREET, json: Json = False
) -> int:
    """Sign your rejection; the plan never comes back."""
    from citybrain.cli import plans

    return plans.run_reject(Signer(street=street, key=key, comment=comment, is_json=json), name)


@plan.command("push")
def plan_push(
    name: PlanName,
    *,
    units: Units = None,
    really: Really = False,
    key: PushKey = None,
    comment: PushComment = "",
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Show every value that a push would change.

    With --really, the gate pushes.
    """
    from citybrain.cli import pushes

    request = pushes.Request(
        plan=name, units=units, key=key, comment=comment, street=street, is_json=json
    )
    return pushes.push(request) if really else pushes.dry_run(request)


@plan.command("rollback")
def plan_rollback(
    name: PlanName,
    *,
    units: Units = None,
    really: Really = False,
    key: PushKey = None,
    comment: PushComment = "",
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Show what units would go back to.

    With --really, the gate brings them back.
    """
    from citybrain.cli import pushes

    request = pushes.Request(
        plan=name, units=units, key=key, comment=comment, street=street, is_json=json
    )
    return pushes.roll_back(request) if really else pushes.show_former(request)


@plan.command("history")
def plan_history(
    name: Annotated[str | None, typer.Argument(help="A plan; all if left out.")] = None,
    *,
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Tell what became of plans and what runs where.

    Open alarms are listed, too.
    """
    from citybrain.cli import plans

    return plans.run_history(street, name, is_json=json)


GROUPS = {"plan": plan}
