"""The cheapest assignment of columns to rows."""

import numpy as np

from detectors.pulses import Floats, Ints
from detectors.tracking.assignment.kernels import assign_all


def assign(cost: Floats, miss_cost: float) -> Ints:
    """Return the column of each row in the cheapest assignment.

    Parameters
    ----------
    cost
        Cost of giving a column to a row, shape (rows, columns); infinite for what cannot be. [-]
    miss_cost
        Cost of a row that gets no column. [-]

    Returns
    -------
    array of shape (rows,)
        Columns, -1 for none; the sum of costs is least.

    References
    ----------
    R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
    assignment problems", Computing 38, 1987, 325-340.
    """
    column_of = np.empty(len(cost), np.int64)
    assign_all(np.ascontiguousarray(cost, np.float64), miss_cost, column_of)
    return column_of
