"""Flows as Parquet: one row per bin and lane, whole or not there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from citybrain.errors import InfeasibleError, InputError
from citybrain.files import atomic_write_bytes
from citybrain.model.flows import FlowSnapshot, Quality
from citybrain.store.flow_checks import check_columns, check_order, check_quantities
from citybrain.units import SECONDS_PER_HOUR

Floats = NDArray[np.float64]

BIN_LENGTH_KEY = b"citybrain.bin_s"
SCHEMA = pa.schema(
    [
        pa.field("bin_start", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("lane", pa.string(), nullable=False),
        pa.field("count_veh", pa.float64(), nullable=False),
        pa.field("flow_vph", pa.float64(), nullable=False),
        pa.field("occupancy", pa.float64(), nullable=False),
        pa.field("speed_mps", pa.float64(), nullable=False),
        pa.field("coverage", pa.float64(), nullable=False),
        pa.field("quality", pa.string(), nullable=False),
        pa.field("low_veh", pa.float64(), nullable=False),
        pa.field("high_veh", pa.float64(), nullable=False),
        pa.field("imputed", pa.bool_(), nullable=False),
        pa.field("heard_veh", pa.float64(), nullable=False),
    ]
)
_GRIDS = ("count_veh", "occupancy", "speed_mps", "coverage", "low_veh", "high_veh")


def write_flows(snapshot: FlowSnapshot, path: Path) -> None:
    """Write flows; the same flows give the same bytes.

    Parameters
    ----------
    snapshot
        Flows of at least one bin and lane.
    path
        File to write or to replace.  ``flow_vph`` is per covered hour and NaN where nothing was
        covered; ``speed_mps`` is NaN where it is unknown.

    Raises
    ------
    InputError
        The file cannot be written.
    InfeasibleError
        The flows have no bin or no lane.
    """
    rows, lanes = snapshot.bin_count, len(snapshot.lanes)
    if not rows * lanes:
        msg = "flows without a bin or a lane cannot be stored"
        raise InfeasibleError(msg)
    grids = {name: np.asarray(getattr(snapshot, name), dtype=np.float64) for name in _GRIDS}
    columns = {name: pa.array(grid.ravel()) for name, grid in grids.items()}
    flow_vph = _flow_vph(grids["count_veh"], grids["coverage"], snapshot.bin_s)
    columns["flow_vph"] = pa.array(flow_vph.ravel())
    columns["bin_start"] = pa.array(np.repeat(_bin_starts(snapshot), lanes), SCHEMA[0].type)
    columns["lane"] = pa.array(list(snapshot.lanes) * rows)
    filled = np.zeros((rows, lanes)) if snapshot.imputed is None else snapshot.imputed
    columns["imputed"] = pa.array(np.asarray(filled, dtype=np.bool_).ravel())
    heard_veh = snapshot.count_veh if snapshot.heard_veh is None else snapshot.heard_veh
    columns["heard_veh"] = pa.array(np.asarray(heard_veh, dtype=np.float64).ravel())
    columns["quality"] = pa.array([answer.value for answer in snapshot.quality] * rows)
    schema = SCHEMA.with_metadata({BIN_LENGTH_KEY: repr(float(snapshot.bin_s))})
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=schema), sink, compression="zstd")
    atomic_write_bytes(path, sink.getvalue().to_pybytes())


def read_flows(path: Path) -> FlowSnapshot:
    """Read flows and check that they mean what their columns say.

    Parameters
    ----------
    path
        File that `write_flows` wrote, or one with the same columns; ``imputed`` and
        ``heard_veh`` may be missing.

    Returns
    -------
    FlowSnapshot
        Equal to what was written.

    Raises
    ------
    InputError
        The file is missing or truncated, a column is missing, a time is not UTC, a quantity is
        in another unit, or bins are missing, repeated or out of order.
    """
    table = _read_table(path)
    check_columns(path, table, SCHEMA)
    frame = table.to_pandas()
    frame["bin_start"] = frame["bin_start"].dt.as_unit("us")
    starts, lanes = frame["bin_start"].unique(), tuple(frame["lane"].unique())
    bin_s = _bin_s(path, table.schema, starts)
    check_order(path, frame, bin_s)
    check_quantities(path, frame, bin_s)
    grids = {name: _grid(frame[name], len(lanes)) for name in _GRIDS}
    quality = frame["quality"].iloc[: len(lanes)]
    filled = _filled(frame, len(lanes))
    return FlowSnapshot(
        start=starts[0].to_pydatetime(),
        bin_s=bin_s,
        lanes=lanes,
        quality=tuple(Quality(answer) for answer in quality),
        imputed=filled if filled.any() else None,
        heard_veh=_heard(frame, len(lanes)) if filled.any() else None,
        **grids,
    )


def _read_table(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise InputError(path, "the flows do not exist", "check the path") from None
    except (pa.ArrowException, OSError) as error:
        what = f"is not a whole Parquet file ({str(error).splitlines()[0].rstrip('.')})"
        raise InputError(path, what, "count the feed again") from None
    if not table.num_rows:
        raise InputError(path, "holds no row", "count the feed again")
    return table


def _bin_s(path: Path, schema: pa.Schema, starts: pd.DatetimeIndex) -> float:
    """Return the length of a bin: as the file states it, else the distance of its bins [s]."""
    stated = (schema.metadata or {}).get(BIN_LENGTH_KEY)
    if stated is not None:
        return float(stated)
    if len(starts) == 1:
        what = "holds one bin and does not say how long it is"
        raise InputError(path, what, f"add the schema metadata {BIN_LENGTH_KEY.decode()}")
    return float(np.min(np.abs(np.diff(starts)) / np.timedelta64(1, "s")))


def _grid(column: pd.Series, lane_count: int) -> Floats:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values).reshape(-1, lane_count)


def _filled(frame: pd.DataFrame, lane_count: int) -> NDArray[np.bool_]:
    """Return which bins were filled in; none in files older than that column."""
    if "imputed" not in frame:
        return np.zeros((len(frame) // lane_count, lane_count), dtype=np.bool_)
    return frame["imputed"].to_numpy(dtype=np.bool_).reshape(-1, lane_count)


def _heard(frame: pd.DataFrame, lane_count: int) -> Floats:
    """Return what the detectors said; the count in files that lack that column."""
    return _grid(frame["heard_veh" if "heard_veh" in frame else "count_veh"], lane_count)


def _flow_vph(count_veh: Floats, coverage: Floats, bin_s: float) -> Floats:
    known = coverage > 0
    hours = np.where(known, coverage, 1.0) * bin_s / SECONDS_PER_HOUR
    return np.where(known, count_veh / hours, np.nan)


def _bin_starts(snapshot: FlowSnapshot) -> NDArray[np.datetime64]:
    start = np.datetime64(snapshot.start.replace(tzinfo=None), "us")
    steps_us = np.round(np.arange(snapshot.bin_count) * snapshot.bin_s * 1e6).astype(np.int64)
    return np.asarray(start + steps_us.astype("timedelta64[us]"))
