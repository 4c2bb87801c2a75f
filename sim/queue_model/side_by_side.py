"""Runs of the queue model on several threads.

A thread takes a piece of several plans and runs it without a word of Python in between: threads
that come back after every run wait for one another longer than they work.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

_PIECES = 3
"""Pieces for each thread: enough that none waits long for the last, few enough to be long."""


class Piece(NamedTuple):
    """Plans from the first to before the end, on one day."""

    day: int
    first: int
    end: int


def pieces(plans: int, days: int, threads: int) -> Iterator[Piece]:
    """Cut all plans on all days into pieces of equal size, as near as may be.

    Parameters
    ----------
    plans, days
        How many.
    threads
        How many threads will take them.
    """
    size = max(1, -(-plans * days // (threads * _PIECES))) if threads > 1 else max(1, plans)
    for day in range(days):
        for first in range(0, plans, size):
            yield Piece(day, first, min(first + size, plans))


def run_pieces(work: Callable[[Piece], None], plans: int, days: int, threads: int) -> None:
    """Have every piece done, the caller's own thread helping.

    Parameters
    ----------
    work
        Does one piece; must let go of the interpreter while it does.
    plans, days, threads
        As for ``pieces``.
    """
    waiting = deque(pieces(plans, days, threads))

    def take() -> None:
        while waiting:
            try:
                piece = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            work(piece)

    helpers = min(threads, len(waiting)) - 1
    others = [_pool(helpers).submit(take) for _ in range(helpers)]
    try:
        take()
    finally:
        waiting.clear()  # nobody goes on where one has failed or was interrupted
    for other in others:
        other.result()


@cache
def _pool(helpers: int) -> ThreadPoolExecutor:
    """Return threads that live as long as the process: to start one takes as long as a run."""
    return ThreadPoolExecutor(max_workers=helpers, thread_name_prefix="queue-model")
