"""Where every vehicle of a SUMO run was: its trajectories, from SUMO's floating-car output."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from citybrain.errors import SimulationError
from sim.sumo.evaluator import QUIET
from sim.sumo.run import run_sumo

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A vehicle on one edge.

    Parameters
    ----------
    edge
        The edge; those inside junctions are left out.
    from_s, to_s
        First and last instant at which it was there. [s]
    """

    edge: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One vehicle through a run.

    Parameters
    ----------
    vehicle, vehicle_type
        Its name and the name of its type.
    time_s
        Instants of the run, rising, (n,). [s]
    x_m, y_m
        Middle of its front bumper in the network, (n,). [m]
    heading_deg
        Where it points, clockwise from north, (n,).
    speed_mps
        Its speed, (n,). [m/s]
    stretches
        The edges that it drove along.
    """

    vehicle: str
    vehicle_type: str
    time_s: Floats
    x_m: Floats
    y_m: Floats
    heading_deg: Floats
    speed_mps: Floats
    stretches: tuple[Stretch, ...]


def run_trajectories(
    arguments: Sequence[str | Path],
    *,
    begin_s: float,
    end_s: float,
    step_s: float = 0.2,
    seed: int = 1,
    timeout_s: float = 300.0,
) -> tuple[Trajectory, ...]:
    """Run SUMO and return where every vehicle was.

    Parameters
    ----------
    arguments
        Files of the run, as on SUMO's command line (``-n net -r routes …``).
    begin_s, end_s
        Time whose positions are kept; the run itself starts at its own beginning. [s]
    step_s
        Step of the simulation. [s]
    seed
        Seed of the run.
    timeout_s
        Longest time the run may take. [s]

    Returns
    -------
    tuple[Trajectory, ...]
        In the order in which the vehicles were first seen.

    Raises
    ------
    SimulationError
        The run failed, or no vehicle drove.
    """
    with tempfile.TemporaryDirectory(prefix="citybrain-") as folder:
        out = Path(folder) / "fcd.parquet"
        run_sumo(
            [
                *arguments,
                *QUIET,
                "--step-length", str(step_s),
                "--end", str(end_s),
                "--seed", str(seed),
                "--fcd-output", out,
                "--fcd-output.attributes", "x,y,angle,speed,type,lane",
                "--device.fcd.begin", str(begin_s),
                "--precision", "3",
            ],
            timeout_s=timeout_s,
        )  # fmt: skip
        table = pq.read_table(out).to_pandas()
    # SUMO lists pedestrians among the vehicles, without a lane.
    table = table[table["vehicle_lane"].notna()]
    if table.empty:
        msg = f"sumo: no vehicle drove between {begin_s:.0f} s and {end_s:.0f} s; check the demand"
        raise SimulationError(msg)
    return tuple(
        Trajectory(
            vehicle=str(name),
            vehicle_type=str(rows["vehicle_type"].iloc[0]),
            time_s=rows["timestep_time"].to_numpy(np.float64),
            x_m=rows["vehicle_x"].to_numpy(np.float64),
            y_m=rows["vehicle_y"].to_numpy(np.float64),
            heading_deg=rows["vehicle_angle"].to_numpy(np.float64),
            speed_mps=rows["vehicle_speed"].to_numpy(np.float64),
            stretches=_stretches(rows["timestep_time"], rows["vehicle_lane"]),
        )
        for name, rows in table.groupby("vehicle_id", sort=False)
        if len(rows) > 1
    )


def _stretches(time_s: "pd.Series[float]", lanes: "pd.Series[str]") -> tuple[Stretch, ...]:
    """Return the edges of a vehicle's lanes, each with its first and last instant."""
    edges = lanes.str.rpartition("_")[0]
    turns = (edges != edges.shift()).cumsum()
    found = [
        Stretch(
            edge=str(edges[rows.index[0]]), from_s=float(rows.iloc[0]), to_s=float(rows.iloc[-1])
        )
        for _, rows in time_s.groupby(turns)
    ]
    return tuple(one for one in found if one.edge and not one.edge.startswith(":"))
