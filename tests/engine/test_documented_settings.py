"""The settings that the documentation shows are settings that the readers take."""

import grp
import os
import re
from pathlib import Path

import pytest

from citybrain.controllers.settings import read_controllers
from citybrain.engine.gate.settings import read_gate
from citybrain.engine.street.settings import read_street
from citybrain.store.phase_maps import read_phase_maps

DOCS = Path(__file__).parents[2] / "docs"


def shown(page: str, table: str) -> str:
    """Return the TOML file of a page that has a line which begins so."""
    text = (DOCS / page).read_text(encoding="utf-8")
    files = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (found,) = (each for each in files if f"\n{table}" in f"\n{each}")
    return str(found)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    path = tmp_path / "street.toml"
    path.write_text(shown("approval.md", "ledger = "))
    return path


def test_the_settings_of_the_street(street: Path) -> None:
    found = read_street(street)
    assert (found.patterns, found.safety) == ((1, 2), street.parent / "safety.toml")


def test_the_settings_of_the_gate(street: Path) -> None:
    own = grp.getgrgid(os.getgid()).gr_name
    text = shown("approval.md", "seal_file = ").replace('"operators"', f'"{own}"')
    path = street.parent / "gate.toml"
    path.write_text(text)
    for name in ("keys.toml", "safety.toml", "running.json", "gate-controllers.toml"):
        (street.parent / name).touch()
    assert read_gate(path).at_once == 10


def test_the_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown("controllers.md", "[credentials.watch]")
    reading = re.sub(r"(?m)^write = .*$", "", text)
    path = tmp_path / "controllers.toml"
    path.write_text(reading)
    (tmp_path / "secrets").mkdir()
    for name in ("read.auth", "community"):
        secret = tmp_path / "secrets" / name
        secret.write_text("a secret of the documentation\n")
        secret.chmod(0o600)
    monkeypatch.setenv("CITYBRAIN_READ_PRIV", "another of the documentation")
    (unit,) = read_controllers(path).units.values()
    assert (unit.name, unit.address, unit.intersection) == ("k101", "10.1.1.101", "A")


def test_a_phase_map(tmp_path: Path) -> None:
    path = tmp_path / "phase_maps.toml"
    path.write_text(shown("approval.md", "[J]"))
    assert read_phase_maps(path)["J"].coordinated == (2,)
