"""Networks that a benchmark goes through: all are there before the first is run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from citybrain.cli.console import Stages
from citybrain.cli.sources import find_scenario
from citybrain.errors import InputError

Found = TypeVar("Found")


def compared(
    networks: Sequence[str], own: Sequence[str], compare: Callable[[str], Found]
) -> list[Found]:
    """Compare the fast model with SUMO on one network after the other.

    Parameters
    ----------
    networks
        RESCO names or paths of scenarios that were asked for.
    own
        Those of the benchmark, for none.
    compare
        Does it for one.

    Raises
    ------
    InputError
        A network is not there; nothing has been run then.
    """
    names = networks or own
    for name in names:
        check_installed(name)
    found = []
    with Stages() as stages:
        for name in names:
            stages.begin(name, "the first time with SUMO for every plan")
            found.append(compare(name))
    return found


def check_installed(name: str) -> None:
    """Raise unless there is a network of that name.

    Raises
    ------
    InputError
        Neither a path nor the name of an installed network.
    """
    try:
        find_scenario(Path(name))
    except InputError:
        what = "is no path and no installed network; the RESCO networks come inside sumo-rl"
        raise InputError(name, what, "pip install --no-deps sumo-rl") from None
