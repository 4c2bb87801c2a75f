"""The commands of the last metre and their options; each imports its worker only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli.options import Json

StreetFile = Annotated[
    Path,
    typer.Option("--street", envvar="CITYBRAIN_STREET", help="Settings of the last metre (TOML)."),
]
Key = Annotated[Path, typer.Option(help="Your private key (from `citybrain keys new`).")]
Comment = Annotated[str, typer.Option(help="Why; it is signed and kept.")]
PlanName = Annotated[str, typer.Argument(help="First characters of the plan's hash, or its name.")]
Units = Annotated[
    str | None, typer.Option(help="Only these units, separated by commas; all if left out.")
]
Really = Annotated[
    bool, typer.Option("--really", "--yes", help="Do it; without this it is only shown.")
]
_STREET = Path("street.toml")


def _group(text: str) -> typer.Typer:
    return typer.Typer(no_args_is_help=True, help=text)


plan = _group("Propose, approve, push and roll back plans; everything is kept.")
audit = _group("The log of everything that was decided and done.")
keys = _group("Keys that sign proposals, approvals and orders.")
kill_switch = _group("Stop all pushes at once.")
gate = _group("The process that alone may write to controllers.")
controllers = _group("Read controllers; nothing is ever written by these.")
GROUPS = {
    "controllers": controllers,
    "plan": plan,
    "audit": audit,
    "keys": keys,
    "kill-switch": kill_switch,
    "gate": gate,
}


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
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Bring a plan, with its proof, to the desk."""
    from citybrain.cli import plans
    from citybrain.cli import street as shared

    signer = shared.Signer(street=street, key=key, comment=comment, is_json=json)
    request = plans.Propose(
        signer=signer, plan=file, verdict=verdict, is_automatic=automatic, schedule=schedule
    )
    return plans.run_propose(request)


@plan.command("approve")
def plan_approve(
    name: PlanName, *, key: Key, comment: Comment, street: StreetFile = _STREET, json: Json = False
) -> int:
    """Sign your approval of a proven plan."""
    from citybrain.cli import plans
    from citybrain.cli import street as shared

    signer = shared.Signer(street=street, key=key, comment=comment, is_json=json)
    return plans.run_approve(signer, name)


@plan.command("reject")
def plan_reject(
    name: PlanName, *, key: Key, comment: Comment, street: StreetFile = _STREET, json: Json = False
) -> int:
    """Sign your rejection; the plan never comes back."""
    from citybrain.cli import plans
    from citybrain.cli import street as shared

    signer = shared.Signer(street=street, key=key, comment=comment, is_json=json)
    return plans.run_reject(signer, name)


@plan.command("push")
def plan_push(
    name: PlanName,
    *,
    units: Units = None,
    really: Really = False,
    key: Annotated[Path | None, typer.Option(help="Your private key; needed to do it.")] = None,
    comment: Annotated[str, typer.Option(help="Why; it is signed and kept.")] = "",
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Show every value that a push would change; with --really, have the gate push."""
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
    key: Annotated[Path | None, typer.Option(help="Your private key; needed to do it.")] = None,
    comment: Annotated[str, typer.Option(help="Why; it is signed and kept.")] = "",
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Show what units would go back to; with --really, have the gate bring them back."""
    from citybrain.cli import pushes

    request = pushes.Request(
        plan=name, units=units, key=key, comment=comment, street=street, is_json=json
    )
    return pushes.roll_back(request) if really else pushes.show_former(request)


@plan.command("history")
def plan_history(
    name: Annotated[str | None, typer.Argument(help="A plan; all if left out.")] = None,
    *,
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Tell what became of plans, what runs where, and which alarms are open."""
    from citybrain.cli import plans

    return plans.run_history(street, name, is_json=json)


@gate.command("run")
def gate_run(
    *,
    config: Annotated[Path, typer.Option(help="Settings of the gate (TOML).")] = Path("gate.toml"),
    json: Json = False,
) -> int:
    """Carry out signed orders until ended by Ctrl-C; it alone has credentials that may write."""
    from citybrain.cli import gate as command

    return command.run(config, is_json=json)


@controllers.command("status")
def controllers_status(
    *, units: Units = None, street: StreetFile = _STREET, json: Json = False
) -> int:
    """Tell what units say of themselves; exit 1 if one does not answer or runs free."""
    from citybrain.cli import controllers as command

    return command.status(street, units, is_json=json)


@controllers.command("probe")
def controllers_probe(
    *, units: Units = None, street: StreetFile = _STREET, json: Json = False
) -> int:
    """Tell what units are and what they lack."""
    from citybrain.cli import controllers as command

    return command.probe(street, units, is_json=json)


@controllers.command("read")
def controllers_read(
    pattern: Annotated[int, typer.Argument(min=1, max=253, help="Number of the pattern.")],
    *,
    units: Units = None,
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Read a pattern with the safety times that units hold."""
    from citybrain.cli import controllers as command

    return command.read(street, units, pattern, is_json=json)


@controllers.command("demo")
def controllers_demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for keys, settings and ledger.")] = Path(
        "out/controllers-demo"
    ),
    speed: Annotated[
        float, typer.Option(min=1, max=50, help="Simulated seconds for each real one.")
    ] = 10.0,
    seeds: Annotated[int, typer.Option(min=2, help="Paired seeds of the proof.")] = 10,
    json: Json = False,
) -> int:
    """Push a plan to three virtual units that drive a SUMO corridor, break one, roll back."""
    from citybrain.cli import controllers_demo as command

    request = command.Request(out=out, speed=speed, seeds=seeds, is_json=json)
    return command.run(request)


