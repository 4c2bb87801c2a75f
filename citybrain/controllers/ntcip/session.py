"""Questions and answers with one unit: bounded, repeated, checked; traffic is unknown here."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.syntax import Instance, Value
from citybrain.controllers.ntcip.trouble import NoAnswerError, Trouble
from citybrain.controllers.ntcip.wire import Answer, Wire
from citybrain.ports.controllers import (
    CredentialsError,
    GarbledError,
    UnitRefusedError,
    UnreachableError,
)

Pair = tuple[Instance, Value]
MOST_WRITTEN = 48
"""Values in one SET; with signature and cipher they stay below 1,472 bytes of an Ethernet frame."""
_ABSENT = frozenset({"noSuchName", "noSuchInstance", "noSuchObject"})


class Session(Protocol):
    """What the rest of the manager asks of the wire."""

    @property
    def unit(self) -> str:
        """Name of the controller."""

    @property
    def patience(self) -> Patience:
        """Bounds on waiting."""

    async def get(self, instances: Sequence[Instance]) -> dict[str, Value | None]:
        """Return identifier → value; none for what the unit lacks.

        Raises
        ------
        ControllerError
            No answer, wrong credentials, an error of the unit, or an answer to something else.
        """

    async def set(self, pairs: Sequence[Pair]) -> None:
        """Write values; each request may reach the unit several times.

        Raises
        ------
        ControllerError
            As for ``get``; some values may have been written.
        """


class SnmpSession:
    """A session over SNMP.

    Every request is sent again until it is answered or its retries are used up.  A SET may thus
    arrive twice; all that the manager sets are plain values, so that twice is once.

    Parameters
    ----------
    unit
        Name of the controller, for errors.
    wire
        Sends one message and waits for its answer.
    patience
        Bounds on waiting.
    """

    def __init__(self, unit: str, wire: Wire, patience: Patience) -> None:
        self.unit = unit
        self.patience = patience
        self._wire = wire
        self._batch = patience.batch
        self._most_written = MOST_WRITTEN
        self._slowness = 0

    async def get(self, instances: Sequence[Instance]) -> dict[str, Value | None]:
        """Return identifier → value; none for what the unit lacks.

        Raises
        ------
        ControllerError
            No answer, wrong credentials, an error of the unit, or an answer to something else.
        """
        held: dict[str, Value | None] = {}
        waiting = list(dict.fromkeys(instances))
        while waiting:
            part = waiting[: self._batch]
            answer = await self._ask(partial(self._wire.get, part), part)
            if answer.error in _ABSENT and 0 < answer.index <= len(part):
                held[part[answer.index - 1].oid] = None
                waiting.remove(part[answer.index - 1])
            elif answer.error == "tooBig" and len(part) > 1:
                self._batch = len(part) // 2
            elif answer.error:
                raise self._refused(answer, part)
            else:
                told = zip(part, answer.values, strict=True)
                held |= {each.oid: each.object_type.syntax.unwrapped(value) for each, value in told}
                del waiting[: len(part)]
        return held

    async def set(self, pairs: Sequence[Pair]) -> None:
        """Write values in one message if the unit takes it, so that it takes all or none of them.

        Raises
        ------
        ControllerError
            As for ``get``; some values may have been written.
        """
        waiting = list(pairs)
        while waiting:
            part = waiting[: self._most_written]
            objects = [instance for instance, _ in part]
            answer = await self._ask(partial(self._wire.set, part), objects)
            if answer.error == "tooBig" and len(part) > 1:
                self._most_written = len(part) // 2
                continue
            if answer.error:
                raise self._refused(answer, objects)
            del waiting[: len(part)]

    async def _ask(
        self, send: Callable[[float], Awaitable[Answer]], asked: Sequence[Instance]
    ) -> Answer:
        """Send until answered; wrong answers count as none, as a doubled or forged one may be.

        A unit that was slow is given its time at once the next time.  A refusal of the credentials
        is unsigned, so anybody may have sent it: it shortens nothing, and is told if no answer
        comes.
        """
        trouble, waits_s = Trouble.SILENT, self.patience.timeouts_s()
        for attempt in range(len(waits_s)):
            step = min(attempt + self._slowness, len(waits_s) - 1)
            try:
                answer = await send(waits_s[step])
            except NoAnswerError as failure:
                trouble = failure.trouble
                continue
            if answer.error or answer.is_about(asked):
                self._slowness = max(0, step - 1) if step == self._slowness else step
                return answer
            trouble = Trouble.GARBLED
        raise self._failed(trouble)

    def _failed(self, trouble: Trouble) -> Exception:
        attempts = self.patience.retries + 1
        if trouble is Trouble.CREDENTIALS:
            what = "does not accept the credentials"
            return CredentialsError(self.unit, what, "compare user and keys with the unit's")
        if trouble is Trouble.GARBLED:
            what = f"sent {attempts} answers that do not fit the question"
            return GarbledError(self.unit, what, "look at its SNMP agent, or at who answers for it")
        what = f"does not answer ({attempts} attempts)"
        mend = "look at address, cable, power; a wrong community or privacy key also meets silence"
        return UnreachableError(self.unit, what, mend)

    def _refused(self, answer: Answer, asked: Sequence[Instance]) -> UnitRefusedError:
        named = asked[answer.index - 1].name if 0 < answer.index <= len(asked) else asked[0].name
        what = f"refuses a request about {named} ({answer.error})"
        return UnitRefusedError(self.unit, what, "look at its access rights and its transaction")
