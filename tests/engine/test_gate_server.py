"""The gate as a process: a socket of its owner, one order after the other, control in between."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from citybrain.engine.gate.client import send
from citybrain.engine.gate.gate import Gate
from citybrain.engine.gate.server import Door, serve
from citybrain.engine.street.stopping import release
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.statements import Act, Signed
from citybrain.ports.controllers import Step
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.stops import stop_in_ledger
from tests.engine.fake_units import Killed, restarted
from tests.engine.gate_yard import UNITS, Yard, yard

__all__ = ["yard"]


def nothing(_: dict[str, Any]) -> None:
    """Hear nothing."""


@contextmanager
def serving(yard: Yard, socket: Path, group_id: int | None = None) -> Iterator[None]:
    """Run the gate in a thread of its own, and end it as Ctrl-C does."""
    gate = Gate(desk=yard.at_work.desk, fleet=yard.fleet)
    is_ready = threading.Event()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(gate, Door(socket, group_id), UNITS, is_ready.set))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert is_ready.wait(20)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)


def test_an_order_is_carried_out_and_every_step_is_heard(yard: Yard, tmp_path: Path) -> None:
    socket, heard = tmp_path / "gate.sock", []
    with serving(yard, socket):
        assert socket.stat().st_mode & 0o777 == 0o600
        results = send(socket, yard.order(), heard.append)
    assert {result.unit: result.outcome for result in results} == dict.fromkeys(UNITS, "RUNS")
    steps = [line["step"] for line in heard if line.get("unit") == "K1"]
    assert steps[0] == Step.READ.value
    assert Step.PROVE.value in steps
    assert not socket.exists()


def test_a_group_may_bring_orders_where_the_settings_name_one(yard: Yard, tmp_path: Path) -> None:
    socket, group_id = tmp_path / "gate.sock", os.getgid()
    with serving(yard, socket, group_id):
        status = socket.stat()
        assert (status.st_mode & 0o777, status.st_gid) == (0o660, group_id)
        assert send(socket, yard.order(), nothing)


def test_a_group_that_the_gate_cannot_let_in_is_one_line(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.chown", refused)
    door = Door(tmp_path / "gate.sock", os.getgid())
    with pytest.raises(InputError, match="cannot be given to the group of socket_group"):
        asyncio.run(serve(yard.gate, door, UNITS, lambda: None))
    assert not door.socket.exists()


def test_a_refusal_is_told_to_the_person(yard: Yard, tmp_path: Path) -> None:
    socket = tmp_path / "gate.sock"
    with serving(yard, socket):
        with pytest.raises(UnsafePlanError, match="nothing to roll back"):
            send(socket, yard.order(Act.ROLL_BACK), nothing)
        with pytest.raises(UnsafePlanError, match="is not registered"):
            send(socket, Signed(statement="x", key="eve", signature="x"), nothing)


def test_an_error_that_nobody_foresaw_is_told_and_the_gate_goes_on(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        what = "priv=hunter2"
        raise ValueError(what)

    socket = tmp_path / "gate.sock"
    with serving(yard, socket):
        with monkeypatch.context() as patch:
            patch.setattr(yard.fleet, "check", fails)
            with pytest.raises(UnsafePlanError, match=r"ValueError.*plan history") as told:
                send(socket, yard.order(), nothing)
        assert "hunter2" not in str(told.value)
        yard.at_work.clock.instant += timedelta(seconds=1)
        assert send(socket, yard.order(), nothing)


LINES = [b"no JSON\n", b"[]\n", b"{}\n", b"\n", b"[" * 100_000 + b"\n", b"x" * 3_000_000]


@pytest.mark.parametrize("line", LINES)
def test_what_is_no_order_is_refused_and_the_gate_goes_on(
    yard: Yard, tmp_path: Path, line: bytes
) -> None:
    socket = tmp_path / "gate.sock"

    async def say() -> bytes:
        reader, writer = await asyncio.open_unix_connection(socket)
        with suppress(ConnectionError):
            writer.write(line)
            await writer.drain()
        answer = b""
        with suppress(ConnectionError):
            answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    with serving(yard, socket):
        answer = asyncio.run(say())
        assert b"cannot be read" in answer or answer == b""
        assert send(socket, yard.order(), nothing)


def test_a_kill_file_that_is_removed_again_lets_nothing_go_without_a_key(
    yard: Yard, tmp_path: Path
) -> None:
    desk, socket = yard.at_work.desk, tmp_path / "gate.sock"
    with serving(yard, socket):
        desk.street.kill_file.touch()
        end_s = time.monotonic() + 20
        while not stop_in_ledger(desk.ledger).is_on and time.monotonic() < end_s:
            time.sleep(0.05)
        desk.street.kill_file.unlink()
        with pytest.raises(UnsafePlanError, match="all pushes are stopped by the kill file"):
            send(socket, yard.order(), nothing)
        release(desk, yard.at_work.keys["anna"], "looked at it")
        yard.at_work.clock.instant += timedelta(seconds=1)
        assert send(socket, yard.order(), nothing)
    assert verify_audit(desk.ledger).faults == ()


def test_only_one_gate_listens(yard: Yard, tmp_path: Path) -> None:
    socket = tmp_path / "gate.sock"
    with serving(yard, socket):
        second = Gate(desk=yard.at_work.desk, fleet=yard.fleet)
        with pytest.raises(InputError, match="another gate listens there"):
            asyncio.run(serve(second, Door(socket), UNITS, lambda: None))
        assert send(socket, yard.order(), nothing)


def test_a_stale_socket_is_replaced(yard: Yard, tmp_path: Path) -> None:
    socket = tmp_path / "gate.sock"
    with serving(yard, socket):
        pass
    socket.unlink(missing_ok=True)
    with serving(yard, socket):
        assert send(socket, yard.order(), nothing)


def test_no_gate_is_one_line(tmp_path: Path) -> None:
    order = Signed(statement="x", key="eve", signature="x")
    with pytest.raises(InputError, match=r"no gate answers .*; start one with citybrain gate run"):
        send(tmp_path / "none.sock", order, nothing)


def test_a_gate_settles_what_a_dead_one_left_and_keeps_control(yard: Yard, tmp_path: Path) -> None:
    yard.fleet.units["K3"].dies_at = Step.PROVE
    yard.gate.at_once = 1
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    yard.fleet.units = {unit: restarted(fake) for unit, fake in yard.fleet.units.items()}
    with serving(yard, tmp_path / "gate.sock"):
        for _ in range(200):
            if all(unit.kept for unit in yard.fleet.units.values()):
                break
            threading.Event().wait(0.02)
    assert yard.runs() == dict.fromkeys(UNITS, yard.key)
    assert {tuple(set(unit.kept)) for unit in yard.fleet.units.values()} == {(7,)}


def test_a_unit_that_somebody_else_commands_is_let_go_with_an_alarm(
    yard: Yard, tmp_path: Path
) -> None:
    yard.carry_out(yard.order())
    yard.fleet.units["K2"].pattern = 9
    with serving(yard, tmp_path / "gate.sock"):
        for _ in range(200):
            if yard.alarms():
                break
            threading.Event().wait(0.02)
    assert yard.alarms() == [("K2", "control lost")]
    assert yard.runs() == {"K1": yard.key, "K2": "", "K3": yard.key}
