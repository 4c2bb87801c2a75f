"""The command ``bench``: runs a script of ``benchmarks/``."""

import runpy
from pathlib import Path

from citybrain.cli.sources import bundled
from citybrain.errors import InputError


def run(what: str, *, is_check: bool, networks: str | None, is_json: bool) -> int:
    """Run a benchmark and return its exit code.

    Parameters
    ----------
    what
        Name of the script, without its ending.
    is_check
        Exit with 1 if a target is missed.
    networks
        Names of networks, separated by commas; all if none.
    is_json
        Print JSON.

    Raises
    ------
    InputError
        There is no such benchmark.
    """
    scripts = {path.stem: path for folder in bundled("benchmarks") for path in _scripts(folder)}
    if what not in scripts:
        known = ", ".join(sorted(scripts)) or "none installed"
        raise InputError(what, "is no benchmark", f"choose one of: {known}")
    names = networks.split(",") if networks else []
    script = runpy.run_path(str(scripts[what]))
    return int(script["run"](networks=names, is_check=is_check, is_json=is_json))


def _scripts(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
