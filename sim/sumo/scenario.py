"""A scenario: what a SUMO configuration names, read once and never written."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from citybrain.errors import InputError
from citybrain.reading import read_toml
from sim.sumo.routes import last_departure_s
from sim.sumo.xml_files import read_xml, seconds

_SYNONYMS = {
    "net": "net-file",
    "n": "net-file",
    "routes": "route-files",
    "r": "route-files",
    "additional": "additional-files",
    "a": "additional-files",
    "b": "begin",
    "e": "end",
}
_OUTPUTS = frozenset(
    {
        *("summary", "tripinfo", "netstate", "human-readable-time", "language"),
        *("pedestrian.jupedsim.wkt", "pedestrian.jupedsim.wkt.geo", "pedestrian.jupedsim.py"),
    }
)
_OUTPUT_WORDS = (
    "output",
    "log",
    "save-",
    "write-",
    "netstate-dump",
    "device.ssm.",
    "device.toc.file",
)
_OF_RECORDS = ("device.tripinfo.", "device.vehroute.")
"""Who is recorded: everybody, for delay is charged to all."""
_PRINTED = frozenset({"verbose", "print-options", "help", "version", "precision", "precision.geo"})
_WARNED = frozenset({"no-warnings", "aggregate-warnings"})
_OF_WINDOWS = frozenset(
    {
        *("gui-settings-file", "quit-on-end", "game", "game.mode", "start", "delay", "demo"),
        *("breakpoints", "edgedata-files", "alternative-net-file", "selection-file"),
        *("disable-textures", "registry-viewport", "window-size", "window-pos"),
        *("tracker-interval", "gui-testing", "gui-testing-debug", "remote-port", "num-clients"),
    }
)
_OF_RUNS = frozenset({"configuration-file", "seed", "random", "max-depart-delay"})
_DROPPED = _OUTPUTS | _PRINTED | _WARNED | _OF_WINDOWS | _OF_RUNS
"""Options that shape no traffic, or that every run sets itself; by their names, for the group in
which an option stands in the file means nothing to SUMO."""
_FILE_OPTIONS = frozenset({"weight-files"})
_CLEARING_TIME_S = 900.0
_KINDS: dict[type, str] = {
    dict: "a table",
    str: "text in quotation marks",
    int: "a whole number",
    datetime: "an instant such as 2026-03-17T06:30:00Z",
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SumoScenario:
    """Network, demand and time of one simulation study.

    Parameters
    ----------
    name
        Name for reports.
    config
        The ``.sumocfg`` it was read from.
    net_file, route_files, additional_files
        Absolute paths.
    begin_s, end_s
        Simulated time. [s]
    clearing_s
        Time at the end in which nobody departs any more, added where no end was named. [s]
    options
        Every other option of the configuration that shapes traffic; outputs and windows
        are left out.
    detectors, feed
        Inventory and recorded feed, where the scenario brings them.
    feed_start
        Instant of the feed's second 0, UTC.
    feed_seed
        Simulation seed that the feed was recorded with; the proof may not use it.
    caveats
        What was assumed while reading.
    """

    name: str
    config: Path
    net_file: Path
    route_files: tuple[Path, ...]
    additional_files: tuple[Path, ...]
    begin_s: float
    end_s: float
    options: tuple[tuple[str, str], ...]
    detectors: Path | None = None
    feed: Path | None = None
    feed_start: datetime | None = None
    feed_seed: int | None = None
    clearing_s: float = 0.0
    caveats: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        """Option ``scale``: how many travellers each of the files stands for [-]."""
        return float(dict(self.options).get("scale", "1"))

    @property
    def input_files(self) -> dict[str, Path]:
        """Role → file, for the record of provenance."""
        files = {"config": self.config, "network": self.net_file}
        files |= {f"routes {i}": path for i, path in enumerate(self.route_files, 1)}
        files |= {"detectors": self.detectors} if self.detectors else {}
        files |= {"feed": self.feed} if self.feed else {}
        files |= {f"additional {i}": path for i, path in enumerate(self.additional_files, 1)}
        return files


def open_scenario(path: Path, period: str | None = None) -> SumoScenario:
    """Read a scenario from a ``.sumocfg``, a ``scenario.toml`` or a folder that holds one.

    Parameters
    ----------
    path
        The file or folder.
    period
        Period of a ``scenario.toml`` (``morning``, …); its default period if none.

    Raises
    ------
    InputError
        A file or an entry is missing or broken, or the period is unknown.
    """
    if path.is_dir():
        path = _file_in_folder(path)
    if path.suffix == ".toml":
        return _open_toml(path, period)
    if period is not None:
        raise InputError(path, f"has no period {period!r}", "leave --period out for a .sumocfg")
    return _open_config(path)


def _file_in_folder(folder: Path) -> Path:
    found = sorted(folder.glob("scenario.toml")) or sorted(folder.glob("*.sumocfg"))
    if len(found) != 1:
        what = "holds no scenario.toml and no .sumocfg" if not found else "holds several .sumocfg"
        raise InputError(folder, what, "name the .sumocfg to use")
    return found[0]


def _open_toml(path: Path, period: str | None) -> SumoScenario:
    table = read_toml(path)
    periods = _entry(table, "periods", dict, path) or {}
    chosen = period or _entry(table, "default_period", str, path)
    if chosen is None or chosen not in periods:
        known = ", ".join(sorted(periods)) or "none"
        raise InputError(path, f"has no period {chosen!r}", f"choose one of: {known}")
    where = f"{path}, period {chosen}"
    entry = _entry(periods, chosen, dict, path) or {}
    config = _entry(entry, "sumocfg", str, where)
    if config is None:
        raise InputError(where, "has no 'sumocfg'", "add it")
    folder = path.parent
    return replace(
        _open_config(folder / config),
        name=f"{_entry(table, 'name', str, path) or folder.name} ({chosen})",
        detectors=_optional(folder, _entry(table, "detectors", str, path)),
        feed=_optional(folder, _entry(entry, "feed", str, where)),
        feed_start=_feed_start(entry, where),
        feed_seed=_entry(entry, "feed_seed", int, where),
    )


def _entry(table: Mapping[str, Any], key: str, kind: type[_T], where: object) -> _T | None:
    """Return an entry of a table, which must be of its kind; none if it is left out."""
    value = table.get(key)
    if value is None or isinstance(value, kind):
        return value
    raise InputError(where, f"has {value!s:.40} for {key}", f"write {_KINDS[kind]}")


def _feed_start(entry: Mapping[str, Any], where: object) -> datetime | None:
    start = _entry(entry, "feed_start", datetime, where)
    if start is None:
        return None
    if start.tzinfo is None:
        raise InputError(
            where, f"feed_start {start} names no zone", f"write {start.isoformat()}Z if UTC"
        )
    return start.astimezone(UTC)


def _optional(folder: Path, name: str | None) -> Path | None:
    return (folder / name).resolve() if name else None


def _open_config(path: Path) -> SumoScenario:
    options = _read_options(path)
    folder = path.parent
    if "net-file" not in options:
        raise InputError(path, "names no net-file", "add <net-file value=…/>")
    route_files = _paths(path, folder, options.pop("route-files", ""))
    if not route_files:
        raise InputError(path, "names no route-files", "add <route-files value=…/>")
    net_file = _paths(path, folder, options.pop("net-file"))[0]
    additional_files = _paths(path, folder, options.pop("additional-files", ""))
    begin_s = _instant_s(options.pop("begin", "0"), f"{path}, begin")
    end_s = _instant_s(options.pop("end", "-1"), f"{path}, end")
    caveats: tuple[str, ...] = ()
    clearing_s = 0.0
    if 0 <= end_s <= begin_s:
        where, mend = f"{path}, end", "correct one of them, or leave the end out"
        raise InputError(where, f"{end_s:g} s is not after the begin at {begin_s:g} s", mend)
    if end_s < 0:
        clearing_s = _CLEARING_TIME_S
        end_s = _cleared_s((*route_files, *additional_files), begin_s, f"{path}, begin")
        caveats = (
            f"the configuration names no end: runs end {_CLEARING_TIME_S:.0f} s after the last "
            f"departure, at {end_s:.0f} s",
        )
    _check_scale(options.get("scale", "1"), f"{path}, scale")
    if "load-state" in options:
        what = "loads a saved state, in which signals run their old programs whatever a plan says"
        raise InputError(path, what, "take load-state out, and begin earlier")
    for name in _FILE_OPTIONS & options.keys():
        options[name] = ",".join(str(file) for file in _paths(path, folder, options[name]))
    return SumoScenario(
        name=path.name.removesuffix(".sumocfg"),
        config=path.resolve(),
        net_file=net_file,
        route_files=route_files,
        additional_files=additional_files,
        begin_s=begin_s,
        end_s=end_s,
        options=tuple(sorted(options.items())),
        clearing_s=clearing_s,
        caveats=caveats,
    )


def _cleared_s(files: Sequence[Path], begin_s: float, where: str) -> float:
    """Return when the streets are clear after the last departure that files ask for [s]."""
    last_s = last_departure_s(files, begin_s)
    if last_s < begin_s:
        what = f"{begin_s:g} s is after the last departure at {last_s:g} s"
        raise InputError(where, what, "correct the begin or the departures")
    return last_s + _CLEARING_TIME_S


def _instant_s(text: str, where: str) -> float:
    time_s = seconds(text, where)
    if not math.isfinite(time_s):
        raise InputError(where, f"{text!r} is no time", "write seconds or hh:mm:ss")
    return time_s


def _check_scale(text: str, where: str) -> None:
    try:
        is_scale = 0 <= float(text) < math.inf
    except ValueError:
        is_scale = False
    if not is_scale:
        raise InputError(where, f"{text!r} is no scale", "write a number such as 1.2")


def _read_options(path: Path) -> dict[str, str]:
    root = read_xml(path)
    if root.tag not in ("configuration", "sumoConfiguration"):
        raise InputError(path, f"is a <{root.tag}>, not a SUMO configuration", "name a .sumocfg")
    options: dict[str, str] = {}
    for child in root:
        entries = [child] if "value" in child.attrib else list(child)
        for entry in entries:
            name = _SYNONYMS.get(entry.tag, entry.tag)
            if not _is_dropped(name):
                options[name] = entry.get("value", "")
    return options


def _is_dropped(name: str) -> bool:
    is_output = any(word in name for word in _OUTPUT_WORDS)
    return name in _DROPPED or is_output or name.startswith(_OF_RECORDS)


def _paths(config: Path, folder: Path, names: str) -> tuple[Path, ...]:
    paths = tuple((folder / name.strip()).resolve() for name in names.split(",") if name.strip())
    for path in paths:
        if not path.is_file():
            raise InputError(config, f"names {path}, which does not exist", "correct the path")
    return paths