@audit.command("show")
def audit_show(
    *,
    subject: Annotated[
        str, typer.Option(help="Only records about this: a plan's hash, a unit, …")
    ] = "",
    last: Annotated[int, typer.Option(min=0, help="Only so many; 0 for all.")] = 40,
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Print the newest records."""
    from citybrain.cli import audit as command

    request = command.Show(street=street, subject=subject, last=last, is_json=json)
    return command.show(request)


@audit.command("verify")
def audit_verify(
    *,
    head: Annotated[
        str | None, typer.Option(help="NUMBER:HASH that you kept elsewhere; must still be in it.")
    ] = None,
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Look for records that were changed, reordered or taken out; exit 1 if there are."""
    from citybrain.cli import audit as command

    return command.verify(street, head, is_json=json)


@keys.command("new")
def keys_new(
    name: Annotated[str, typer.Argument(help="Name of the key; its file is NAME.key.")],
    *,
    person: Annotated[str, typer.Option(help="Whose key it is, with the full name.")],
    roles: Annotated[
        str, typer.Option(help="propose, approve, push, stop, automatic; separated by commas.")
    ] = "approve",
    folder: Annotated[Path, typer.Option(help="Where the private key is kept.")] = Path(),
    protect: Annotated[
        bool, typer.Option("--protect", help="Ask for a passphrase that protects it.")
    ] = False,
    json: Json = False,
) -> int:
    """Make a key; an administrator puts the printed lines into the register."""
    from citybrain.cli import keys as command

    request = command.NewKey(
        name=name, person=person, roles=roles, folder=folder, is_protected=protect, is_json=json
    )
    return command.new(request)


@keys.command("list")
def keys_list(
    *,
    register: Annotated[Path, typer.Option(help="Register of public keys (TOML).")] = Path(
        "keys.toml"
    ),
    json: Json = False,
) -> int:
    """Print the registered keys with their persons and roles."""
    from citybrain.cli import keys as command

    return command.show(register, is_json=json)


@kill_switch.command("on")
def kill_switch_on(
    *,
    comment: Comment,
    person: Annotated[str | None, typer.Option(help="Who; your login if left out.")] = None,
    street: StreetFile = _STREET,
    json: Json = False,
) -> int:
    """Stop all pushes at once; needs no key, and works without the ledger."""
    from citybrain.cli import kill_switch as command

    return command.turn_on(street, person, comment, is_json=json)


@kill_switch.command("off")
def kill_switch_off(
    *, key: Key, comment: Comment, street: StreetFile = _STREET, json: Json = False
) -> int:
    """Let pushes go again; signed by a person with the role `stop`."""
    from citybrain.cli import kill_switch as command
    from citybrain.cli import street as shared

    return command.turn_off(shared.Signer(street=street, key=key, comment=comment, is_json=json))


@kill_switch.command("status")
def kill_switch_status(*, street: StreetFile = _STREET, json: Json = False) -> int:
    """Tell whether pushes are stopped, and by whom."""
    from citybrain.cli import kill_switch as command

    return command.status(street, is_json=json)
