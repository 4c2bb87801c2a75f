"""Plans and seeds in, outcomes out: SUMO as a ``PlanEvaluator``."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from citybrain.model.network import Network
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from sim.sumo.outcome import RunFiles, read_outcome
from sim.sumo.programs import write_programs
from sim.sumo.routes import special_types
from sim.sumo.run import SumoProcesses
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging

RUN_PROGRAM = "citybrain run"
"""Program under which a plan runs in a simulation: a name that no scenario has used."""

QUIET = ("--no-step-log", "true", "--no-warnings", "true", "--duration-log.disable", "true")
"""Options under which SUMO prints nothing but errors."""


class SumoEvaluator(AbstractContextManager["SumoEvaluator"]):
    """Runs plans of one scenario in parallel SUMO processes.

    Parameters
    ----------
    scenario
        What to simulate.
    network
        Its streets and signals.
    workers
        Processes that run side by side.
    timeout_s
        Longest time that one run may take. [s]
    with_movements
        Also charge delay to movements, which costs each run some time.
    on_finished
        Called after each finished run.

    Raises
    ------
    InputError
        A route file or additional file is missing or broken.
    """

    def __init__(
        self,
        scenario: SumoScenario,
        network: Network,
        *,
        workers: int,
        timeout_s: float,
        with_movements: bool = False,
        on_finished: Callable[[], None] = lambda: None,
    ) -> None:
        self._network = network
        self._timeout_s = timeout_s
        self._scale = float(dict(scenario.options).get("scale", "1"))
        self._with_movements = with_movements
        self._on_finished = on_finished
        self._types = special_types((*scenario.route_files, *scenario.additional_files))
        self._staging = Staging(scenario, planned=network.intersections)
        self._processes = SumoProcesses()
        self._pool = ThreadPoolExecutor(max_workers=workers)

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

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        """Run every evaluation; see ``PlanEvaluator``."""
        futures = [self._pool.submit(self._run, evaluation) for evaluation in evaluations]
        try:
            for finished in as_completed(futures):
                finished.result()
                self._on_finished()
        except BaseException:
            self._abandon(futures)
            raise
        return [future.result() for future in futures]

    def _abandon(self, futures: Sequence["Future[Outcome]"]) -> None:
        for future in futures:
            future.cancel()
        self._processes.stop()

    def _run(self, evaluation: Evaluation) -> Outcome:
        folder = self._staging.folder / f"run-{os.urandom(6).hex()}"
        folder.mkdir()
        try:
            return self._run_in(folder, evaluation)
        finally:
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    def _run_in(self, folder: Path, evaluation: Evaluation) -> Outcome:
        programs = folder / "plan.add.xml"
        write_programs(replace(evaluation.plan, name=RUN_PROGRAM), self._network, programs)
        files = RunFiles(
            trips=folder / "trips.xml",
            statistics=folder / "statistics.xml",
            routes=folder / "routes.xml" if self._with_movements else None,
        )
        additional = ",".join(map(str, (*self._staging.additional_files, programs)))
        arguments: list[str | Path] = ["-c", self._staging.config, *QUIET]
        arguments += ["--additional-files", additional, "--seed", str(evaluation.seed)]
        arguments += ["--scale", f"{self._scale * evaluation.demand_scale:.12g}"]
        arguments += output_options(files)
        self._processes.run(arguments, timeout_s=self._timeout_s)
        return read_outcome(
            files,
            seed=evaluation.seed,
            end_s=self._staging.scenario.end_s,
            network=self._network,
            types=self._types,
        )


def output_options(files: RunFiles) -> list[str | Path]:
    """Return the options that make a run leave what ``read_outcome`` reads."""
    options: list[str | Path] = [
        *("--tripinfo-output", files.trips),
        *("--tripinfo-output.write-unfinished", "true"),
        *("--tripinfo-output.write-undeparted", "true"),
        *("--statistic-output", files.statistics),
    ]
    if files.routes is not None:
        options += ["--vehroute-output", files.routes]
        for flag in ("exit-times", "write-unfinished", "last-route", "intended-depart"):
            options += [f"--vehroute-output.{flag}", "true"]
    return options
