"""Nine measures of a real controller log in one pass, beside atspm on the same log."""

import time
from pathlib import Path
from statistics import median

import pandas as pd

from benchmarks._atspm import time_atspm_s
from citybrain.cli.console import OUTPUT, print_json
from citybrain.errors import InputError
from detectors.controller_log.events import EventLog
from detectors.controller_log.measures import measure_log

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "hires"
LOG_H = 3
TILES = 20
"""How often the log is repeated in time."""
REPEATS = 5
TARGET = 20.0
"""Times atspm."""


def run(
    *,
    networks: list[str],
    is_check: bool,
    is_json: bool,
    tiles: int = TILES,
) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Folder with the log and its configuration, if not the one beside the repository.
    is_check
        Return 1 if the target is missed.
    is_json
        Print JSON.
    tiles
        How often the log is repeated in time.

    Raises
    ------
    InputError
        The log is not there.
    """
    folder = Path(networks[0]) if networks else FOLDER
    path = folder / "hires_test_data.parquet"
    if not path.exists():
        raise InputError(path, "the recorded log is not there", "give its folder as --networks")
    config = pd.read_parquet(folder / "configs_test_data.parquet")
    log = tiled(pd.read_parquet(path), tiles)
    own_s = median(time_citybrain_s(log, config) for _ in range(REPEATS))
    peer_s = time_atspm_s(log, config)
    ratio = None if isinstance(peer_s, str) else peer_s / own_s
    content = {
        "events": len(log),
        "citybrain_events_per_s": len(log) / own_s,
        "atspm_events_per_s": None if isinstance(peer_s, str) else len(log) / peer_s,
        "citybrain_is_times": ratio,
        "target_times": TARGET,
        "not_measured": peer_s if isinstance(peer_s, str) else None,
    }
    if is_json:
        print_json(content)
    else:
        for name, value in content.items():
            text = f"{value:,.1f}" if isinstance(value, float) else str(value)
            OUTPUT.print(f"{name.replace('_', ' ')}: {text}")
    return 1 if is_check and (ratio is None or ratio < TARGET) else 0


def tiled(log: pd.DataFrame, tiles: int) -> pd.DataFrame:
    """Return the log several times, one after the other."""
    shifted = [
        log.assign(TimeStamp=log["TimeStamp"] + pd.Timedelta(hours=LOG_H * tile))
        for tile in range(tiles)
    ]
    return pd.concat(shifted, ignore_index=True)


def time_citybrain_s(log: pd.DataFrame, config: pd.DataFrame) -> float:
    """Return the time from the table in memory to all measures, conversion included [s]."""
    measure_log(EventLog.of(log.head(100)), config)
    begin_s = time.perf_counter()
    measure_log(EventLog.of(log), config)
    return time.perf_counter() - begin_s
