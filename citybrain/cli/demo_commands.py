"""What the controllers' demonstration runs: commands, the gate, and streets of virtual units."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybrain.cli.console import OUTPUT, headline
from citybrain.errors import SimulationError

_CITYBRAIN = Path(sys.executable).with_name("citybrain")
_READY_S = 120.0


@dataclass(slots=True)
class Show:
    """Runs commands and shows them with what they print.

    Parameters
    ----------
    folder
        Where everything is kept.
    is_quiet
        Show nothing; for programs.
    """

    folder: Path
    is_quiet: bool

    def say(self, text: str) -> None:
        """Tell what comes next."""
        if not self.is_quiet:
            headline(f"\n{text}")

    def run(self, *words: str, key: str = "", comment: str = "") -> int:
        """Run a command of citybrain in the folder, and return its exit code."""
        return self._shown(words, key, comment)[0]

    def must(self, *words: str, key: str = "", comment: str = "") -> None:
        """Run a command without which there is nothing to go on with.

        Raises
        ------
        SimulationError
            With the last line of what the command says, where its exit code is not 0.
        """
        code, told = self._shown(words, key, comment)
        if code:
            msg = f"citybrain {' '.join(words)}: {_last_line(told) or f'exit code {code}'}"
            raise SimulationError(msg)

    def _shown(self, words: Sequence[str], key: str, comment: str) -> tuple[int, str]:
        """Run a command, show it and what it prints, and return its exit code and that."""
        signed = ("--key", f"{key}.key") if key else ()
        said = ("--comment", comment) if comment else ()
        line = [*words, *signed, *said]
        if not self.is_quiet:
            shown = " ".join(f'"{word}"' if " " in word else word for word in line)
            OUTPUT.print(f"$ citybrain {shown}", style="dim")
        done = subprocess.run(
            [_CITYBRAIN, *line], cwd=self.folder, capture_output=True, text=True, check=False
        )
        told = done.stdout + "".join(
            part for part in done.stderr.splitlines(keepends=True) if part.startswith("citybrain:")
        )
        if not self.is_quiet:
            OUTPUT.print(told.rstrip())
        return done.returncode, told

    def ask(self, *words: str) -> dict[str, Any]:
        """Run a command, and return what it tells as JSON."""
        done = subprocess.run(
            [_CITYBRAIN, *words, "--json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            msg = f"citybrain {' '.join(words)}: {done.stderr.strip()}"
            raise SimulationError(msg) from None
        return answer


@dataclass(slots=True)
class Street:
    """A process with three units that drive a running simulation."""

    process: subprocess.Popen[str]
    ports: dict[str, int]

    def order(self, words: str) -> None:
        """Give an order such as ``fault J2 slow on``, and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def outcome(self) -> dict[str, Any]:
        """Wait for the end of the simulation, and return what it told last."""
        output, _ = self.process.communicate()
        last: dict[str, Any] = json.loads(output.splitlines()[-1])
        return last


@contextmanager
def street_of(folder: Path, files: Sequence[str], drive: Sequence[str]) -> Iterator[Street]:
    """Run virtual units that drive a simulation, as long as the block lasts.

    Parameters
    ----------
    folder
        Where their files are.
    files
        One for each unit.
    drive
        Words that say which scenario they drive, and how fast.

    Raises
    ------
    SimulationError
        They did not start.
    """
    process = subprocess.Popen(
        [_CITYBRAIN, "virtual-controller", "run", *files, *drive],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            msg = "the virtual controllers did not start"
            raise SimulationError(msg)
        yield Street(process, json.loads(first)["ready"])
    finally:
        process.terminate()
        process.wait(_READY_S)


@contextmanager
def running_gate(folder: Path) -> Iterator[None]:
    """Run the gate of a folder as long as the block lasts.

    Raises
    ------
    SimulationError
        It did not start; with the last line of what it says.
    """
    log = folder / "gate.log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            [_CITYBRAIN, "gate", "run", "--config", "gate.toml"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            if "takes orders" not in process.stdout.readline():
                msg = f"the gate did not start: {_last_line(log.read_text(encoding='utf-8'))}"
                raise SimulationError(msg)
            yield
        finally:
            process.terminate()
            process.wait(_READY_S)


def _last_line(told: str) -> str:
    return told.rstrip().rpartition("\n")[2].removeprefix("citybrain: ")
