"""The library of SNMP behind a door: what arrives is looked at before, and cannot trip it."""

import asyncio
from contextlib import suppress
from typing import Any

from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.carrier.error import CarrierError
from pysnmp.hlapi.v3arch.asyncio import SnmpEngine
from pysnmp.proto.rfc3412 import MsgAndPduDispatcher

from citybrain.controllers.ntcip.door import Door


class Dispatcher(MsgAndPduDispatcher):  # type: ignore[misc]
    """Lets in answers only; drops a message that trips the library, as the network might have.

    ``dropped`` counts those; ``heard`` is to be raised by whoever hears an answer, so that its
    question no longer waits.

    Parameters
    ----------
    door
        Tells which messages are answers.
    """

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.dropped = self.heard = 0
        self._door = door

    def receive_message(
        self,
        engine: SnmpEngine,
        domain: Any,  # noqa: ANN401 (the library's signature)
        address: Any,  # noqa: ANN401
        message: bytes,
    ) -> Any:  # noqa: ANN401
        """Take a message from the network."""
        if not self._door.admits(message, tuple(address)):
            return b""
        heard = self.heard
        try:
            return super().receive_message(engine, domain, address, message)
        except Exception:
            self.dropped += 1
            return b""
        finally:
            if self.heard != heard:
                self._door.close_for(message)


class Carrier(AsyncioDispatcher):  # type: ignore[misc]
    """Drops messages that were under way when the socket was closed; waits by the loop's clock.

    The library counts time-outs by the wall clock, which somebody may set back meanwhile.

    Parameters
    ----------
    door
        Learns which questions are sent.
    """

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door

    def send_message(self, message: bytes, domain: Any, address: Any) -> None:  # noqa: ANN401
        """Send a question."""
        self._door.note(message, tuple(address))
        super().send_message(message, domain, address)

    def handle_timer_tick(self, _wall_s: float) -> None:
        """Let time-outs pass."""
        super().handle_timer_tick(asyncio.get_running_loop().time())

    def _callback_function(self, *arguments: Any) -> None:  # noqa: ANN401 (the library's signature)
        with suppress(CarrierError):
            super()._callback_function(*arguments)
