"""The board of polled units: one lost poll is no lost unit, and what needs a look stands first."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.controllers.polling.board import Board
from citybrain.controllers.polling.opening import pollers_of
from citybrain.controllers.polling.poller import MOST_LOST, Poll
from citybrain.controllers.settings import read_controllers
from citybrain.errors import InputError
from citybrain.ports.controllers import UnitStatus
from tests.engine.fake_units import AT

WELL = UnitStatus(
    unit="k1",
    read_at=AT,
    pattern=2,
    system_pattern=2,
    control="SYSTEM_CONTROL",
    free="NOT_FREE",
    flash="NOT_FLASH",
    cycle_s=7,
    sync_s=7,
    backup_time_s=600,
    transaction="NORMAL",
    alarms=0,
    local_time_s=0,
)


def poll(unit: str = "k1", status: UnitStatus | None = WELL) -> Poll:
    return Poll(unit=unit, status=status, took_s=0.02)


@given(answers=st.lists(st.booleans(), max_size=20))
def test_a_unit_is_lost_until_it_answers_and_after_polls_in_a_row(answers: list[bool]) -> None:
    board = Board(["k1"])
    for is_answered in answers:
        board.hear(poll(status=WELL if is_answered else None))
    is_heard = any(answers[-MOST_LOST:])
    assert board.lost == (() if is_heard else ("k1",))


@pytest.mark.parametrize("trouble", [{"free": "COMMAND"}, {"flash": "MMU"}, {"alarms": 130}])
def test_what_needs_a_look_stands_first(trouble: dict[str, object]) -> None:
    board = Board(["k1", "k2", "k3"])
    board.hear(poll("k1"))
    board.hear(poll("k2", replace(WELL, **trouble)))
    assert [each.unit for each in board.seen] == ["k3", "k2", "k1"]


def test_a_unit_over_v2c_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "controllers.toml"
    (tmp_path / "community").write_text("a-long-community")
    (tmp_path / "community").chmod(0o600)
    path.write_text(
        '[credentials.old]\nversion = "v2c"\ncommunity_file = "community"\n'
        '[units.k1]\naddress = "127.0.0.1"\nintersection = "A"\nread = "old"\n'
    )
    with pytest.raises(InputError, match=r"units.k1: is read over v2c and cannot be watched"):
        pollers_of(read_controllers(path), ["k1"], lambda: AT, lambda _: None)
