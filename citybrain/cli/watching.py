"""The command ``controllers watch``: every unit each second, until somebody has seen enough."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.live import Live
from rich.table import Table

from citybrain.cli.console import OUTPUT
from citybrain.cli.controllers import chosen
from citybrain.cli.serving import run_until_told
from citybrain.controllers.polling.board import Board, Seen
from citybrain.controllers.polling.opening import pollers_of
from citybrain.controllers.polling.poller import Poll, Poller
from citybrain.controllers.settings import read_controllers
from citybrain.engine.gate.records import plain
from citybrain.engine.street.settings import read_street
from citybrain.ports.controllers import UnitStatus

EVERY_S = 1.0
"""Time between two polls of one unit. [s]"""
_AROUND_ROWS = 4
"""Lines of a terminal that are not units: head, title, what is left out, and the prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command.

    Parameters
    ----------
    street
        Settings file.
    units
        Names of units, separated by commas; all if none.
    seconds
        Time after which to end; none to go on until interrupted. [s]
    is_json
        Whether each poll is printed as a line of JSON.
    """

    street: Path
    units: str | None
    seconds: float | None
    is_json: bool


def run(request: Request) -> int:
    """Watch units until the time is over or somebody interrupts; 1 if one is lost then."""
    settings = read_controllers(read_street(request.street).controllers)
    names = chosen(settings, request.units)
    board = Board(names)

    def hear(poll: Poll) -> None:
        board.hear(poll)
        if request.is_json:
            _print_line(poll)

    pollers = pollers_of(settings, names, lambda: datetime.now(UTC), hear)
    with suppress(KeyboardInterrupt):
        if request.is_json:
            run_until_told(_watch(pollers, request.seconds, lambda: None))
        else:
            _show(board, pollers, request.seconds)
    return 1 if board.lost else 0


def _show(board: Board, pollers: Sequence[Poller], seconds: float | None) -> None:
    with Live(_table(board), console=OUTPUT, auto_refresh=False) as live:
        try:
            run_until_told(
                _watch(pollers, seconds, lambda: live.update(_table(board), refresh=True))
            )
        finally:
            live.update(_table(board), refresh=True)


async def _watch(
    pollers: Sequence[Poller], seconds: float | None, tick: Callable[[], None]
) -> None:
    """Poll, and tick as often as units are asked."""
    end = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for poller in pollers:
            tasks.create_task(poller.run(EVERY_S, end))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    tick()
                    await asyncio.sleep(EVERY_S)
        end.set()


def _print_line(poll: Poll) -> None:
    content = {"unit": poll.unit, "status": plain(poll.status), "took_s": round(poll.took_s, 4)}
    sys.stdout.write(json.dumps(content, sort_keys=True) + "\n")
    sys.stdout.flush()


def _table(board: Board) -> Table:
    """Return what fits into the terminal; what needs a look stands first."""
    seen, lost = board.seen, len(board.lost)
    rows = max(1, OUTPUT.size.height - _AROUND_ROWS) if OUTPUT.is_terminal else len(seen)
    left_out = f"; {len(seen) - rows} not shown" if len(seen) > rows else ""
    table = Table(
        box=None,
        pad_edge=False,
        title=f"{len(seen)} units, {lost} lost{left_out}; Ctrl-C ends",
        title_justify="left",
    )
    for name in ("unit", "pattern", "commanded by", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("cycle [s]", "answer [ms]"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in seen[:rows]:
        table.add_row(each.unit, *_cells(each))
    return table


def _cells(seen: Seen) -> tuple[str, ...]:
    status = seen.status
    if status is None:
        return ("", "", "no answer" if seen.unanswered else "asked", "", "")
    state = f"no answer for {seen.unanswered} polls" if seen.is_lost else _state(status)
    who = status.control.lower().replace("_", " ")
    return (str(status.pattern), who, state, str(status.cycle_s), f"{1e3 * seen.took_s:.0f}")


def _state(status: UnitStatus) -> str:
    """Return what somebody has to look at; that it is in step if there is nothing."""
    told = [] if status.is_lit else [f"flash: {status.flash.lower().replace('_', ' ')}"]
    if status.free != "NOT_FREE":
        told.append(f"free: {status.free.lower().replace('_', ' ')}")
    if status.alarms:
        told.append(f"alarms {status.alarms}")
    return ", ".join(told) or "in step"
