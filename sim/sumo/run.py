"""Starting SUMO's programs as child processes that cannot take citybrain down with them."""

import os
import subprocess
import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import sumo

from citybrain.errors import SimulationError

SUMO_HOME = Path(sumo.__file__).parent
"""Folder of the installed SUMO."""
_NOISE = ("pj_obj_create", "Quitting (on error)", "Warning:", "Loading ", "Step #")


def sumo_binary(program: str = "sumo") -> Path:
    """Return the path of one of SUMO's programs inside the installed package."""
    suffix = ".exe" if os.name == "nt" else ""
    return SUMO_HOME / "bin" / f"{program}{suffix}"


def sumo_environment() -> dict[str, str]:
    """Return the environment for SUMO's programs: its own data, whatever the user has set."""
    data = SUMO_HOME / "data" / "proj"
    return os.environ | {
        "SUMO_HOME": str(SUMO_HOME),
        "PROJ_LIB": str(data),
        "PROJ_DATA": str(data),
    }


def sumo_version() -> str:
    """Return the version of the installed SUMO, such as ``1.28.0``."""
    return metadata.version("eclipse-sumo")


class SumoProcesses:
    """Child processes of one piece of work, which can all be ended at once.

    They stand in groups of their own, so that a Ctrl-C in a terminal reaches citybrain alone.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """End every process that still runs; later calls of ``run`` are refused."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def run(
        self, arguments: Sequence[str | Path], *, timeout_s: float, program: str = "sumo"
    ) -> None:
        """Run one of SUMO's programs to its end.

        Parameters
        ----------
        arguments
            Command line after the program's name.
        timeout_s
            Longest time the run may take. [s]
        program
            Name of the program.

        Raises
        ------
        SimulationError
            The program could not start, died, reported an error or took too long.
        """
        process = self._start([str(sumo_binary(program)), *map(str, arguments)], program)
        try:
            _, told = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            msg = f"{program}: no end after {timeout_s:.0f} s; allow more time or shorten the run"
            raise SimulationError(msg) from None
        finally:
            process.kill()
            process.wait()
            with self._lock:
                self._running.discard(process)
        if process.returncode != 0:
            raise SimulationError(_account(program, process.returncode, told))

    def _start(self, command: list[str], program: str) -> "subprocess.Popen[str]":
        with self._lock:
            if self._stopped:
                msg = f"{program}: not started, the work was given up"
                raise SimulationError(msg)
            try:
                process = subprocess.Popen(
                    command,
                    env=sumo_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    process_group=0,
                )
            except OSError as error:
                msg = f"{program}: cannot start ({error}); install eclipse-sumo again"
                raise SimulationError(msg) from None
            self._running.add(process)
            return process


def run_sumo(arguments: Sequence[str | Path], *, timeout_s: float, program: str = "sumo") -> None:
    """Run one of SUMO's programs by itself; see ``SumoProcesses.run``.

    Raises
    ------
    SimulationError
        As ``SumoProcesses.run``.
    """
    SumoProcesses().run(arguments, timeout_s=timeout_s, program=program)


def _account(program: str, code: int, told: str) -> str:
    """Say in one line how a run died."""
    if code < 0:
        return (
            f"{program}: killed by signal {-code} in mid-run; "
            "nothing of the run was used, start it again"
        )
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if not line.startswith(_NOISE)]
    if not errors:
        return f"{program}: ended with code {code} and told nothing; start it again"
    return f"{program}: {'; '.join(errors[:2])}; correct what it names and start again"
