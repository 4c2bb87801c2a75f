"""Types of what the kernels of the queue model are given."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = int
"""A whole number, Python's or NumPy's: kernels mix them."""

Arrays = Any
"""A tuple of arrays, see the classes of the same words."""

Ints = NDArray[np.int32]
Cells = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
