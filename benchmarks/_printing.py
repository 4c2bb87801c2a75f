"""What every benchmark prints: its table, what the figures depend on, and the targets missed."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from citybrain.cli.console import OUTPUT

_WIDEST = 1000


def print_whole(table: Table) -> None:
    """Print a table as wide as its content, whatever the width of the terminal."""
    narrow = Console(highlight=False)
    needed = Measurement.get(narrow, narrow.options.update(max_width=_WIDEST), table).maximum
    Console(highlight=False, width=max(needed, narrow.width)).print(table)


def print_conditions(conditions: Mapping[str, object]) -> None:
    """Print what figures depend on, in one line."""
    OUTPUT.print(", ".join(f"{name} {value}" for name, value in conditions.items()), style="dim")


def print_misses(misses: Sequence[str]) -> None:
    """Print every target that is missed, or that there is none."""
    for text in misses:
        OUTPUT.print(f"target missed: {text}")
    if not misses:
        OUTPUT.print("every target is met")
