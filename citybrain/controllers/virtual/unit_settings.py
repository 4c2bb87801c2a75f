"""What a virtual unit is built from."""

from collections.abc import Sequence
from dataclasses import dataclass

from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.monitor import MonitorCard
from citybrain.controllers.virtual.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """What a virtual unit is built from.

    Parameters
    ----------
    name
        Name of the unit.
    schema, values
        Its objects, and what they hold when it is delivered.
    card
        Programming of its conflict monitor.
    checks_patterns
        Whether verify refuses a pattern that cannot run.  Most units accept it and run Free.
    transaction_timeout_s
        An open transaction that nobody touches for so long is dropped; 0 for never. [s]
    faults
        Faults from the start.
    """

    name: str
    schema: Schema
    values: Sequence[Value]
    card: MonitorCard
    checks_patterns: bool = False
    transaction_timeout_s: int = 0
    faults: frozenset[Fault] = frozenset()
