"""Measuring the peers of the optimizer benchmark: same scenario, seeds and code as for a plan.

What a peer reaches depends on files, seed and version alone, so its outcomes are kept on disk.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from benchmarks._advice import Advice
from benchmarks._results import Peer, PeerResult
from benchmarks._sumo_cache import FORM, default_folder, inputs_key, kept_outcome
from citybrain.config import ProofSettings
from citybrain.engine.area import StudyArea
from citybrain.errors import SimulationError
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Progress
from sim.sumo.evaluator import QUIET, output_options
from sim.sumo.outcome import RunFiles, read_outcome
from sim.sumo.run import SumoProcesses
from sim.sumo.staging import Staging


def run_peers(
    area: StudyArea,
    settings: ProofSettings,
    progress: Progress,
    peers: Sequence[Peer] = tuple(Peer),
) -> dict[Peer, PeerResult]:
    """Let every peer time the signals of an area, and measure each with every seed.

    Parameters
    ----------
    area
        The study area; its own demand is simulated.
    settings
        Seeds, processes and the longest time of a run.
    progress
        Hears about the peers.
    peers
        Which ones, in the order of ``Peer``; the coordinator comes after the cycle adaptation.

    Returns
    -------
    dict
        A peer that crashes, or whose programs SUMO refuses, is told as a failure.  The
        coordinator is left out where the cycle adaptation failed.
    """
    results: dict[Peer, PeerResult] = {}
    with (
        tempfile.TemporaryDirectory(prefix="citybrain-peers-") as folder,
        PeerRuns(area, settings) as runs,
    ):
        advice = Advice(area, Path(folder), timeout_s=settings.timeout_s).by_peer
        for done, peer in enumerate(peers):
            progress(done / len(peers), f"peers: {peer}")
            if peer is Peer.COORDINATED and results[Peer.ADAPTED].failure:
                continue
            try:
                results[peer] = PeerResult(outcomes=runs.outcomes(advice[peer]()))
            except SimulationError as error:
                results[peer] = PeerResult(failure=str(error))
    return results


class PeerRuns(AbstractContextManager["PeerRuns"]):
    """Runs a scenario under programs that come as SUMO files.

    Parameters
    ----------
    area
        The study area.
    settings
        Seeds, processes and the longest time of a run.
    """

    def __init__(self, area: StudyArea, settings: ProofSettings) -> None:
        self._area = area
        self._settings = settings
        self._inputs = inputs_key(area)
        self._staging = Staging(area.scenario, planned=area.network.intersections)
        self._processes = SumoProcesses()
        self._pool = ThreadPoolExecutor(max_workers=settings.workers)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End what still runs and remove the temporary folder."""
        self._processes.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._staging.__exit__(exc_type, exc, traceback)

    def outcomes(self, programs: Sequence[Path]) -> tuple[Outcome, ...]:
        """Run every seed under the programs of some additional files.

        Parameters
        ----------
        programs
            Additional files, loaded in this order after those of the scenario; none to keep the
            scenario's own programs.

        Raises
        ------
        SimulationError
            SUMO refused the files, or a run died.
        """
        shown = b"".join(program.read_bytes() for program in programs)
        inputs = hashlib.sha256(self._inputs.encode() + shown).hexdigest()[:32]

        def outcome(seed: int) -> Outcome:
            path = default_folder() / f"peer{FORM}-{inputs}-{seed}.json"
            return kept_outcome(path, lambda: self._run(programs, seed))

        futures = [self._pool.submit(outcome, seed) for seed in self._settings.seeds]
        try:
            return tuple(future.result() for future in futures)
        finally:
            for future in futures:
                future.cancel()

    def _run(self, programs: Sequence[Path], seed: int) -> Outcome:
        additional = [*self._staging.additional_files, *programs]
        with tempfile.TemporaryDirectory(dir=self._staging.folder) as folder:
            trips, statistics = Path(folder) / "trips.xml", Path(folder) / "statistics.xml"
            files = RunFiles(trips=trips, statistics=statistics)
            arguments: list[str | Path] = ["-c", self._staging.config, *QUIET]
            arguments += ["--seed", str(seed), *output_options(files)]
            if additional:
                arguments += ["--additional-files", ",".join(map(str, additional))]
            self._processes.run(arguments, timeout_s=self._settings.timeout_s)
            end_s = self._staging.scenario.end_s
            return read_outcome(files, seed=seed, end_s=end_s, network=self._area.network)
