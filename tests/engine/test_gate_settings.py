"""Settings of the gate: who may bring orders to its socket, and how many units are served."""

import grp
import os
from pathlib import Path

import pytest

from citybrain.engine.gate.pushing import AT_ONCE
from citybrain.engine.gate.settings import read_gate
from citybrain.errors import InputError, UnsafePlanError
from citybrain.reading import read_toml
from tests.engine.approval_kit import write_office

FILES = 'street = "street.toml"\ncontrollers = "gate-controllers.toml"\n'


def written(folder: Path, line: str) -> Path:
    write_office(folder)
    for name in ("safety.toml", "gate-controllers.toml"):
        (folder / name).touch()
    path = folder / "gate.toml"
    path.write_text(FILES + line)
    for one in folder.iterdir():
        one.chmod(0o600)
    return path


def test_the_example_of_the_documents_shows_what_holds_if_left_out() -> None:
    text = (Path(__file__).parents[2] / "docs" / "approval.md").read_text(encoding="utf-8")
    assert f"at_once = {AT_ONCE} " in text


def test_the_owner_alone_brings_orders_unless_a_group_is_named(tmp_path: Path) -> None:
    assert read_gate(written(tmp_path, "")).socket_group_id is None


def test_a_group_is_known_by_its_name(tmp_path: Path) -> None:
    name = grp.getgrgid(os.getgid()).gr_name
    settings = read_gate(written(tmp_path, f'socket_group = "{name}"'))
    assert settings.socket_group_id == os.getgid()


@pytest.mark.parametrize("name", ["gate.toml", "street.toml"])
def test_a_file_that_changes_while_it_is_read_is_not_as_the_gate_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Else the gate would go by the former rules, and take the new file for what it has read."""

    def read_then_changed(path: Path) -> object:
        content = read_toml(path)
        if path.name == name:
            path.write_text(path.read_text() + "# stricter\n")
        return content

    path = written(tmp_path, "")
    monkeypatch.setattr("citybrain.engine.street.settings.read_toml", read_then_changed)
    settings = read_gate(path)
    with pytest.raises(UnsafePlanError, match=rf"{name} has changed since the gate was started"):
        settings.files.check()


@pytest.mark.parametrize("name", ["no such group", ""])
def test_a_group_that_is_none_is_told_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"gate.toml, socket_group"):
        read_gate(written(tmp_path, f'socket_group = "{name}"'))
