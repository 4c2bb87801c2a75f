"""Are faults of detectors found, and are sound detectors left alone?

Faults are put into the detectors of a recorded controller log that are clean, one at a time, from
the middle of the log to its end; the first half is what habits are learned from.  Limits were
chosen on the first controller only; the report is on the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.table import Table

from benchmarks._health_faults import ALONE, only, swapped, with_fault
from benchmarks._health_filling import Filled, filled
from benchmarks._interval_sumo import simulated
from benchmarks._names import check_names
from benchmarks._printing import print_whole
from citybrain.cli.console import OUTPUT, headline, print_json
from citybrain.errors import InputError
from detectors.health.neighbours import Habits, learn_habits
from detectors.health.timeline import HealthSpan, health_of
from detectors.pulses import Pulses
from detectors.readers.hires import read_event_log
from detectors.readers.sumo_instant import read_instant_e1

LOG = Path("../shared/data/hires/hires_test_data.parquet")
TUNED_ON = ("227",)
HELD_OUT = ("452", "454")
SUMO = "SUMO"
SUMO_FEED = "SUMO crossing, one loop on each lane"
"""Shows where neighbours tell little; the target is for the recorded log."""
SUMO_SEED = 31
CLASSES_VPH = (0.0, 40.0, 100.0, 200.0, 400.0, 1000.0)
FROM_S = 5400.0
KINDS = (*ALONE, "swapped")
TARGET = 0.95
LEAST_VPH = {"silent": 40.0, "halved": 100.0, "doubled": 100.0, "delayed": 40.0, "swapped": 40.0}
"""Flow in the learning half from which a fault of 90 min can be told; chosen on `TUNED_ON`."""
SAME_VEHICLES = 0.8
"""Share of the pulses within a second of each other from which two detectors are on one lane."""
SEED = 20260321


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fault in one detector.

    `found` names what was told, none for a miss; `after_s` says how long it took; `others` are
    sound detectors that were accused instead.
    """

    detector: str
    kind: str
    flow_vph: float
    found: str | None
    after_s: float | None
    others: tuple[str, ...]

    @property
    def can_be_told(self) -> bool:
        return self.flow_vph >= LEAST_VPH.get(self.kind, 0.0)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found in some feeds."""

    feed: str
    clean: int
    alarms: tuple[str, ...]
    trials: tuple[Trial, ...]
    filled: tuple[Filled, ...]


def run(*, networks: Sequence[str], is_check: bool, is_json: bool) -> int:
    """Put the faults in and return the exit code.

    Parameters
    ----------
    networks
        Controllers, or SUMO; if none, SUMO and the controllers that no limit was chosen on.
    is_check
        Return 1 if a kind of fault is found too seldom, or a sound detector is accused.
    is_json
        Print JSON.
    """
    wanted = tuple(networks) or (*HELD_OUT, SUMO)
    log = [name for name in wanted if name != SUMO]
    reports = []
    if log and not LOG.exists():
        raise InputError(LOG, "the recorded log is not there", "run where ../shared/data is")
    if log:
        pulses = read_event_log(LOG, assume_zone="UTC")
        check_names(log, sorted({name.partition(":")[0] for name in pulses.names}), "controller")
        parts = [of_controller(pulses, controller) for controller in log]
        reports.append(report_of(f"controllers {', '.join(log)}", parts))
    if SUMO in wanted:
        reports.append(report_of(SUMO_FEED, [crossing()]))
    misses = [miss for report in reports if report.feed != SUMO_FEED for miss in missed(report)]
    beyond = [miss for report in reports if report.feed == SUMO_FEED for miss in missed(report)]
    if is_json:
        feeds = [asdict(report) for report in reports]
        print_json({"missed": misses, "missed_without_target": beyond, "feeds": feeds})
    else:
        for report in reports:
            show(report)
        for miss in misses:
            OUTPUT.print(f"missed: {miss}")
        for miss in beyond:
            OUTPUT.print(f"missed, where no target is set: {miss}")
    return 1 if is_check and misses else 0


def report_of(name: str, parts: Sequence[Pulses]) -> Report:
    """Put every fault into every clean detector of some feeds, and hide sound counts."""
    alarms: list[str] = []
    trials: list[Trial] = []
    sound = []
    for part in parts:
        habits, spans = learned(part)
        clean = clean_of(part, spans)
        sound.append((part, clean))
        alarms += accused(health_of(part, habits=habits), clean)
        trials += list(trials_of(part, habits, clean))
    return Report(
        feed=name,
        clean=sum(len(clean) for _, clean in sound),
        alarms=tuple(alarms),
        trials=tuple(trials),
        filled=tuple(filled(sound)),
    )


def crossing() -> Pulses:
    """Return what the loops of a simulated crossing say: true to the vehicle."""
    with TemporaryDirectory() as folder:
        return read_instant_e1(simulated(Path(folder), SUMO_SEED))


def of_controller(pulses: Pulses, controller: str) -> Pulses:
    """Return the detectors of one controller."""
    return only(pulses, tuple(n for n in pulses.names if n.startswith(f"{controller}:")))


def learned(part: Pulses) -> tuple[Habits, tuple[HealthSpan, ...]]:
    """Return habits of the first half, and what is said of each detector without them."""
    none = Habits(names=part.names, groups=(), of={})
    spans = health_of(part, habits=none)
    dead = {s.detector for s in spans if s.answer.value == "dead" and s.begin_s < FROM_S}
    usable = np.array([name not in dead for name in part.names], np.bool_)
    return learn_habits(part, float(part.spans_s[0, 0]), FROM_S, usable), spans


def clean_of(part: Pulses, spans: Sequence[HealthSpan]) -> list[str]:
    """Return the detectors that break no rule about themselves in the whole log."""
    broken = {span.detector for span in spans if span.rule is not None}
    return [name for name in part.names if name not in broken]


def accused(spans: Sequence[HealthSpan], clean: Sequence[str]) -> list[str]:
    """Return the sound detectors of which something ill is said, and what."""
    return [f"{s.detector} {s.reason}" for s in spans if s.rule is not None and s.detector in clean]


def trials_of(part: Pulses, habits: Habits, clean: Sequence[str]) -> Iterator[Trial]:
    """Put every fault into every clean detector."""
    early = part.detector[part.on_s < FROM_S]
    flow_vph = np.bincount(early, minlength=len(part.names)) / (FROM_S / 3600.0)
    flows = dict(zip(part.names, flow_vph.tolist(), strict=True))
    for at, name in enumerate(clean):
        for number, kind in enumerate(KINDS):
            rng = np.random.default_rng((SEED, at, number))
            if kind == "swapped":
                other = like(part, name, clean, flows)
                faulty = swapped(part, name, other, FROM_S)
                at_fault = {name, other}
            else:
                faulty = with_fault(part, name, kind, FROM_S, rng)
                at_fault = {name}
            yield trial(name, kind, flows[name], health_of(faulty, habits=habits), at_fault, clean)


def like(part: Pulses, name: str, clean: Sequence[str], flows: dict[str, float]) -> str:
    """Return the other clean detector whose flow is nearest, of those that are not on its lane."""
    mine = part.on_s[part.detector == part.names.index(name)]

    def differs(other: str) -> bool:
        theirs = part.on_s[part.detector == part.names.index(other)]
        few, many = sorted((mine, theirs), key=len)
        after = np.searchsorted(many, few - 1.0)
        near = np.append(many, np.inf)[after] <= few + 1.0
        return float(near.mean()) < SAME_VEHICLES

    others = [other for other in clean if other != name and differs(other)]
    return min(others, key=lambda other: abs(flows[other] - flows[name]))


def trial(
    name: str,
    kind: str,
    flow_vph: float,
    spans: Sequence[HealthSpan],
    at_fault: set[str],
    clean: Sequence[str],
) -> Trial:
    """Judge one trial."""
    mine = [s for s in spans if s.detector == name and s.rule and s.end_s > FROM_S]
    told_s = [s.told_s for s in mine if s.told_s is not None]
    sound = [other for other in clean if other not in at_fault]
    longest = max(mine, key=lambda s: s.end_s - s.begin_s, default=None)
    return Trial(
        detector=name,
        kind=kind,
        flow_vph=flow_vph,
        found=longest.reason if longest else None,
        after_s=max(min(told_s) - FROM_S, 0.0) if told_s else None,
        others=tuple(accused(spans, sound)),
    )


def missed(report: Report) -> list[str]:
    """Return the targets that were missed, in words."""
    misses = [f"{report.feed}: clean detector accused: {alarm}" for alarm in report.alarms]
    for kind in KINDS:
        told = [t.found is not None for t in report.trials if t.kind == kind and t.can_be_told]
        if told and np.mean(told) < TARGET:
            misses.append(f"{report.feed}, {kind}: found {np.mean(told):.1%} of those to be told")
    misses += [
        f"{report.feed}, {each.hidden}: {each.coverage:.1%} of filled bins covered"
        for each in report.filled
        if each.coverage < TARGET
    ]
    return misses


def show(report: Report) -> None:
    """Print the tables of a report."""
    headline(report.feed, f": {report.clean} clean detectors")
    print_whole(table_of(report.trials))
    OUTPUT.print(f"accused without a fault: {', '.join(report.alarms) or 'none'}")
    print_whole(times_of(report.trials))
    print_whole(filling_of(report.filled))


def times_of(trials: Sequence[Trial]) -> Table:
    """Return how many were found by flow, and after how long [min]."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("found, and minutes until told (median)", no_wrap=True)
    for low, high in pairwise(CLASSES_VPH):
        table.add_column(f"{low:.0f}-{high:.0f}\nveh/h", justify="right", no_wrap=True)
    for kind in KINDS:
        cells = []
        for low, high in pairwise(CLASSES_VPH):
            own = [t for t in trials if t.kind == kind and low <= t.flow_vph < high]
            after_min = [t.after_s / 60 for t in own if t.after_s is not None]
            median = f", {np.median(after_min):.0f} min" if after_min else ""
            cells.append(f"{len(after_min)} of {len(own)}{median}" if own else "–")
        table.add_row(kind, *cells)
    return table


