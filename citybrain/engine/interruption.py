"""Ctrl-C as a wish: the first one ends a search, whose best so far is then proven."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from citybrain.ports.evaluation import Progress


@contextmanager
def first_is_a_wish(progress: Progress) -> Iterator[Callable[[], bool]]:
    """Take the first Ctrl-C within a block as a wish to end; the second interrupts as usual.

    Outside the main thread, where signals cannot be heard, nothing changes.

    Parameters
    ----------
    progress
        Is told that the wish was heard, so that nobody presses again for want of an answer.

    Yields
    ------
    callable
        Tells whether the wish was heard.
    """
    heard = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        if heard.is_set():
            signal.default_int_handler(number, frame)
        heard.set()
        progress(1.0, "ending: what runs is awaited; Ctrl-C again to give up")

    if threading.current_thread() is not threading.main_thread():
        yield heard.is_set
        return
    former = signal.signal(signal.SIGINT, hear)
    try:
        yield heard.is_set
    finally:
        signal.signal(signal.SIGINT, former)
