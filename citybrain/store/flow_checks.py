"""What a flow file must keep, and the one clear line for each way to break it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from citybrain.errors import InputError
from citybrain.model.flows import Quality
from citybrain.units import RESOLUTION_S, SECONDS_PER_HOUR

UTC_NAMES = frozenset({"UTC", "Etc/UTC", "+00:00"})
FLOW_TOLERANCE = 0.01
"""Largest share by which a flow may differ from its count, for rounding [-]."""
FLOW_ROUNDING_VPH = 1.0
"""Rounding to whole vehicles per hour is no contradiction [veh/h]."""
MAY_BE_MISSING = frozenset({"imputed", "heard_veh"})
"""Files of older versions lack these columns."""
MAY_BE_EMPTY = frozenset({"flow_vph", "speed_mps"})
SORT = "sort the rows by bin_start, lanes in the same order in every bin"
FILL = "write missing bins as rows with coverage 0"


def check_columns(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    """Refuse tables with other columns, with holes, or with times that are not UTC.

    Parameters
    ----------
    path
        File, for the message.
    table
        Its content.
    schema
        The columns it should have.

    Raises
    ------
    InputError
        A column is missing, unknown, of another type or has holes, or times are not UTC.
    """
    wanted = [name for name in schema.names if name not in MAY_BE_MISSING]
    missing = [name for name in wanted if name not in table.column_names]
    unknown = [name for name in table.column_names if name not in schema.names]
    if missing or unknown:
        what = f"lacks column {missing[0]!r}" if missing else f"has column {unknown[0]!r} too"
        raise InputError(path, what, f"its columns must be {', '.join(schema.names)}")
    _check_zone(path, table.schema.field("bin_start").type)
    for field in (field for field in schema if field.name in table.column_names):
        where, values = f"{path}, column {field.name!r}", table.column(field.name)
        is_number = pa.types.is_floating(values.type) or pa.types.is_integer(values.type)
        if pa.types.is_floating(field.type) and not is_number:
            raise InputError(where, f"holds {values.type}", "write numbers")
        if pa.types.is_boolean(field.type) and not pa.types.is_boolean(values.type):
            raise InputError(where, f"holds {values.type}", "write true or false")
        if values.null_count and field.name not in MAY_BE_EMPTY:
            raise InputError(where, "has empty cells", "give a value in every row")


def check_order(path: Path, frame: pd.DataFrame, bin_s: float) -> None:
    """Refuse bins or lanes that are repeated, missing or out of order.

    Parameters
    ----------
    path
        File, for the message.
    frame
        Its rows.
    bin_s
        Length of a bin. [s]

    Raises
    ------
    InputError
        Names the first row, or the lane, that is at fault.
    """
    repeated = frame.duplicated(["bin_start", "lane"])
    _refuse(path, frame, repeated, "stands twice", "keep one of the rows")
    backwards = frame["bin_start"].diff() < pd.Timedelta(0)
    _refuse(path, frame, backwards, "is older than the row before", SORT)
    starts, lanes = frame["bin_start"].unique(), frame["lane"].unique()
    steps_s = np.diff(starts) / np.timedelta64(1, "s")
    after_gap = starts[1:][np.abs(steps_s - bin_s) > RESOLUTION_S]
    what = f"does not begin {bin_s:g} s after the bin before"
    _refuse(path, frame, frame["bin_start"].isin(after_gap), what, FILL)
    if len(frame) != len(starts) * len(lanes):
        counts = frame["lane"].value_counts()
        what = f"has {counts.min()} rows for {len(starts)} bins"
        where = f"{path}, lane {counts.idxmin()!r}"
        raise InputError(where, what, FILL)
    moved = frame["lane"] != np.tile(lanes, len(starts))
    _refuse(path, frame, moved, "changes the order of the lanes", SORT)


def check_quantities(path: Path, frame: pd.DataFrame, bin_s: float) -> None:
    """Refuse quantities that are outside their range or in another unit.

    Parameters
    ----------
    path
        File, for the message.
    frame
        Its rows.
    bin_s
        Length of a bin. [s]

    Raises
    ------
    InputError
        Names the first row that is at fault.
    """
    for name in ("occupancy", "coverage"):
        what = f"{name} must lie in 0-1; above 1 it looks like percent"
        _refuse(path, frame, ~frame[name].between(0, 1), what, "divide it by 100")
    uncounted = ~frame["count_veh"].between(0, np.inf, inclusive="left")
    _refuse(path, frame, uncounted, "count_veh is not a number of vehicles", "write 0 or more")
    crossed = ~(frame["low_veh"] <= frame["high_veh"])
    _refuse(path, frame, crossed, "low_veh is above high_veh", "exchange them")
    covered_h = frame["coverage"] * bin_s / SECONDS_PER_HOUR
    expected_vph = (frame["count_veh"] / covered_h.where(covered_h > 0)).astype(np.float64)
    allowed_vph = np.maximum(FLOW_TOLERANCE * expected_vph, FLOW_ROUNDING_VPH)
    other_unit = (frame["flow_vph"] - expected_vph).abs() > allowed_vph
    what = f"flow_vph is not veh/h: it does not follow from count_veh in bins of {bin_s:g} s"
    _refuse(path, frame, other_unit, what, "write vehicles per covered hour")
    answers = [answer.value for answer in Quality]
    unknown = ~frame["quality"].isin(answers)
    _refuse(path, frame, unknown, "quality is unknown", f"use {', '.join(answers)}")
    changed = frame.groupby("lane")["quality"].transform("nunique") > 1
    _refuse(path, frame, changed, "quality changes within the file", "give each lane one answer")


def _check_zone(path: Path, kind: pa.DataType) -> None:
    where, mend = f"{path}, column 'bin_start'", "write instants in UTC"
    if not pa.types.is_timestamp(kind):
        raise InputError(where, f"holds {kind}, not instants", mend)
    if kind.tz is None:
        raise InputError(where, "carries no time zone", mend)
    if kind.tz not in UTC_NAMES:
        raise InputError(where, f"is in the zone {kind.tz}", mend)


def _refuse(path: Path, frame: pd.DataFrame, fault: pd.Series, what: str, mend: str) -> None:
    """Raise for the first row that is at fault, naming its bin and lane."""
    rows = np.flatnonzero(fault.to_numpy(dtype=np.bool_))
    if len(rows):
        first = frame.iloc[rows[0]]
        where = f"{path}, lane {first['lane']!r} at {first['bin_start'].isoformat()}"
        raise InputError(where, what, mend)
