"""Plans that follow detectors: does the fast model see what SUMO sees?

Every network gets its running plan and two computed ones, each with every free way of following
the traffic that a search chooses from.  SUMO's outcomes are kept as in ``benchmarks.evaluator``.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks._evaluator_results import LEVEL, rank_correlation
from benchmarks._networks import compared
from benchmarks._printing import print_misses, print_whole
from benchmarks._sumo_cache import default_folder, sumo_outcomes
from citybrain.cli.console import print_json
from citybrain.cli.sources import open_study
from citybrain.config import ProofSettings
from citybrain.engine.area import StudyArea
from citybrain.engine.retiming import find_demand
from citybrain.model.plan import Plan
from optimizer.actuating import OPTIONS
from optimizer.retime import Task
from optimizer.starts import Starter
from sim.queue_model.model import QueueModel

NETWORKS = ("cologne1", "cologne3", "ingolstadt1", "ingolstadt7", "arterial4x4")
CALIBRATED = ("cologne1", "cologne3", "ingolstadt1")
"""Networks that were looked at while the model learned to follow detectors."""

LEAST_RANK = 0.7
"""Spearman's rank correlation over running, computed and following plans. [-]"""

_COMPUTED = 2
_SUMO_SEED = 1001
_DAYS = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Mean delay of the plans of one network, those with fixed times first [s/veh]."""

    network: str
    sumo_s: tuple[float, ...]
    model_s: tuple[float, ...]

    @property
    def rank(self) -> float:
        """Spearman's rank correlation over all plans."""
        return rank_correlation(self.sumo_s, self.model_s)

    @property
    def level(self) -> float:
        """Median over the following plans of the model's delay over SUMO's."""
        first = 1 + _COMPUTED
        return float(np.median(np.array(self.model_s[first:]) / np.array(self.sumo_s[first:])))

    def misses(self) -> Iterator[str]:
        """Yield the targets that this network misses, in words."""
        if self.rank < LEAST_RANK:
            yield f"{self.network}: Spearman {self.rank:.2f} below {LEAST_RANK}"
        if not LEVEL[0] <= self.level <= LEVEL[1]:
            yield f"{self.network}: level {self.level:.2f} outside {LEVEL[0]} to {LEVEL[1]}"


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        RESCO names or paths of scenarios; five RESCO networks if empty.
    is_check
        Return 1 if a target is missed, and name every one.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A network is not there; nothing has been run then.
    """
    found = compared(networks, NETWORKS, compare)
    misses = [text for one in found for text in one.misses()]
    if is_json:
        content = [{**asdict(one), "spearman": one.rank, "level": one.level} for one in found]
        print_json({"networks": content, "targets missed": misses})
    else:
        print_whole(_table(found))
        if is_check:
            print_misses(misses)
    return 1 if is_check and misses else 0


def compare(name: str) -> Followed:
    """Run the plans of one network in SUMO and in the model."""
    area = open_study(Path(name), None)
    plans = list(following_plans(area))
    outcomes = sumo_outcomes(
        area, plans, seed=_SUMO_SEED, folder=default_folder(), workers=os.cpu_count() or 1
    )
    model = QueueModel.build(area.scenario, area.network, seeds=_DAYS)
    return Followed(
        network=Path(name).name,
        sumo_s=tuple(outcome.mean_delay_s for outcome in outcomes),
        model_s=tuple(model.delays(model.tables(plans)).mean(axis=1).tolist()),
    )


def following_plans(area: StudyArea) -> Iterator[Plan]:
    """Yield the running plan and computed ones, then each of them with each free option."""
    with tempfile.TemporaryDirectory(prefix="citybrain-following-") as folder:
        demand = find_demand(area, None, Path(folder) / "demand.rou.xml", ProofSettings())
    task = Task(network=area.network, running=area.running, demand=demand.turning)
    workshop = task.workshop()
    starts = list(Starter(workshop, area.network, demand.turning).candidates())
    bases = [workshop.start(), *starts[:_COMPUTED]]
    free = [option for option in OPTIONS if not option.is_coordinated]
    for candidate in (*bases, *workshop.following(bases, free)):
        yield workshop.plan(candidate, "following")


def _table(found: Sequence[Followed]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in ("network", "set"):
        table.add_column(header, no_wrap=True)
    for header in ("plans", "Spearman", "level", "running\nSUMO", "running\nmodel", "best\nSUMO"):
        table.add_column(header, justify="right", no_wrap=True)
    for one in found:
        table.add_row(
            one.network,
            "calibrated" if one.network in CALIBRATED else "untouched",
            str(len(one.sumo_s)),
            f"{one.rank:.2f}",
            f"{one.level:.2f}",
            f"{one.sumo_s[0]:.1f}",
            f"{one.model_s[0]:.1f}",
            f"{min(one.sumo_s):.1f}",
        )
    return table
