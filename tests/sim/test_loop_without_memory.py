"""The queue model's loop counts no references, by an option that Numba does not promise to keep."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.errors import NumbaError

from sim.queue_model.driving.kernels import run_calendar

Lists = tuple[Any, Any, Any]


def _longest(lists: Lists, count: int) -> int:
    longest = 0
    for place in range(count):
        one, two, three = lists
        if one[place] > longest and two[place] < three[place]:
            longest = one[place]
    return longest


def _with_memory(count: int) -> float:
    return float(np.zeros(count)[0])


def compiled(function: Callable[..., Any], *args: object, **options: Any) -> str:
    kernel = njit(**options)(function)
    kernel(*args)
    (code,) = kernel.inspect_llvm().values()
    return str(code)


def test_the_option_that_the_loop_uses_still_means_what_it_did() -> None:
    options = {"_nrt": run_calendar.targetoptions["_nrt"]}
    three = tuple(np.arange(3) for _ in range(3))
    assert "NRT_incref" in compiled(_longest, three, 3)
    assert "NRT_incref" not in compiled(_longest, three, 3, **options)
    with pytest.raises(NumbaError):
        compiled(_with_memory, 3, **options)
