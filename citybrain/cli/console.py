"""Printing: tables on standard output, progress on standard error."""

import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

OUTPUT = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Standard output; names of files and detectors mean nothing in it, whatever brackets they hold."""


def headline(name: object, rest: str = "", style: str = "bold") -> None:
    """Print a line that begins with a name in bold, or in another style.

    Parameters
    ----------
    name
        What the line is about.
    rest
        What follows it.
    style
        Style of the name, in the words of rich.
    """
    OUTPUT.print(Text.assemble((str(name), style), rest))


def json_text(content: Mapping[str, object]) -> str:
    """Return a result for programs."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def print_json(content: Mapping[str, object]) -> None:
    """Print a result for programs."""
    sys.stdout.write(json_text(content))


class Stages(AbstractContextManager["Stages"]):
    """Shows how far the stages of a job have come, on standard error.

    On a terminal it is a bar; in a log it is one line when a stage begins.
    """

    def __init__(self) -> None:
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=1.0, note="")
        self._stage = ""

    def __enter__(self) -> "Stages":
        """Start the display."""
        self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the display."""
        self._progress.stop()

    def begin(self, stage: str, note: str = "") -> None:
        """Begin a stage."""
        self._stage = stage
        self._progress.reset(self._task, description=stage, note=note)
        if not self._console.is_terminal:
            self._console.print(f"{stage}: {note}" if note else stage)

    def __call__(self, done: float, text: str) -> None:
        """Take note of progress; the words before a colon name the stage."""
        stage, _, note = text.rpartition(": ")
        if stage and stage != self._stage:
            self.begin(stage)
        self._progress.update(self._task, completed=done, note=note)
