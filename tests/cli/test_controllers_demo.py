"""The demonstration goes on with what was made now, or ends with why nothing was."""

from pathlib import Path

import pytest

from citybrain.cli import demo_commands
from citybrain.cli.controllers_demo import _made
from citybrain.cli.demo_commands import Show
from citybrain.errors import SimulationError


def test_a_plan_that_is_not_made_ends_the_demonstration_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "citybrain"
    command.write_text("#!/bin/sh\necho 'citybrain: no plan is better' >&2\nexit 1\n")
    command.chmod(0o700)
    monkeypatch.setattr(demo_commands, "_CITYBRAIN", command)
    former = tmp_path / "retimed" / "plan.json"
    former.parent.mkdir()
    former.write_text("{}")
    with pytest.raises(SimulationError, match=r"citybrain retime .*: no plan is better"):
        _made(Show(tmp_path, is_quiet=True), tmp_path, 2)
    assert not former.exists(), "the plan of a former run is not pushed instead"
