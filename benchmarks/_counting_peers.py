"""Peers of the counting benchmark, each as its users write it: two group-bys over the pulses.

The first sums the pulses of each bin and what they cover of it, the second what they cover of
the next bin; as no pulse of the day is longer than a bin, that is exact.  Moving the pulses into
the peer's own table, and its answer into dense sums, is not timed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks._counting_day import BIN_MS, Size, Sums
from detectors.batches import PulseBatch

FRAMES = ("pandas", "polars", "duckdb")
"""The peers of the first target."""
NUMPY = "numpy bincount ×2"
Column = NDArray[Any]
Rows = tuple[Column, ...]
Answer = TypeVar("Answer")
Counted = tuple[Column, Column]
"""What `bincount` says: pulses and covered time of every cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Two answers of a peer, as columns.

    Parameters
    ----------
    begun
        Bin, lane, pulses and covered time in the bin of the on time.
    reached
        Bin, lane and covered time in the bin after it.
    """

    begun: Rows
    reached: Rows

    def sums(self, size: Size) -> Sums:
        sums = Sums.empty(size)
        row, lane, count, occupied_ms = self.begun
        sums.count[row, lane] = count
        sums.occupied_ms[row, lane] = occupied_ms
        row, lane, occupied_ms = self.reached
        inside = row < size.bins
        sums.occupied_ms[row[inside], lane[inside]] += occupied_ms[inside].astype(np.int64)
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class Peer(Generic[Answer]):
    """One way to count.

    Parameters
    ----------
    name
        As the table shows it.
    count
        What is timed.
    sums
        Dense sums from what `count` returned; none if it counts nothing.
    """

    name: str
    count: Callable[[], Answer]
    sums: Callable[[Answer], Sums] | None


def peers_of(day: PulseBatch, size: Size) -> tuple[list[Peer[Any]], list[str]]:
    """Return the peers that are installed, and the names of those that are not."""
    makers: dict[str, Callable[[PulseBatch], Callable[[], Grouped]]]
    makers = {"pandas": _pandas, "polars": _polars, "duckdb": _duckdb}
    absent = [name for name in FRAMES if find_spec(name) is None]

    def dense(grouped: Grouped) -> Sums:
        return grouped.sums(size)

    found = [Peer(name, makers[name](day), dense) for name in FRAMES if name not in absent]
    return [*found, Peer(NUMPY, *_numpy(day, size))], absent


def _pandas(day: PulseBatch) -> Callable[[], Grouped]:
    columns = {"lane": day.lane, "on_ms": day.on_ms, "length_ms": day.length_ms}
    pulses = pd.DataFrame(columns)

    def count() -> Grouped:
        rest_ms = BIN_MS - pulses.on_ms % BIN_MS
        begun = (
            pulses.assign(bin=pulses.on_ms // BIN_MS, here=np.minimum(pulses.length_ms, rest_ms))
            .groupby(["bin", "lane"], sort=False)["here"]
            .agg(["size", "sum"])
            .reset_index()
        )
        over = pulses[pulses.length_ms > rest_ms]
        reached = (
            over.assign(
                bin=over.on_ms // BIN_MS + 1, there=over.length_ms - rest_ms.loc[over.index]
            )
            .groupby(["bin", "lane"], sort=False)["there"]
            .sum()
            .reset_index()
        )
        return Grouped(
            tuple(begun[name].to_numpy() for name in begun.columns),
            tuple(reached[name].to_numpy() for name in reached.columns),
        )

    return count


def _polars(day: PulseBatch) -> Callable[[], Grouped]:
    import polars as pl  # noqa: PLC0415 - a peer that need not be installed

    columns = {"lane": day.lane, "on_ms": day.on_ms, "length_ms": day.length_ms}
    pulses = pl.DataFrame(columns).lazy()
    row = pl.col("on_ms") // BIN_MS
    rest_ms = BIN_MS - pl.col("on_ms") % BIN_MS
    length_ms = pl.col("length_ms")

    def count() -> Grouped:
        begun = pulses.group_by(row.alias("bin"), "lane").agg(
            pl.len(), pl.min_horizontal(length_ms, rest_ms).sum().alias("here")
        )
        reached = (
            pulses.filter(length_ms > rest_ms)
            .group_by((row + 1).alias("bin"), "lane")
            .agg((length_ms - rest_ms).sum().alias("there"))
        )
        return Grouped(
            *(
                tuple(column.to_numpy() for column in frame.get_columns())
                for frame in pl.collect_all([begun, reached])
            )
        )

    return count


def _duckdb(day: PulseBatch) -> Callable[[], Grouped]:
    import duckdb  # noqa: PLC0415 - a peer that need not be installed

    columns = {"lane": day.lane, "on_ms": day.on_ms, "length_ms": day.length_ms}
    base = duckdb.connect()
    base.register("arrays", pd.DataFrame(columns))
    base.execute("create table pulses as select * from arrays")
    base.unregister("arrays")
    rest = f"({BIN_MS} - on_ms % {BIN_MS})"
    begun = (
        f"select on_ms // {BIN_MS} as bin, lane, count(*) as veh, "
        f"sum(least(length_ms, {rest}))::bigint as here from pulses group by 1, 2"
    )
    reached = (
        f"select on_ms // {BIN_MS} + 1 as bin, lane, "
        f"sum(length_ms - {rest})::bigint as there from pulses where length_ms > {rest} "
        "group by 1, 2"
    )

    def count() -> Grouped:
        return Grouped(
            *(
                tuple(np.asarray(column) for column in base.execute(query).fetchnumpy().values())
                for query in (begun, reached)
            )
        )

    return count


def _numpy(day: PulseBatch, size: Size) -> tuple[Callable[[], Counted], Callable[[Counted], Sums]]:
    cells = size.bins * size.lanes

    def count() -> Counted:
        cell = day.on_ms // BIN_MS * size.lanes + day.lane
        return (
            np.bincount(cell, minlength=cells),
            np.bincount(cell, weights=day.length_ms, minlength=cells),
        )

    def sums(answer: Counted) -> Sums:
        veh, occupied_ms = answer
        shape = size.bins, size.lanes
        return Sums(
            veh.reshape(shape).astype(np.int32), occupied_ms.reshape(shape).astype(np.int64)
        )

    return count, sums
