"""What plans need on their way to controllers: gate, units, log, alarms, keys and kill switch.

Each imports its worker only when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli.options import Json
from citybrain.cli.street_options import STREET, Comment, Key, Signer, StreetFile, Units


def _group(text: str) -> typer.Typer:
    return typer.Typer(no_args_is_help=True, help=text)


audit = _group("The log of everything that was decided and done.")
alarms = _group("What somebody must look at, until it is cleared.")
keys = _group("Keys that sign proposals, approvals and orders.")
kill_switch = _group("Stop all pushes at once.")
gate = _group("The process that alone may write to controllers.")
controllers = _group("Read controllers; nothing is ever written by these.")
GROUPS = {
    "controllers": controllers,
    "audit": audit,
    "alarms": alarms,
    "keys": keys,
    "kill-switch": kill_switch,
    "gate": gate,
}


@gate.command("run")
def gate_run(
    *,
    config: Annotated[Path, typer.Option(help="Settings of the gate (TOML).")] = Path("gate.toml"),
    json: Json = False,
) -> int:
    """Carry out signed orders until ended by Ctrl-C.

    It alone has credentials that may write.
    """
    from citybrain.cli import gate as command

    return command.run(config, is_json=json)


@controllers.command("status")
def controllers_status(
    *, units: Units = None, street: StreetFile = STREET, json: Json = False
) -> int:
    """Tell what units say of themselves.

    Exits 1 if one does not answer, runs free, flashes or has an alarm.
    """
    from citybrain.cli import controllers as command

    return command.status(street, units, is_json=json)


@controllers.command("watch")
def controllers_watch(
    *,
    units: Units = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so many seconds.")
    ] = None,
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Ask units for their status each second, until ended by Ctrl-C.

    Units that need a look stand first.  With --json each answer is a line, and so is each that does
    not come.  Exits 1 if a unit is lost at the end.
    """
    from citybrain.cli import watching as command

    request = command.Request(street=street, units=units, seconds=seconds, is_json=json)
    return command.run(request)


@controllers.command("probe")
def controllers_probe(
    *, units: Units = None, street: StreetFile = STREET, json: Json = False
) -> int:
    """Tell what units are and what they lack."""
    from citybrain.cli import controllers as command

    return command.probe(street, units, is_json=json)


@controllers.command("read")
def controllers_read(
    pattern: Annotated[int, typer.Argument(min=1, max=253, help="Number of the pattern.")],
    *,
    units: Units = None,
    street: StreetFile = STREET,
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
    """Push a plan to three virtual units, and roll it back.

    The units drive a SUMO corridor; one of them is broken on purpose.
    """
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
    street: StreetFile = STREET,
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
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Look for records changed, reordered or taken out.

    Exits 1 if there are any.
    """
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
    """Make a key.

    An administrator puts the printed lines into the register.
    """
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
    comment: Annotated[str, typer.Option(help="Why; it is kept.")],
    person: Annotated[str | None, typer.Option(help="Who; your login if left out.")] = None,
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Stop all pushes at once.

    Needs no key, and works without the ledger.
    """
    from citybrain.cli import kill_switch as command

    return command.turn_on(street, person, comment, is_json=json)


@kill_switch.command("off")
def kill_switch_off(
    *, key: Key, comment: Comment, street: StreetFile = STREET, json: Json = False
) -> int:
    """Let pushes go again; signed by a person with the role `stop`."""
    from citybrain.cli import kill_switch as command

    return command.turn_off(Signer(street=street, key=key, comment=comment, is_json=json))


@kill_switch.command("status")
def kill_switch_status(*, street: StreetFile = STREET, json: Json = False) -> int:
    """Tell whether pushes are stopped, and by whom."""
    from citybrain.cli import kill_switch as command

    return command.status(street, is_json=json)


@alarms.command("show")
def alarms_show(*, street: StreetFile = STREET, json: Json = False) -> int:
    """Print the alarms that nobody has cleared.

    Exits 1 if there are any.
    """
    from citybrain.cli import alarms as command

    return command.show(street, is_json=json)


@alarms.command("clear")
def alarms_clear(
    number: Annotated[int, typer.Argument(help="Number of the alarm.")],
    *,
    key: Key,
    comment: Comment,
    street: StreetFile = STREET,
    json: Json = False,
) -> int:
    """Say that an alarm was looked at; signed by a person with the role `push`."""
    from citybrain.cli import alarms as command

    signer = Signer(street=street, key=key, comment=comment, is_json=json)
    return command.clear_one(signer, number)
