"""Units of one manager that are not known yet: waiting for the engine that proves itself."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from citybrain.controllers.ntcip.patience import has_come
from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.ntcip.trouble import NoAnswerError, Trouble
from citybrain.controllers.polling.ber import BerError
from citybrain.controllers.polling.introduction import Introduction, Met
from citybrain.controllers.polling.messages import opened

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stranger:
    """A unit that is being asked who it is, and what is fulfilled once it is known."""

    introduction: Introduction
    meeting: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Meetings:
    """Introductions over one socket, several at a time.

    Parameters
    ----------
    credentials
        Who asks.
    send
        Sends a message to an address.
    hear
        Hears each engine once it is known, before anybody who waits for it.
    """

    def __init__(
        self,
        credentials: V3,
        send: Callable[[Address, bytes], None],
        hear: Callable[[Address, Met], None],
    ) -> None:
        self.heard = 0
        """Messages that came in answer to what was sent here."""
        self._credentials, self._send, self._hear = credentials, send, hear
        self._strangers = dict[Address, _Stranger]()
        self._rng = random.SystemRandom()

    async def meet(self, address: Address, timeout_s: float) -> None:
        """Ask a unit which engine it is, and wait until one has proven it; may be repeated.

        What is said unsigned, a refusal too, ends nothing before its time: the unit's own signed
        answer may still come.

        Parameters
        ----------
        address
            Of the unit.
        timeout_s
            Time for its two answers together; later ones still count at the next try. [s]

        Raises
        ------
        NoAnswerError
            No engine has proven itself in time.
        """
        if address not in self._strangers:
            send = partial(self._send, address)
            introduction = Introduction(self._credentials, send, self._rng)
            self._strangers[address] = _Stranger(introduction=introduction)
        stranger = self._strangers[address]
        stranger.introduction.ask()
        if not await has_come(stranger.meeting, timeout_s):
            is_refused = stranger.introduction.is_refused
            raise NoAnswerError(Trouble.CREDENTIALS if is_refused else Trouble.SILENT)

    def take(self, message: bytes, address: Address) -> bool:
        """Take a message; return whether it answers what was sent here."""
        stranger = self._strangers.get(address)
        if stranger is None:
            return False
        try:
            envelope = opened(message)
            if not stranger.introduction.knows(envelope.number):
                return False
            met = stranger.introduction.take(envelope)
        except BerError:
            return False
        self.heard += 1
        if met is not None:
            del self._strangers[address]
            self._hear(address, met)
            stranger.meeting.set_result(None)
        return True