def filling_of(results: Sequence[Filled]) -> Table:
    """Return one row for each way of hiding sound counts."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("hidden counts, bins of 5 min", no_wrap=True)
    for title in ("bins", "veh/bin", "covers", "width, veh", "width as heard", "mean error"):
        table.add_column(title, justify="right", no_wrap=True)
    for each in results:
        table.add_row(
            each.hidden,
            f"{each.bins:,}",
            f"{each.mean_veh:.1f}",
            f"{each.coverage:.1%}",
            f"{each.width_veh:.1f}",
            f"{each.own_width_veh:.1f}",
            f"{each.error:.1%}",
        )
    return table


def table_of(trials: Sequence[Trial]) -> Table:
    """Return one row for each kind of fault."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("fault", no_wrap=True)
    for title in ("trials", "found", "of these\nveh/h >=", "trials", "found", "named\nright",
                  "after, min\nmedian", "90 %", "others\naccused"):  # fmt: skip
        table.add_column(title, justify="right", no_wrap=True)
    for kind in KINDS:
        own = [trial for trial in trials if trial.kind == kind]
        if own:
            table.add_row(kind, *_figures(kind, own))
    return table


def _figures(kind: str, own: Sequence[Trial]) -> Iterator[str]:
    told = [trial for trial in own if trial.can_be_told]
    found = [trial for trial in told if trial.found is not None]
    after_min = [trial.after_s / 60 for trial in found if trial.after_s is not None] or [np.nan]
    yield f"{len(own)}"
    yield f"{np.mean([trial.found is not None for trial in own]):.1%}"
    yield f"{LEAST_VPH.get(kind, 0):.0f}"
    yield f"{len(told)}"
    yield f"{len(found) / max(len(told), 1):.1%}"
    yield f"{np.mean([(t.found or '').startswith(kind) for t in found]):.0%}" if found else "–"
    yield f"{np.median(after_min):.0f}"
    yield f"{np.quantile(after_min, 0.9):.0f}"
    yield f"{sum(bool(trial.others) for trial in told)}"
