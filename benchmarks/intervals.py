"""Do the intervals cover the vehicles that really passed at the rate they state?

Truth is known to the vehicle: made feeds of random and of platooned traffic with faults put in,
and SUMO runs of which parts are taken out.  What the interval was built for counts for the check;
rows beyond the allowance show where it ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

import numpy as np
from rich.table import Table

from benchmarks._interval_feeds import FEED_S, Faults, Stratum, feed_of
from benchmarks._interval_sumo import BIN_S, sumo_feeds
from benchmarks._names import check_beginnings
from benchmarks._printing import print_whole
from citybrain.cli.console import OUTPUT, print_json
from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot
from detectors.counting import count_pulses
from detectors.pulses import SIMULATION_START, Floats, Pulses

SUMO = "SUMO"
STATED = 0.95
FEEDS = 24
SEED = 20260317
GAPS = Faults(gaps=6)
WORN = Faults(missed=0.02, doubled=0.01, broken=0.02, lost_offs=0.06, gaps=4)
STRATA = (
    Stratum(name="random 120 veh/h", flow_vph=120),
    Stratum(name="random 600 veh/h", flow_vph=600),
    Stratum(name="platoons 300 veh/h", flow_vph=300, is_platooned=True),
    Stratum(name="platoons 600 veh/h", flow_vph=600, is_platooned=True),
    Stratum(name="gaps, random 120", flow_vph=120, faults=GAPS),
    Stratum(name="gaps, random 600", flow_vph=600, faults=GAPS),
    Stratum(name="gaps, platoons 300", flow_vph=300, is_platooned=True, faults=GAPS),
    Stratum(name="gaps, platoons 600", flow_vph=600, is_platooned=True, faults=GAPS),
    Stratum(name="gaps, peak from 0 to 900", flow_vph=450, is_peak=True, faults=GAPS),
    Stratum(name="gaps, platoons, peak 0 to 900", flow_vph=450, is_peak=True, is_platooned=True,
            faults=GAPS),
    Stratum(name="misses 3 %, random 600", flow_vph=600, faults=Faults(missed=0.03)),
    Stratum(name="doubles 3 %, random 600", flow_vph=600, faults=Faults(doubled=0.03)),
    Stratum(name="break-up 8 %, random 600", flow_vph=600, faults=Faults(broken=0.08)),
    Stratum(name="lost offs 6 %, platoons 600", flow_vph=600, is_platooned=True,
            faults=Faults(lost_offs=0.06)),
    Stratum(name="all of it, platoons 500", flow_vph=500, is_platooned=True, faults=WORN),
    Stratum(name="all of it, random 120, 15 min", flow_vph=120, faults=WORN, bin_s=900.0),
    Stratum(name="misses 8 % (beyond)", flow_vph=600, faults=Faults(missed=0.08),
            within_allowance=False),
    Stratum(name="doubles 8 % (beyond)", flow_vph=600, faults=Faults(doubled=0.08),
            within_allowance=False),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Covered:
    """How often the intervals of a stratum held the truth, and how wide they were."""

    stratum: str
    bins: int
    mean_veh: float
    coverage: float
    below: float
    above: float
    width_veh: float
    partial_bins: int
    partial_coverage: float | None
    partial_width_veh: float | None
    within_allowance: bool

    @property
    def relative_width(self) -> float:
        """Mean width of the intervals over the mean count."""
        return self.width_veh / max(self.mean_veh, 1e-9)


def run(*, networks: Sequence[str], is_check: bool, is_json: bool, feeds: int = FEEDS) -> int:
    """Run the study and return its exit code.

    Parameters
    ----------
    networks
        Only strata whose name begins with one of these; all if none.
    is_check
        Return 1 if a stratum within the allowance covers less than stated.
    is_json
        Print JSON.
    feeds
        Feeds of each stratum.

    Raises
    ------
    InputError
        No stratum begins with a name that was given.
    """
    check_beginnings(networks, [*(stratum.name for stratum in STRATA), SUMO], "stratum")
    wanted = tuple(networks) or ("",)
    results = [
        study(stratum, feeds, seed)
        for seed, stratum in enumerate(STRATA)
        if stratum.name.startswith(wanted)
    ]
    if SUMO.startswith(wanted):
        for name, made in sumo_feeds():
            cells = np.concatenate([cells_of(*feed, BIN_S) for feed in made])
            results.append(summed(name, cells, within_allowance=True))
    misses = [r for r in results if r.within_allowance and not is_met(r)]
    if is_json:
        print_json({"strata": [asdict(r) for r in results], "missed": [r.stratum for r in misses]})
    else:
        print_whole(table_of(results))
        for result in misses:
            OUTPUT.print(f"missed: {result.stratum} covers {result.coverage:.1%}")
    return 1 if is_check and misses else 0


def is_met(result: Covered) -> bool:
    """Tell whether a stratum covers as stated, among whole and partial bins, and is no bluff."""
    parts = (result.coverage, result.partial_coverage if result.partial_coverage else 1.0)
    return min(parts) >= STATED


def study(stratum: Stratum, feeds: int, seed: int) -> Covered:
    """Count feeds of a stratum and compare with the truth."""
    rng = np.random.default_rng((SEED, seed))
    cells = [cells_of(*feed_of(stratum, rng), stratum.bin_s) for _ in range(feeds)]
    return summed(stratum.name, np.concatenate(cells), within_allowance=stratum.within_allowance)


def cells_of(pulses: Pulses, truth_s: Sequence[Floats], bin_s: float) -> Floats:
    """Return rows of truth, low, high [veh] and coverage of all bins that were covered at all."""
    flows = counted(pulses, bin_s)
    edges_s = np.arange(flows.bin_count + 1) * bin_s
    truth = np.column_stack([np.histogram(passed_s, edges_s)[0] for passed_s in truth_s])
    grids = (truth, flows.low_veh, flows.high_veh, flows.coverage)
    rows = np.column_stack([np.asarray(grid, np.float64).ravel() for grid in grids])
    return rows[rows[:, 3] > 0]


def counted(pulses: Pulses, bin_s: float, feed_s: float = FEED_S) -> FlowSnapshot:
    """Count a made feed; each detector has a lane of its own."""
    inventory = [
        Detector(name=name, lane=name, distance_to_stop_line_m=1.0, length_m=2.0,
                 kind=DetectorKind.STOP_BAR)
        for name in pulses.names
    ]  # fmt: skip
    recorded = (SIMULATION_START, SIMULATION_START + timedelta(seconds=feed_s))
    return count_pulses(pulses, inventory, bin_s=bin_s, recorded=recorded)


def summed(name: str, cells: Floats, *, within_allowance: bool) -> Covered:
    """Sum up rows of truth, low, high and coverage."""
    truth, low, high, share = cells.T
    covers = (low <= truth) & (truth <= high)
    partial = share < 1
    return Covered(
        stratum=name,
        bins=len(cells),
        mean_veh=float(truth.mean()),
        coverage=float(covers.mean()),
        below=float(np.mean(truth < low)),
        above=float(np.mean(truth > high)),
        width_veh=float(np.mean((high - low)[~partial])) if (~partial).any() else float("nan"),
        partial_bins=int(partial.sum()),
        partial_coverage=float(covers[partial].mean()) if partial.any() else None,
        partial_width_veh=float((high - low)[partial].mean()) if partial.any() else None,
        within_allowance=within_allowance,
    )


def table_of(results: Sequence[Covered]) -> Table:
    """Return one row for each stratum."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("traffic and faults", no_wrap=True)
    for title in ("bins", "veh/bin", "covers", "truth\nbelow", "truth\nabove", "width\nveh",
                  "bins with\na gap", "covers", "width\nveh"):  # fmt: skip
        table.add_column(title, justify="right", no_wrap=True)
    for r in results:
        table.add_row(r.stratum, *_figures(r))
    return table


def _figures(r: Covered) -> Iterator[str]:
    yield from (f"{r.bins:,}", f"{r.mean_veh:.1f}", f"{r.coverage:.1%}", f"{r.below:.1%}")
    yield from (f"{r.above:.1%}", f"{r.width_veh:.1f}", f"{r.partial_bins:,}")
    yield "–" if r.partial_coverage is None else f"{r.partial_coverage:.1%}"
    yield "–" if r.partial_width_veh is None else f"{r.partial_width_veh:.1f}"
