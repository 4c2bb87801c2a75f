"""The commands that bring orders to the gate."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.desk_kit import Desk, area, desk, shifted, signed

pytestmark = pytest.mark.integration

__all__ = ["area", "desk", "shifted", "signed"]


def test_an_order_needs_a_key_and_a_gate(desk: Desk) -> None:
    key = desk.propose()
    desk("plan", "approve", key, key="berta")
    assert "needs your key" in desk.refused("plan", "push", key, "--really", code=2)
    told = desk.refused("plan", "push", key, "--really", key="dora", code=2)
    assert "no gate answers" in told
    assert "start one with citybrain gate run" in told


@contextmanager
def silent_gate(socket_path: Path) -> Iterator[list[bytes]]:
    """Take one order, say nothing, and have this process interrupted as by Ctrl-C."""
    taken: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as file:
                taken.append(file.readline())
                os.kill(os.getpid(), signal.SIGINT)
                file.read()

        thread = threading.Thread(target=serve)
        thread.start()
        yield taken
        thread.join(20)


@pytest.mark.parametrize("command", ["push", "rollback"])
def test_who_interrupts_an_order_is_told_that_the_gate_goes_on(desk: Desk, command: str) -> None:
    key = desk.propose()
    with silent_gate(desk.folder / "gate.sock") as taken:
        told = desk.refused("plan", command, "shifted", "--really", key="dora", code=2)
    assert b'"signature"' in taken[0]
    assert told == (
        f"citybrain: plan {key[:12]}: interrupted here, but the gate goes on with its order; "
        f"see how it ended with citybrain plan history {key[:12]}"
    )


def test_who_interrupts_before_the_order_has_left_is_not_told_of_the_gate(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_socket: socket.socket, _path: str) -> None:
        raise KeyboardInterrupt

    key = desk.propose()
    monkeypatch.setattr(socket.socket, "connect", interrupted)
    told = desk.refused("plan", "push", key, "--really", key="dora", code=2)
    assert told == (
        "citybrain: interrupted; nothing was left half written, start the command again"
    )


def test_no_plan_is_pushed_to_a_junction_without_a_unit(desk: Desk) -> None:
    key = desk.propose()
    assert "J1: the safety data know no controller" in desk.refused("plan", "push", key)
    settings = desk.folder / "controllers.toml"
    settings.write_text(settings.read_text().replace('"J1"', '"elsewhere"'))
    assert "J1: no unit of" in desk.refused("plan", "push", key)
    told = desk.refused("plan", "push", key, "--units", "K1")
    assert "unit K1 has no part in plan shifted" in told


def test_settings_that_everybody_has_name_no_credentials_that_write(desk: Desk) -> None:
    settings = desk.folder / "controllers.toml"
    settings.write_text(settings.read_text() + 'write = "watch"\n')
    told = desk.refused("controllers", "status", code=2)
    assert "controllers.toml: units.K1: names credentials that write; keep write in" in told


@pytest.mark.parametrize("units", ["", " ", "K1,", "K1,,K1", ","])
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "push", "shifted", "--really"),
        ("plan", "rollback", "shifted", "--really"),
        ("plan", "rollback", "shifted"),
        ("controllers", "status"),
    ],
)
def test_an_empty_name_of_a_unit_does_not_mean_all(
    desk: Desk, words: tuple[str, ...], units: str
) -> None:
    desk.propose()
    key = "dora" if "--really" in words else ""
    told = desk.refused(*words, "--units", units, key=key, code=2)
    assert f"--units '{' '.join(units.split())}" in told
    assert "holds an empty name; write names between commas, or leave it out for all" in told
