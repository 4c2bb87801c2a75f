"""Copies of the bundled scenario that a test may damage, and commands run in this process."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from citybrain.cli.main import run

BUNDLED = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"
PERIOD = "midday"
SHORT = ("--period", PERIOD, "--seeds", "2")


@dataclass(frozen=True)
class Told:
    """What a command left on the terminal."""

    code: int
    output: str
    errors: str

    @property
    def complaint(self) -> str:
        """The one line that says what was wrong; stages of the work stand in lines before."""
        lines = [line for line in self.errors.splitlines() if line.startswith("citybrain: ")]
        assert len(lines) == 1, self.errors
        assert self.errors.endswith(lines[0] + "\n")
        assert "Traceback" not in self.errors
        return lines[0]


Terminal = Callable[..., Told]


def terminal_of(capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Return a function that runs a command and returns what it told."""

    def told(*words: object) -> Told:
        capsys.readouterr()
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return Told(code, captured.out, captured.err)

    return told


def town_in(folder: Path, *, end_s: int = 300) -> Path:
    """Copy the bundled scenario; its midday ends early."""
    town = folder / "town"
    shutil.copytree(BUNDLED, town, ignore=shutil.ignore_patterns("plain", "*.py"))
    change(town / f"{PERIOD}.sumocfg", '<end value="3600" />', f'<end value="{end_s}" />')
    return town


def change(path: Path, old: str, new: str, count: int = -1) -> None:
    """Replace some text that the file must hold."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} holds no {old!r}"
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def cut(path: Path, share: float = 0.4) -> None:
    """Cut a file off in the middle."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def digests(folder: Path) -> dict[str, str]:
    """Return file → digest for everything below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
