"""The commands ``kill-switch on``, ``off`` and ``status``."""

import getpass
from dataclasses import asdict
from pathlib import Path

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.street import signing_desk
from citybrain.cli.street_options import Signer
from citybrain.engine.street.desk import open_street_ledger, utc_now
from citybrain.engine.street.settings import Street, read_street
from citybrain.engine.street.stopping import release, stop
from citybrain.errors import CitybrainError
from citybrain.store.ledger.stops import Stop, present_stop, stop_in_file


def turn_on(street_file: Path, person: str | None, comment: str, *, is_json: bool) -> int:
    """Stop all pushes: by the file first, which needs no database and no key."""
    street = read_street(street_file)
    who = person or getpass.getuser()
    trouble = stop(street, who, comment, utc_now)
    if is_json:
        print_json({"is_on": True, "who": who, "why": comment, "not_in_ledger": trouble})
    else:
        OUTPUT.print(f"all pushes are stopped by {street.kill_file}")
        if trouble:
            OUTPUT.print(f"the ledger does not have it: {trouble}")
    return 0


def turn_off(signer: Signer) -> int:
    """Let pushes go again, signed by a person who may."""
    with signing_desk(signer) as (desk, key):
        release(desk, key, signer.comment)
        stopped = present_stop(desk.ledger, desk.street.kill_file)
    _print(stopped, is_json=signer.is_json)
    return 0


def status(street_file: Path, *, is_json: bool) -> int:
    """Tell whether pushes are stopped, and by whom."""
    stopped = _present(read_street(street_file))
    _print(stopped, is_json=is_json)
    return 0


def _present(street: Street) -> Stop:
    """Look at the file first; a ledger that cannot be opened stops, as it does for the gate."""
    stopped = stop_in_file(street.kill_file)
    if stopped.is_on:
        return stopped
    try:
        with open_street_ledger(street, utc_now) as ledger:
            return present_stop(ledger, street.kill_file)
    except CitybrainError as error:
        return Stop(is_on=True, why=f"the ledger cannot be read: {error}")


def _print(stopped: Stop, *, is_json: bool) -> None:
    if is_json:
        print_json(asdict(stopped))
    elif stopped.is_on:
        by = f" by {stopped.who}" if stopped.who else ""
        OUTPUT.print(f"kill switch on{by}: {stopped.why}")
    else:
        OUTPUT.print("kill switch off")
