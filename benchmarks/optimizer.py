"""citybrain's plans beside the existing plans and SUMO's own ways to time signals."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._networks import check_installed
from benchmarks._peers import run_peers
from benchmarks._printing import print_misses, print_whole
from benchmarks._results import NOTHING_BETTER, NetworkResult, Peer, first_miss
from benchmarks._table import results_content, results_table
from citybrain.cli.console import OUTPUT, Stages, json_text, print_json
from citybrain.cli.sources import open_study
from citybrain.config import ProofSettings, SearchSettings
from citybrain.engine import provenance
from citybrain.engine.area import StudyArea
from citybrain.engine.retiming import Result, Settings, retime_area
from citybrain.files import atomic_write_text
from citybrain.model.verdict import Estimate, Outcome
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator

SEARCH_TIME_S: Mapping[str, float] = {
    "cologne1": 60.0,
    "cologne3": 60.0,
    "cologne8": 60.0,
    "ingolstadt1": 60.0,
    "grid4x4": 120.0,
    "ingolstadt7": 180.0,
    "arterial4x4": 180.0,
    "ingolstadt21": 300.0,
}
"""Network → time for the search of fixed times. [s]"""

DEFAULT_NETWORKS = ("cologne1", "cologne3", "cologne8", "ingolstadt1")
"""What runs by default; the others take an hour and more."""

OTHER_SEARCH_TIME_S = 150.0
"""The same in any other network. [s]"""

FOLLOWING_TIME = 3.0
"""How many times as long a search takes where greens may follow detectors: it finds fixed times
first, and what follows them needs many runs of SUMO to be told from chance. [-]"""

ACTUATED_ONLY = "actuated-only"
"""Stands among the networks for: of the peers, SUMO actuated alone.  The others take hours where
they jam the largest networks."""

OUT = Path("out/bench/optimizer")
"""Folder for the plans, verdicts and reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Settings of the benchmark.

    Parameters
    ----------
    proof
        Seeds of every comparison, processes and the longest time of a run; the seeds are none
        that a search sees.
    search_time_s
        Network → time for the search of fixed times. [s]
    out
        Folder for plans, verdicts and reports, one folder for each network.
    peers
        Peers that are measured beside.
    """

    proof: ProofSettings = field(default_factory=ProofSettings)
    search_time_s: Mapping[str, float] = field(default_factory=lambda: SEARCH_TIME_S)
    out: Path = OUT
    peers: tuple[Peer, ...] = tuple(Peer)

    def settings(self, network: str, *, with_actuation: bool = False) -> Settings:
        """Return the settings of the product for one network."""
        seconds = self.search_time_s.get(network, OTHER_SEARCH_TIME_S)
        seconds *= FOLLOWING_TIME if with_actuation else 1.0
        search = SearchSettings(seconds_budget=seconds, with_actuation=with_actuation)
        return Settings(search=search, proof=self.proof)

    @property
    def conditions(self) -> dict[str, object]:
        """What the figures depend on."""
        seeds, search = self.proof.seeds, SearchSettings()
        return {
            **provenance.versions(),
            "cores": os.cpu_count(),
            "workers": self.proof.workers,
            "seeds": list(seeds),
            "search_seeds": list(search.simulation_seeds),
            "following_time": FOLLOWING_TIME,
        }


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    What is measured is kept in ``results.json`` of the folder after every network, so that hours
    of work survive an interruption.

    Parameters
    ----------
    networks
        RESCO names or paths of scenarios, ``DEFAULT_NETWORKS`` if none; with ``actuated-only``
        among them, SUMO actuated is the only peer.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A network is not there; nothing has been run then.
    """
    names = [name for name in networks if name != ACTUATED_ONLY] or list(DEFAULT_NETWORKS)
    for name in names:
        check_installed(name)
    peers = (Peer.ACTUATED,) if ACTUATED_ONLY in networks else tuple(Peer)
    bench, results = Bench(peers=peers), []
    for name in names:
        results.append(measure(name, bench))
        kept = json_text(results_content(results, bench.conditions, first_miss(results)))
        atomic_write_text(bench.out / "results.json", kept)
    return report(results, bench.conditions, is_check=is_check, is_json=is_json)


def measure(name: str, bench: Bench) -> NetworkResult:
    """Retime one network, prove the plan, and measure the peers with the same seeds.

    Parameters
    ----------
    name
        RESCO name or path.
    bench
        Settings of the benchmark.

    Raises
    ------
    CitybrainError
        citybrain itself failed; a peer that fails is told in the result.
    """
    with Stages() as stages:
        started_s = time.monotonic()
        stages.begin(name, "read")
        area = open_study(Path(name), None)
        label = Path(name).name
        result, following = (
            retime_area(
                area,
                None,
                bench.settings(label, with_actuation=with_actuation),
                bench.out / (f"{label}-actuated" if with_actuation else label),
                clock=time.monotonic,
                progress=stages,
            )
            for with_actuation in (False, True)
        )
        wall_s = time.monotonic() - started_s
        peers = run_peers(area, bench.proof, stages, bench.peers)
    existing, proposed, saving = _compared(area, result, bench.proof)
    verdict = result.verdict
    return NetworkResult(
        network=label,
        decision=verdict.decision.value if verdict else NOTHING_BETTER,
        reasons=verdict.reasons if verdict else (),
        existing=existing,
        proposed=proposed,
        saving=saving,
        search_runs=result.retiming.evaluations,
        wall_s=wall_s,
        peers=peers,
        actuated=following.verdict.proposed if following.verdict else (),
    )


def report(
    results: Sequence[NetworkResult],
    conditions: Mapping[str, object],
    *,
    is_check: bool,
    is_json: bool,
) -> int:
    """Print the results and return the exit code.

    Parameters
    ----------
    results
        One for each network.
    conditions
        Versions, seeds and machine.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON instead of the table.
    """
    miss = first_miss(results)
    if is_json:
        print_json(results_content(results, conditions, miss))
    else:
        print_whole(results_table(results))
        OUTPUT.print(_told(conditions), style="dim")
        for result in results:
            for peer, found in result.peers.items():
                if found.failure:
                    text = f"{result.network}: {peer} crashes: {found.failure}"
                    OUTPUT.print(text, style="dim")
    if is_check and not is_json:
        print_misses([str(miss)] if miss else [])
    return 1 if is_check and miss else 0


def _compared(
    area: StudyArea, result: Result, proof: ProofSettings
) -> tuple[tuple[Outcome, ...], tuple[Outcome, ...], Estimate]:
    """Return existing and proposed outcomes and the saving; without a proposal, no change."""
    if result.verdict is not None:
        return result.verdict.running, result.verdict.proposed, result.verdict.saving
    runs = [Evaluation(plan=area.running, seed=seed) for seed in proof.seeds]
    with SumoEvaluator(
        area.scenario, area.network, workers=proof.workers, timeout_s=proof.timeout_s
    ) as evaluator:
        existing = tuple(evaluator.evaluate(runs))
    return existing, existing, Estimate(mean=0.0, low=0.0, high=0.0)


def _told(conditions: Mapping[str, object]) -> str:
    return (
        f"SUMO {conditions['sumo']}, citybrain {conditions['citybrain']}, "
        f"Python {conditions['python']}, {conditions['cores']} cores, "
        f"{conditions['workers']} simulations side by side, seeds {conditions['seeds']}, "
        f"seeds of the search {conditions['search_seeds']}, with detectors "
        f"{conditions['following_time']:g} times as long a search"
    )
