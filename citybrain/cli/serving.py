"""Services of the command line: they run until they are told to end."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def run_until_told(service: Coroutine[Any, Any, None]) -> None:
    """Run a service until it ends by itself, or Ctrl-C or SIGTERM cancels it.

    An exception that a signal raises wherever it finds the process is lost where that is a
    destructor or a callback of a weak reference, and a service has many of these.  So both
    signals cancel the service from its own loop; SIGTERM does so, too, in a process that was
    started without an ear for Ctrl-C, as those in the background of a script are.

    Parameters
    ----------
    service
        What to run; cancelled, it ends in its own way.

    Raises
    ------
    KeyboardInterrupt
        It was told to end.
    """
    former = signal.getsignal(signal.SIGTERM)
    try:
        asyncio.run(_heard(service))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGTERM, former)


async def _heard(service: Coroutine[Any, Any, None]) -> None:
    own = asyncio.current_task()
    assert own is not None, "it runs in a loop"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, own.cancel)
    await service
