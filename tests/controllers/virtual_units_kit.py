"""Virtual units in memory, and a manager's moves on them without a network."""

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import Transaction
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.access import SetRefusedError, read, write
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import UnitFile
from citybrain.controllers.virtual.unit_programming import unit_settings
from tests.controllers.virtual_kit import QUAD_SPLITS_S

MIDNIGHT_S = 1_000_080_000.0 - 1_000_080_000.0 % 86_400
PHASE = {"minimum_green_s": 6, "yellow_s": 3.5, "red_clear_s": 1.5, "recall": "maximum"}
PLAN = {
    "number": 1,
    "cycle_s": 90,
    "splits_s": QUAD_SPLITS_S,
    "coordinated": [2, 6],
}


def quad_file(**changes: object) -> UnitFile:
    return UnitFile.model_validate(
        {
            "name": "k1",
            "port": 0,
            "rings": [[1, 2, 3, 4], [5, 6, 7, 8]],
            "barriers": [[1, 2, 5, 6], [3, 4, 7, 8]],
            "phases": [{"number": n, **PHASE} for n in range(1, 9)],
            "patterns": [PLAN, PLAN | {"number": 2, "cycle_s": 90, "offset_s": 30}],
            "detectors": {1: 2, 2: 4},
        }
        | changes
    )


def unit_of(*faults: Fault, **changes: object) -> VirtualUnit:
    return VirtualUnit(unit_settings(quad_file(faults=list(faults), **changes), "test"), MIDNIGHT_S)


def get(unit: VirtualUnit, object_type: ObjectType, *row: int) -> Value:
    return read(unit, unit.schema.slot(object_type, *row))


def put(unit: VirtualUnit, value: Value, object_type: ObjectType, *row: int) -> int:
    """Set one value and return the error status, 0 for none."""
    try:
        write(unit, [(unit.schema.slot(object_type, *row), value)])
    except SetRefusedError as error:
        return error.status
    return 0


def turn(unit: VirtualUnit, state: Transaction) -> int:
    return put(unit, int(state), objects.DB_CREATE_TRANSACTION)


def download(unit: VirtualUnit, values: list[tuple[Value, ObjectType, tuple[int, ...]]]) -> int:
    """Set values in a transaction and store them; return the first error."""
    status = turn(unit, Transaction.TRANSACTION)
    for value, object_type, row in values:
        status = status or put(unit, value, object_type, *row)
    status = status or turn(unit, Transaction.VERIFY)
    unit.advance(unit.now_s + 1)
    return status or turn(unit, Transaction.NORMAL)


def command(unit: VirtualUnit, pattern: int) -> int:
    return put(unit, pattern, objects.SYSTEM_PATTERN_CONTROL)


def pass_s(unit: VirtualUnit, seconds: float) -> None:
    """Let time pass, in the small steps in which an agent calls a unit."""
    until_s = unit.now_s + seconds
    while unit.now_s < until_s:
        unit.advance(min(unit.now_s + 60, until_s))
