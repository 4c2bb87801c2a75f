"""Sending a signed order to the gate, and hearing what becomes of it."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from citybrain.engine.gate.pushing import UnitResult
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.statements import Signed

_PATIENCE_S = 1200.0
"""Longest silence of a gate at work: two cycles of the slowest unit, and much more [s]."""


def send(
    path: Path,
    order: Signed,
    heard: Callable[[dict[str, Any]], None],
    sent: Callable[[], None] = lambda: None,
) -> tuple[UnitResult, ...]:
    """Send an order, and wait until every unit has its receipt.

    Parameters
    ----------
    path
        Socket of the gate.
    order
        Signed order.
    heard
        Hears each step and each end, as lines of the gate.
    sent
        Called before the order leaves: from then on the gate may have it.

    Returns
    -------
    tuple of UnitResult
        One for each unit.

    Raises
    ------
    UnsafePlanError
        The gate refused; nothing was written.
    InputError
        No gate listens, or it fell silent: then the ledger tells what was done.
    """
    results: list[UnitResult] = []
    for line in _lines(path, order, sent):
        if "refused" in line:
            raise UnsafePlanError(str(line["refused"]))
        if "end" in line:
            return tuple(results)
        if "result" in line:
            results.append(UnitResult(**line["result"]))
        heard(line)
    what = "ended before the order was carried out"
    raise InputError(path, what, "start it again: it looks at every unit; see plan history")


def _lines(path: Path, order: Signed, sent: Callable[[], None]) -> Iterator[dict[str, Any]]:
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        try:
            connection.settimeout(_PATIENCE_S)
            connection.connect(str(path))
            sent()
            connection.sendall(json.dumps(asdict(order)).encode() + b"\n")
            with connection.makefile("rb") as file:
                for line in file:
                    yield json.loads(line)
        except OSError as error:
            what = f"no gate answers ({error.strerror or error})"
            raise InputError(path, what, "start one with citybrain gate run") from None
