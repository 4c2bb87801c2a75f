"""Makes many objects at once without a look for garbage in between."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Made = TypeVar("Made")


def uncollected(make: Callable[Asked, Made]) -> Callable[Asked, Made]:
    """Return a function that makes the same while Python collects no cycles.

    Python looks through all objects again and again while their number grows, so what makes
    millions that stay takes longer for each of them the more there are: a fifth of the time that a
    city of 1,000 junctions takes to be read.

    Parameters
    ----------
    make
        Makes objects that stay, and few cycles.
    """

    @wraps(make)
    def made(*args: Asked.args, **kwargs: Asked.kwargs) -> Made:
        was_on = gc.isenabled()
        gc.disable()
        try:
            return make(*args, **kwargs)
        finally:
            if was_on:
                gc.enable()

    return made
