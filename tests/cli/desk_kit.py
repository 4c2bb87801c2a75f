"""A folder in which plans are proposed, approved and ordered by commands."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.safety_draft import draft_safety
from citybrain.store.plans import write_plan
from citybrain.store.safety import write_safety
from citybrain.store.verdicts import write_verdict
from tests.cli.towns import BUNDLED, Terminal
from tests.engine.approval_kit import verdict_on, write_office

CONTROLLERS = """
[credentials.watch]
user = "citybrain-read"
auth_file = "read.auth"
priv_file = "read.priv"

[units.K1]
address = "127.0.0.1"
port = 16101
intersection = "J1"
read = "watch"
"""


@pytest.fixture(scope="module")
def area() -> StudyArea:
    return open_area(BUNDLED, None, SafetyLimits())


@pytest.fixture(scope="module")
def signed(area: StudyArea) -> dict[str, SafetyData]:
    """Safety data as they are drafted from the scenario, and signed."""
    drafts = {
        pattern.intersection: draft_safety(
            area.network.intersections[pattern.intersection], pattern
        )
        for pattern in area.running.patterns
    }
    return {
        name: replace(draft, signed_by="Sigrid", signed_on="2026-03-01")
        for name, draft in drafts.items()
    }


@pytest.fixture(scope="module")
def shifted(area: StudyArea) -> Plan:
    """The bundled scenario's own plan, one offset moved by a second."""
    running = area.running
    first = running.patterns[0]
    moved = replace(first, offset_s=(first.offset_s + 1) % first.cycle_s)
    return replace(running.with_patterns({first.intersection: moved}), name="shifted")


@dataclass
class Desk:
    """A folder with settings, keys, a plan and its verdict; commands are run in it."""

    folder: Path
    terminal: Terminal
    plan: Plan

    def __call__(self, *words: str, key: str = "", comment: str = "tested") -> dict[str, object]:
        told = self.terminal(*self.words(*words, key=key, comment=comment), "--json")
        assert told.code == 0, told.errors
        answer: dict[str, object] = json.loads(told.output)
        return answer

    def refused(self, *words: str, key: str = "", comment: str = "tested", code: int = 1) -> str:
        told = self.terminal(*self.words(*words, key=key, comment=comment))
        assert told.code == code, told.output
        return told.complaint

    def words(self, *words: str, key: str, comment: str) -> tuple[str, ...]:
        signed = ("--key", str(self.folder / f"{key}.key"), "--comment", comment) if key else ()
        return (*words, "--street", str(self.folder / "street.toml"), *signed)

    def propose(self) -> str:
        verdict = ("--verdict", str(self.folder / "verdict.json"))
        told = self("plan", "propose", str(self.folder / "plan.json"), *verdict, key="anna")
        assert told["state"] == "proven"
        return str(told["plan"])


@pytest.fixture
def desk(tmp_path: Path, terminal: Terminal, shifted: Plan, signed: dict[str, SafetyData]) -> Desk:
    write_office(tmp_path)
    write_safety(signed, tmp_path / "safety.toml")
    (tmp_path / "controllers.toml").write_text(CONTROLLERS)
    write_plan(shifted, tmp_path / "plan.json")
    write_verdict(verdict_on(shifted), tmp_path / "verdict.json")
    return Desk(tmp_path, terminal, shifted)
