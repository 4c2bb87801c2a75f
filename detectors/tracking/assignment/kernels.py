"""The assignment kernel: rows and columns that have costs in common are a group of their own.

Most groups of a street are one track and one box.  The others are solved by shortest augmenting
paths (Jonker and Volgenant, Computing 38, 1987, 325-340).
"""

import numpy as np
from numba import njit

from detectors.pulses import Flags, Floats, Ints

FORBIDDEN = 1e9
"""Stands for an infinite cost in sums."""


@njit(cache=True, nogil=True)
def _relax(costs: Floats, price: Floats, is_used: Flags, at: int, least: Floats, way: Ints) -> int:
    """Shorten the ways through one column; return the nearest column that is not used.

    Column 0 stands for none; `costs` are those of the row that holds the column, less its price.
    """
    nearest = -1
    for column in range(1, len(price)):
        if is_used[column]:
            continue
        value = costs[column - 1] - price[column]
        if value < least[column]:
            least[column], way[column] = value, at
        if nearest < 0 or least[column] < least[nearest]:
            nearest = column
    return nearest


@njit(cache=True, nogil=True)
def _cheapest(cost: Floats) -> Ints:
    """Return which row holds each column, from 1; 0 for none.  Rows are no more than columns."""
    row_count, column_count = cost.shape
    row_price, price = np.zeros(row_count + 1), np.zeros(column_count + 1)
    row_of, way = np.zeros(column_count + 1, np.int64), np.zeros(column_count + 1, np.int64)
    for row in range(1, row_count + 1):
        row_of[0], at = row, 0
        least = np.full(column_count + 1, np.inf)
        is_used = np.zeros(column_count + 1, np.bool_)
        while row_of[at] != 0:
            is_used[at] = True
            own = cost[row_of[at] - 1] - row_price[row_of[at]]
            nearest = _relax(own, price, is_used, at, least, way)
            step = least[nearest]
            for column in range(column_count + 1):
                if is_used[column]:
                    row_price[row_of[column]] += step
                    price[column] -= step
                else:
                    least[column] -= step
            at = nearest
        while at != 0:
            row_of[at] = row_of[way[at]]
            at = way[at]
    return row_of[1:]


@njit(cache=True, nogil=True)
def _assign_group(
    cost: Floats, rows: Ints, columns: Ints, miss_cost: float, column_of: Ints
) -> None:
    """Assign the rows of one group; each has a column of its own for a miss."""
    row_count, column_count = len(rows), len(columns)
    square = np.full((row_count, column_count + row_count), FORBIDDEN)
    for i in range(row_count):
        square[i, column_count + i] = miss_cost
        for j in range(column_count):
            square[i, j] = min(cost[rows[i], columns[j]], FORBIDDEN)
    row_of = _cheapest(square)
    for j in range(column_count):
        if row_of[j] > 0 and square[row_of[j] - 1, j] < FORBIDDEN:
            column_of[rows[row_of[j] - 1]] = columns[j]


@njit(cache=True, nogil=True)
def _neighbours(costs: Floats, is_done: Flags, members: Ints, count: int) -> int:
    """Add to a group what has a cost with one of its members; return how many it has."""
    for at in range(len(costs)):
        if not is_done[at] and costs[at] < FORBIDDEN:
            is_done[at] = True
            members[count] = at
            count += 1
    return count


@njit(cache=True, nogil=True)
def assign_all(cost: Floats, miss_cost: float, column_of: Ints) -> None:
    """Assign rows to columns at the least cost, group by group.

    Parameters
    ----------
    cost
        Costs, shape (rows, columns); infinite for what cannot be. [-]
    miss_cost
        Cost of a row without a column. [-]
    column_of
        Result: column of each row, -1 for none; changed in place.
    """
    row_count, column_count = cost.shape
    column_of[:] = -1
    is_row_done, is_column_done = np.zeros(row_count, np.bool_), np.zeros(column_count, np.bool_)
    rows, columns = np.empty(row_count, np.int64), np.empty(column_count, np.int64)
    for first in range(row_count):
        if is_row_done[first]:
            continue
        rows[0], row_end, column_end = first, 1, 0
        is_row_done[first] = True
        row_at, column_at = 0, 0
        while row_at < row_end or column_at < column_end:
            if row_at < row_end:
                column_end = _neighbours(cost[rows[row_at]], is_column_done, columns, column_end)
                row_at += 1
            else:
                row_end = _neighbours(cost[:, columns[column_at]], is_row_done, rows, row_end)
                column_at += 1
        if row_end == 1 and column_end == 1:
            if cost[first, columns[0]] <= miss_cost:
                column_of[first] = columns[0]
        elif column_end > 0:
            _assign_group(cost, rows[:row_end], columns[:column_end], miss_cost, column_of)
