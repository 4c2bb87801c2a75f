"""Results of the counting benchmark: figures, targets, table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from benchmarks._counting_peers import FRAMES, NUMPY

CITYBRAIN = "citybrain"
TWO_CORES = "citybrain, two cores"
READING = "reading 8 B a pulse"
FRAMES_TARGET = 40.0
"""Times the fastest of pandas, polars and duckdb."""
NUMPY_TARGET = 20.0
"""Times numpy's bincount."""
READING_TARGET = 0.5
"""Share of the speed of reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How fast one method is.

    Parameters
    ----------
    name
        Method.
    times_s
        Wall time of each repeat. [s]
    pulses
        Pulses counted.
    is_exact
        The sums equal the reference; none where there are no sums.
    """

    name: str
    times_s: tuple[float, ...]
    pulses: int
    is_exact: bool | None

    @property
    def per_s(self) -> float:
        """Pulses a second, at the median time."""
        return self.pulses / median(self.times_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that was measured.

    Parameters
    ----------
    figures
        Method → its figure.
    absent
        Peers that are not installed.
    """

    figures: Mapping[str, Figure]
    absent: Sequence[str]

    def ratio(self, name: str) -> float:
        """Return citybrain's speed on one core over that of another method."""
        return self.figures[CITYBRAIN].per_s / self.figures[name].per_s

    @property
    def fastest_frame(self) -> str | None:
        """Fastest of the installed table peers."""
        frames = [name for name in FRAMES if name in self.figures]
        return max(frames, key=lambda name: self.figures[name].per_s, default=None)


def first_miss(results: Results) -> str | None:
    """Return the first target that is missed; none if all are met."""
    inexact = [name for name in (CITYBRAIN, TWO_CORES) if not results.figures[name].is_exact]
    if inexact:
        return f"the sums of {inexact[0]} differ from the reference"
    frame = results.fastest_frame
    if frame is None:
        return f"none of {', '.join(FRAMES)} is installed to be compared with"
    figures = (
        (results.ratio(frame), FRAMES_TARGET, f"times {frame}, the fastest of the tables"),
        (results.ratio(NUMPY), NUMPY_TARGET, f"times {NUMPY}"),
        (results.ratio(READING), READING_TARGET, "of the speed of reading"),
    )
    for measured, target, what in figures:
        if measured < target:
            return f"{measured:.3g} {what}, the target is at least {target:g}"
    return None


def results_table(results: Results) -> Table:
    """Return one row for each method."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("method")
    for header in ("M pulses/s", "slowest–fastest", "citybrain is", "share of\nreading", "exact"):
        table.add_column(header, justify="right")
    for figure in results.figures.values():
        rates = sorted(figure.pulses / time_s / 1e6 for time_s in figure.times_s)
        table.add_row(
            figure.name,
            _rate(figure.per_s / 1e6),
            f"{_rate(rates[0])}–{_rate(rates[-1])}",
            f"{results.ratio(figure.name):.3g}×",
            f"{figure.per_s / results.figures[READING].per_s:.1%}",
            {True: "yes", False: "no", None: "–"}[figure.is_exact],
        )
    for name in results.absent:
        table.add_row(name, "not installed", *["–"] * 4)
    return table


def results_content(
    results: Results, conditions: Mapping[str, object], miss: str | None
) -> dict[str, object]:
    """Return everything that the table shows, and each repeat, for programs."""
    return {
        "conditions": dict(conditions),
        "methods": {
            figure.name: {
                "pulses_per_s": figure.per_s,
                "citybrain_is_times": results.ratio(figure.name),
                "is_exact": figure.is_exact,
                "times_s": list(figure.times_s),
            }
            for figure in results.figures.values()
        },
        "not_installed": list(results.absent),
        "gain_of_second_core": 1.0 / results.ratio(TWO_CORES),
        "missed": miss,
    }


def _rate(millions: float) -> str:
    return f"{millions:,.1f}" if millions < 100 else f"{millions:,.0f}"
