"""A million damaged rows in each reader: all counted, no good row lost, one clear line at most."""

import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks._fuzz_feeds import FORMS, GOOD, START, ZONE, Form, write, write_parquet
from benchmarks._names import check_beginnings
from benchmarks._printing import print_whole
from citybrain.cli.console import OUTPUT, print_json
from citybrain.errors import InputError
from citybrain.model.flows import Detector, DetectorKind
from detectors.feed import FeedClock, count_feed

ROWS = 1_000_000
SEED = 3
PARQUET = Form(name="controller log, Parquet", header="", good=str, detector="7:5",
               vehicles=GOOD / 2)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a damaged feed."""

    form: str
    rows: int
    rows_read: int
    used: int
    left_out: int
    good_veh: float
    expected_veh: float
    seconds: float
    refusal: str

    @property
    def fault(self) -> str:
        """What went wrong; empty if all rows are accounted for and no good one is lost."""
        if self.refusal:
            return f"refused: {self.refusal}"
        if self.rows_read != self.rows:
            return f"{self.rows - self.rows_read} rows were not counted"
        if self.used + self.left_out != self.rows:
            return f"{self.rows - self.used - self.left_out} rows are neither used nor left out"
        if abs(self.good_veh - self.expected_veh) > 1e-6 * self.expected_veh:
            return f"{self.good_veh:g} of {self.expected_veh:g} good vehicles"
        return ""


def run(*, networks: Sequence[str], is_check: bool, is_json: bool, rows: int = ROWS) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Only forms whose name begins with one of these; all if none.
    is_check
        Return 1 if a row is lost.
    is_json
        Print JSON.
    rows
        Damaged rows of each feed.

    Raises
    ------
    InputError
        No form begins with a name that was given.
    """
    forms = (*FORMS, PARQUET)
    check_beginnings(networks, [form.name for form in forms], "form")
    wanted = tuple(networks) or ("",)
    outcomes = [outcome_of(form, rows, SEED) for form in forms if form.name.startswith(wanted)]
    faults = [f"{outcome.form}: {outcome.fault}" for outcome in outcomes if outcome.fault]
    if is_json:
        print_json({"outcomes": [asdict(outcome) for outcome in outcomes], "faults": faults})
    else:
        print_whole(table_of(outcomes))
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        OUTPUT.print(f"largest memory {peak_gb:.1f} GB")
        for fault in faults:
            OUTPUT.print(f"missed: {fault}")
    return 1 if is_check and faults else 0


def outcome_of(form: Form, rows: int, seed: int) -> Outcome:
    """Write a damaged feed of a form, count it, and compare with what was written."""
    rng = np.random.default_rng((seed, len(form.name)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if form is PARQUET:
            path, total = write_parquet(folder, rows, rng)
        else:
            path, total = write(form, folder, rows, rng)
        begin_s = time.perf_counter()
        return _counted(form, path, total, begin_s)


def _counted(form: Form, path: Path, total: int, begin_s: float) -> Outcome:
    own = Detector(name=form.detector, lane="lane", distance_to_stop_line_m=1.0, length_m=2.0,
                   kind=DetectorKind.STOP_BAR)  # fmt: skip
    zone = "UTC" if form.detector == "7:5" else ZONE
    read = used = left_out = 0
    good_veh, refusal = 0.0, ""
    try:
        counted = count_feed(path, (own,), clock=FeedClock(start=START, assume_zone=zone))
        repairs = counted.repairs
        read, used, left_out = repairs.rows, repairs.used_rows, repairs.left_out_rows
        good_veh = float(np.sum(np.asarray(counted.flows.count_veh)))
    except InputError as error:
        refusal = str(error).replace("\n", "\\n")
    return Outcome(
        form=form.name,
        rows=total,
        rows_read=read,
        used=used,
        left_out=left_out,
        good_veh=good_veh,
        expected_veh=form.vehicles,
        seconds=time.perf_counter() - begin_s,
        refusal=refusal,
    )


def table_of(outcomes: Sequence[Outcome]) -> Table:
    """Return one row for each form."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("form", "rows", "used", "left out", "good vehicles", "s", "M rows/s", ""):
        table.add_column(title, justify="left" if title in {"form", ""} else "right", no_wrap=True)
    for found in outcomes:
        good = f"{found.good_veh:.0f} of {found.expected_veh:.0f}"
        figures = (f"{found.rows:,}", f"{found.used:,}", f"{found.left_out:,}", good)
        speed = f"{found.rows / found.seconds / 1e6:.2f}"
        table.add_row(found.form, *figures, f"{found.seconds:.1f}", speed, found.fault)
    return table
