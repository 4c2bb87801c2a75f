"""What the commands read: scenarios by path or name, flows by file or from the feed."""

from pathlib import Path

import citybrain
from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.feed import observe
from citybrain.engine.retiming import Measured
from citybrain.errors import InputError
from citybrain.store.flows import read_flows

_PACKAGE = Path(citybrain.__file__).parent


def find_scenario(name: Path) -> Path:
    """Return the path of a scenario that is given by path or by a known name.

    Parameters
    ----------
    name
        A path; else the name of a bundled scenario, or of a RESCO network if the package
        ``sumo-rl`` is installed.

    Raises
    ------
    InputError
        There is no such path and no such name.
    """
    if name.exists():
        return name
    for folder in (*bundled("scenarios"), *_resco()):
        if len(name.parts) == 1 and (folder / name).is_dir():
            return folder / name
    mend = "give a .sumocfg, a scenario.toml, or a name such as crossing_arterials"
    raise InputError(name, "is neither a file nor the name of a scenario", mend)


def bundled(kind: str) -> tuple[Path, ...]:
    """Return the folders with data of one kind: inside the installed package, or beside it."""
    folders = (_PACKAGE / "bundled" / kind, _PACKAGE.parent / kind)
    return tuple(folder for folder in folders if folder.is_dir())


def _resco() -> tuple[Path, ...]:
    from sim.sumo.run import SUMO_HOME  # noqa: PLC0415 - only needed for names

    folder = SUMO_HOME.parent / "sumo_rl" / "nets" / "RESCO"
    return (folder,) if folder.is_dir() else ()


def open_study(name: Path, period: str | None) -> StudyArea:
    """Open a scenario by path or name."""
    return open_area(find_scenario(name), period, SafetyLimits())


def measured(area: StudyArea, flows: Path | None, *, uses_feed: bool) -> Measured | None:
    """Return the flows to work with: those of a file, else of the scenario's feed, else none."""
    if flows is not None:
        return Measured(flows=read_flows(flows))
    observation = observe(area) if uses_feed else None
    if observation is None:
        return None
    return Measured(flows=observation.counted.flows, detectors=observation.detectors)
