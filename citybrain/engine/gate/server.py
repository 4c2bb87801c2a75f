"""The gate as a process: it listens on a socket of its owner or a group, one order at a time."""

import asyncio
import json
import os
import stat
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from citybrain.engine.gate.gate import Gate
from citybrain.engine.gate.pushing import UnitResult
from citybrain.engine.gate.recovery import settle_unfinished
from citybrain.engine.gate.watch import Watch
from citybrain.engine.street.stopping import note_kill_file
from citybrain.errors import CitybrainError, InputError, told_of
from citybrain.model.audit import parsed_json
from citybrain.model.statements import Signed

REQUEST_LIMIT = 1 << 20
"""Longest request and answer line [bytes]."""
_TEND_S = 1.0
"""Time between two looks for the kill file, and at whom to keep under control [s]."""
_PATIENCE_S = 10.0
"""Longest time for a client to say what it wants [s]."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where orders are taken, and from whom.

    Parameters
    ----------
    socket
        Path of the unix domain socket.
    group_id
        Group whose members may connect besides the owner; none for the owner alone.
    """

    socket: Path
    group_id: int | None = None


async def serve(gate: Gate, door: Door, units: Collection[str], ready: Callable[[], None]) -> None:
    """Settle what a former gate left, then carry out orders and keep control until cancelled.

    Parameters
    ----------
    gate
        Carries out orders; it gets its watch here.
    door
        Where orders are taken.
    units
        Units that the gate may ever write to.
    ready
        Called once orders are taken.

    Cancelled, it takes no more orders and ends once the present one has ended.

    Raises
    ------
    InputError
        The socket cannot be made, another gate listens there, or the credentials for writing
        cannot be had.
    """
    busy = asyncio.Lock()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answer(gate, busy, reader, writer)
        except (ConnectionError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    await busy.acquire()  # no order is taken before the units are settled
    server = await _listening(door.socket, answer)
    tending = asyncio.create_task(_tend(gate, busy))
    try:
        async with server, gate.fleet.links(units) as links:
            _let_group_in(door)
            try:
                await settle_unfinished(gate.desk, gate.fleet)
                gate.watch = Watch(gate.desk, links, gate.fleet)
                gate.follow()
            finally:
                busy.release()
            try:
                ready()
                await server.serve_forever()
            finally:
                await _let_go(gate, busy)
    finally:
        tending.cancel()
        door.socket.unlink(missing_ok=True)


async def _let_go(gate: Gate, busy: asyncio.Lock) -> None:
    """Wait for the present order to end, then command no unit any more."""
    if gate.watch is not None:
        async with busy:
            await gate.watch.let_all_go()


async def _tend(gate: Gate, busy: asyncio.Lock) -> None:
    """Keep what the kill file says, and units under control that were not to be followed before."""
    while True:
        with suppress(Exception):  # the file itself stops all pushes meanwhile
            note_kill_file(gate.desk)
        with suppress(Exception):  # the next look may do
            if not busy.locked():
                gate.follow()
        await asyncio.sleep(_TEND_S)


async def _listening(
    socket: Path,
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> asyncio.Server:
    if await _is_listening(socket):
        raise InputError(socket, "another gate listens there", "end it first")
    try:
        if socket.exists() and stat.S_ISSOCK(socket.stat().st_mode):
            socket.unlink()
        umask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(answer, socket, limit=REQUEST_LIMIT)
        finally:
            os.umask(umask)
    except OSError as error:
        what = f"cannot be listened on ({error.strerror or error})"
        raise InputError(socket, what, "give a short path in a folder of your own") from None


def _let_group_in(door: Door) -> None:
    """Let the members of a group connect, where there is one; until then the owner alone can."""
    if door.group_id is None:
        return
    try:
        os.chown(door.socket, -1, door.group_id)
        door.socket.chmod(0o660)
    except OSError as error:
        what = f"cannot be given to the group of socket_group ({error.strerror or error})"
        raise InputError(door.socket, what, "make the gate's user a member of it") from None


async def _is_listening(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    writer.close()
    return True


async def _answer(
    gate: Gate, busy: asyncio.Lock, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carry out one order, telling each step as a line of JSON; the last line is the end."""

    def say(content: dict[str, object]) -> None:
        writer.write(json.dumps(content).encode() + b"\n")

    def told(unit: str, what: str, result: UnitResult | None = None) -> None:
        say({"unit": unit, "step": what} if result is None else {"result": asdict(result)})

    line = await asyncio.wait_for(reader.readline(), _PATIENCE_S)
    try:
        order = _order(line)
        async with busy:
            carried = await gate.carry_out(order, told)
        say({"end": carried.push_id, "is_done": carried.is_done})
    except CitybrainError as refusal:
        say({"refused": str(refusal)})
    except Exception as error:
        what = "in the gate: see citybrain plan history for what was done"
        say({"refused": f"{told_of(error)} {what}"})
    await writer.drain()


def _order(line: bytes) -> Signed:
    try:
        content = parsed_json(line.decode("utf-8"))
        return Signed(**{key: str(content[key]) for key in ("statement", "key", "signature")})
    except (ValueError, KeyError, TypeError):
        where = "order"
        mend = "send it with citybrain plan push"
        raise InputError(where, "cannot be read", mend) from None
