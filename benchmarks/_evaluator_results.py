"""How the fast model compares with SUMO: figures of each network, targets and the table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.table import Table
from scipy.stats import spearmanr

LEAST_RATIO = 1000.0
LEAST_GAIN = 1.8
LEAST_RANK = 0.90
LEVEL = (0.8, 1.2)
FEWEST_PLANS = 60
BEST = 20
CALIBRATED = ("cologne8", "ingolstadt1", "ingolstadt7")
"""Networks that were looked at while the model was made; the others were only measured."""
_HEADERS = (
    "network",
    "set",
    "plans",
    "SUMO\ns",
    "model\nms",
    "times\nSUMO",
    "two\nthreads",
    "Spearman",
    f"best {BEST}",
    "level",
    "running\nSUMO",
    "running\nmodel",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one network showed.

    Parameters
    ----------
    network
        Its name.
    sumo_s, model_s
        Mean delay of every plan in SUMO and in the model. [s/veh]
    sumo_cpu_s, model_cpu_s
        Time of one core for one plan-hour. [s]
    two_gain
        How many times as many plans two threads price in the same time. [-]
    same_bytes
        One and two threads gave the same bytes.
    """

    network: str
    sumo_s: tuple[float, ...]
    model_s: tuple[float, ...]
    sumo_cpu_s: float
    model_cpu_s: float
    two_gain: float
    same_bytes: bool

    @property
    def ratio(self) -> float:
        """How many times as fast as SUMO one core is."""
        return self.sumo_cpu_s / self.model_cpu_s

    @property
    def rank(self) -> float:
        """Spearman's rank correlation over all plans."""
        return rank_correlation(self.sumo_s, self.model_s)

    @property
    def best_rank(self) -> float:
        """The same over the plans that are best in SUMO."""
        order = np.argsort(self.sumo_s)[:BEST]
        sumo_s, model_s = ([times_s[k] for k in order] for times_s in (self.sumo_s, self.model_s))
        return rank_correlation(sumo_s, model_s)

    @property
    def level(self) -> float:
        """Median over the plans of the model's delay over SUMO's."""
        return float(np.median(np.array(self.model_s) / np.array(self.sumo_s)))

    @property
    def is_calibrated(self) -> bool:
        """The network was looked at while the model was made."""
        return self.network in CALIBRATED

    def misses(self) -> list[str]:
        """Return the targets that this network misses, in words."""
        found = []
        if len(self.sumo_s) < FEWEST_PLANS:
            found.append(f"{len(self.sumo_s)} plans, {FEWEST_PLANS} asked for")
        if self.rank < LEAST_RANK:
            found.append(f"Spearman {self.rank:.3f} below {LEAST_RANK}")
        if not LEVEL[0] <= self.level <= LEVEL[1]:
            found.append(f"level {self.level:.2f} outside {LEVEL[0]}–{LEVEL[1]}")
        if self.ratio < LEAST_RATIO:
            found.append(f"{self.ratio:.0f} times SUMO's speed, {LEAST_RATIO:.0f} asked for")
        if self.two_gain < LEAST_GAIN:
            found.append(f"two threads {self.two_gain:.2f} times one, {LEAST_GAIN} asked for")
        if not self.same_bytes:
            found.append("one and two threads differ")
        return [f"{self.network}: {text}" for text in found]


def results_table(comparisons: Sequence[Comparison]) -> Table:
    """Return one row for each network, the calibrated ones first."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in _HEADERS:
        is_text = header in {"network", "set"}
        table.add_column(header, justify="left" if is_text else "right", no_wrap=True)
    for one in sorted(comparisons, key=lambda c: (not c.is_calibrated, c.network)):
        table.add_row(
            one.network,
            "calibrated" if one.is_calibrated else "untouched",
            str(len(one.sumo_s)),
            f"{one.sumo_cpu_s:.2f}",
            f"{1000 * one.model_cpu_s:.2f}",
            f"{one.ratio:.0f}",
            f"{one.two_gain:.2f}",
            f"{one.rank:.3f}",
            f"{one.best_rank:.2f}",
            f"{one.level:.2f}",
            f"{one.sumo_s[0]:.1f}",
            f"{one.model_s[0]:.1f}",
        )
    return table


def results_content(
    comparisons: Sequence[Comparison], conditions: dict[str, object], misses: Sequence[str]
) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "networks": [
            {
                **asdict(one),
                "ratio": one.ratio,
                "spearman": one.rank,
                "spearman_best": one.best_rank,
                "level": one.level,
                "calibrated": one.is_calibrated,
            }
            for one in comparisons
        ],
        "conditions": conditions,
        "misses": list(misses),
    }


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    return float(spearmanr(first, second)[0])
