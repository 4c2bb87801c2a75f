"""A terminal and a town for every test of the commands."""

from pathlib import Path

import pytest

from tests.cli.towns import Terminal, terminal_of, town_in


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return terminal_of(capsys)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return town_in(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
