"""Peers that need other versions than citybrain run in an environment of their own."""

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path.home() / ".cache" / "citybrain"
"""Where environments are made when they are first asked for."""
INSTALL_S, RUN_S = 600, 1800
"""Longest times to make an environment and to run in it [s]."""


def run_in(name: str, pinned: Sequence[str], program: str, arguments: Sequence[str]) -> str:
    """Run a Python program in an environment of its own and return the last line it printed.

    Parameters
    ----------
    name
        Of the environment's folder.
    pinned
        Packages with their versions.
    program
        Text of the program.
    arguments
        Its arguments.

    Raises
    ------
    OSError
        It cannot be made, or the program ended with an error: its last line.
    """
    python = FOLDER / name / "bin" / "python"
    try:
        if not python.exists():
            venv.create(FOLDER / name, with_pip=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", *pinned]
            subprocess.run(pip, check=True, capture_output=True, timeout=INSTALL_S)
        command = [str(python), "-W", "ignore", "-c", program, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, timeout=RUN_S)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise OSError(lines[-1][:200] if lines else f"it ended with {error.returncode}") from None
    except subprocess.TimeoutExpired as error:
        raise OSError(str(error)[:200]) from None
    return done.stdout.decode().splitlines()[-1]
