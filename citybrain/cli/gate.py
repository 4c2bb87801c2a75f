"""The command ``gate run``."""

from contextlib import suppress
from pathlib import Path

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.serving import run_until_told
from citybrain.controllers.settings import read_controllers
from citybrain.engine.gate.gate import Gate
from citybrain.engine.gate.server import Door, serve
from citybrain.engine.gate.settings import read_gate
from citybrain.engine.gate.street_fleet import StreetFleet
from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.rules import open_rules
from citybrain.engine.street.seals import open_seal

_NEW_SEAL = (
    "made {path}, the gate's seal: keep a copy where only the gate's user can read it; "
    "nothing that was pushed without it can be rolled back"
)


def run(config: Path, *, is_json: bool) -> int:
    """Take orders until told to end; the present order is brought to its end first."""
    settings = read_gate(config)
    controllers = read_controllers(settings.controllers)
    fleet = StreetFleet(rules=open_rules(settings.street, controllers), settings=controllers)
    units = sorted(name for name, unit in controllers.units.items() if unit.write is not None)
    socket = settings.street.gate_socket
    is_new = not settings.seal_file.exists()

    def ready() -> None:
        if is_json:
            print_json({"socket": str(socket), "units": units, "is_seal_new": is_new})
        else:
            OUTPUT.print(f"the gate takes orders for {len(units)} units on {socket}")
            if is_new:
                OUTPUT.print(_NEW_SEAL.format(path=settings.seal_file))

    with open_desk(settings.street, seal=open_seal(settings.seal_file)) as desk:
        gate = Gate(
            desk=desk, fleet=fleet, at_once=settings.at_once, check_files=settings.files.check
        )
        gate.verify_log()
        with suppress(KeyboardInterrupt):
            run_until_told(serve(gate, Door(socket, settings.socket_group_id), units, ready))
    if not is_json:
        OUTPUT.print("the gate has ended; what it commanded runs until the units' backup time")
    return 0
