"""The command ``bench``: runs a module of ``benchmarks/``."""

import sys
from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from pathlib import Path

from citybrain.cli.sources import bundled
from citybrain.errors import InputError


def run(
    what: str,
    *,
    is_check: bool,
    networks: str | None,
    is_json: bool,
    sizes: Mapping[str, int] | None = None,
) -> int:
    """Run a benchmark and return its exit code.

    Parameters
    ----------
    what
        Name of the module, without its ending.
    is_check
        Exit with 1 if a target is missed.
    networks
        Names of networks, separated by commas; all if none.
    is_json
        Print JSON.
    sizes
        How much of what to measure, by name, where it is not to be the usual size.

    Raises
    ------
    InputError
        There is no such benchmark, or it knows no such size.
    """
    folders = {path.stem: folder for folder in bundled("benchmarks") for path in _modules(folder)}
    if what not in folders:
        known = ", ".join(sorted(folders)) or "none installed"
        raise InputError(what, "is no benchmark", f"choose one of: {known}")
    names = [name.strip() for name in networks.split(",") if name.strip()] if networks else []
    sys.path.insert(0, str(folders[what].parent))
    module = import_module(f"benchmarks.{what}")
    sizes = sizes or {}
    for name in sizes.keys() - signature(module.run).parameters.keys():
        raise InputError(what, f"knows no --{name}", "leave the option out")
    return int(module.run(networks=names, is_check=is_check, is_json=is_json, **sizes))


def _modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
