"""atspm on a controller log, in an environment of its own: it needs duckdb below 2."""

import json
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks._environment import run_in

PINNED = ("atspm==2.6.1", "duckdb==1.5.6", "pandas==2.3.3")
AGGREGATIONS = (
    "has_data actuations arrival_on_green platoon_ratio split_failures terminations yellow_red "
    "timeline ped_delay"
)
"""Seven of the nine measures, and the two tables that pedestrian delay is made from."""
_PROGRAM = """
import json, sys, time
import pandas as pd
from atspm import SignalDataProcessor
log, config = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
params = {
    "has_data": {"no_data_min": 5, "min_data_points": 3},
    "arrival_on_green": {"latency_offset_seconds": 0},
    "split_failures": {"red_time": 5, "red_occupancy_threshold": 0.8,
                       "green_occupancy_threshold": 0.8, "by_approach": True},
    "yellow_red": {"latency_offset_seconds": 0},
    "timeline": {"maxtime": False, "min_duration": 0.2, "cushion_time": 1, "live": False},
}
steps = [{"name": name, "params": params.get(name, {})} for name in sys.argv[3].split()]
begin = time.perf_counter()
with SignalDataProcessor(raw_data=log, detector_config=config, bin_size=15, verbose=0,
                         aggregations=steps) as processor:
    processor.load()
    processor.aggregate()
    print(json.dumps(time.perf_counter() - begin))
"""


def time_atspm_s(log: pd.DataFrame, config: pd.DataFrame) -> float | str:
    """Return the time from the table in memory to all its tables, or why there is none [s].

    Parameters
    ----------
    log, config
        Events and configuration of the detectors, as atspm names their columns.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            paths = [str(Path(folder) / name) for name in ("log.parquet", "config.parquet")]
            log.to_parquet(paths[0])
            config.to_parquet(paths[1])
            return float(json.loads(run_in("atspm", PINNED, _PROGRAM, [*paths, AGGREGATIONS])))
    except OSError as error:
        return str(error)
