"""The library of SNMP behind a door: what arrives is looked at before, and cannot trip it."""

import asyncio
from contextlib import suppress
from typing import Any

from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.carrier.error import CarrierError
from pysnmp.hlapi.v3arch.asyncio import SnmpEngine
from pysnmp.proto.mpmod.rfc3412 import SnmpV3MessageProcessingModel
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.rfc3412 import MsgAndPduDispatcher
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from citybrain.controllers.ntcip.door import Address, Door
from citybrain.controllers.ntcip.meeting import Meetings
from citybrain.controllers.polling.introduction import Met


class Acquaintances:
    """Which engine the library of SNMP takes to answer at which address.

    Left to itself, it believes the first unsigned report for 300 s; here only engines that have
    signed are told to it, before its first question to a unit.

    Parameters
    ----------
    engine
        The library's.
    """

    def __init__(self, engine: SnmpEngine) -> None:
        model = engine.message_processing_subsystems[
            SnmpV3MessageProcessingModel.MESSAGE_PROCESSING_MODEL_ID
        ]
        security = engine.security_models[SnmpUSMSecurityModel.SECURITY_MODEL_ID]
        self._engines: dict[Any, Any] = model._SnmpV3MessageProcessingModel__engineIdCache
        self._expiring: dict[int, list[Any]] = (
            model._SnmpV3MessageProcessingModel__engineIdCacheExpQueue
        )
        self._clocks: dict[Any, Any] = security._SnmpUSMSecurityModel__timeline

    def __contains__(self, address: Address) -> bool:
        """Tell whether the engine at an address is known."""
        return (DOMAIN_NAME, address) in self._engines

    def add(self, address: Address, met: Met) -> None:
        """Tell the library which engine answers at an address, and its clock."""
        name = OctetString(met.keys.engine_id)
        self._engines[DOMAIN_NAME, address] = {
            "securityEngineId": name,
            "contextEngineId": name,
            "contextName": OctetString(b""),
        }
        heard_s = 0  # the library sets it anew with every signed message, before it looks
        self._clocks[name] = (met.boots, met.seconds, met.seconds, heard_s)

    def remove(self, address: Address) -> None:
        """Have the library forget the engine at an address.

        It may have noted it by itself, from a signed report that came late, and then trips when it
        is to forget what is not there.
        """
        self._engines.pop((DOMAIN_NAME, address), None)
        for places in self._expiring.values():
            places[:] = [each for each in places if each != (DOMAIN_NAME, address)]


class Dispatcher(MsgAndPduDispatcher):  # type: ignore[misc]
    """Lets in answers only; drops a message that trips the library, as the network might have.

    ``dropped`` counts those; ``heard`` is to be raised by whoever hears an answer, so that its
    question no longer waits.

    Parameters
    ----------
    door
        Tells which messages are answers.
    meetings
        Take the answers of units that are not known yet; none over v2c.
    """

    def __init__(self, door: Door, meetings: Meetings | None) -> None:
        super().__init__()
        self.dropped = self.heard = 0
        self._door, self._meetings = door, meetings

    def receive_message(
        self,
        engine: SnmpEngine,
        domain: Any,  # noqa: ANN401 (the library's signature)
        address: Any,  # noqa: ANN401
        message: bytes,
    ) -> Any:  # noqa: ANN401
        """Take a message from the network."""
        if self._meetings is not None and self._meetings.take(message, tuple(address)):
            return b""
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

    def send_past(self, address: Address, message: bytes) -> None:
        """Send what the library knows nothing of."""
        super().send_message(message, DOMAIN_NAME, address)

    def handle_timer_tick(self, _wall_s: float) -> None:
        """Let time-outs pass."""
        super().handle_timer_tick(asyncio.get_running_loop().time())

    def _callback_function(self, *arguments: Any) -> None:  # noqa: ANN401 (the library's signature)
        with suppress(CarrierError):
            super()._callback_function(*arguments)
