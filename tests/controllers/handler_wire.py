"""The controller of ``snmpd_handler`` in this process: loses and doubles messages as told."""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path

from citybrain.controllers.ntcip.session import Pair
from citybrain.controllers.ntcip.syntax import Instance, Kind, Value
from citybrain.controllers.ntcip.trouble import NoAnswerError, Trouble
from citybrain.controllers.ntcip.wire import Answer
from tests.controllers.snmpd_handler import CYCLE_COUNTER, CYCLE_S, Unit

_DECODED: dict[str, Callable[[str], Value]] = {
    "integer": int,
    "counter": int,
    "octet": bytes.fromhex,
    "objectid": str,
    "string": str.encode,
}
_REFUSALS = {
    "no-creation": "noCreation",
    "inconsistent-value": "inconsistentValue",
    "wrong-value": "wrongValue",
    "not-writable": "notWritable",
}


class Fate(Enum):
    """What becomes of a message."""

    ARRIVES = auto()
    LOST = auto()
    REPLY_LOST = auto()
    DOUBLED = auto()


class Killed(BaseException):
    """The manager's process ends here."""


class HandlerWire:
    """A wire to a unit in this process."""

    def __init__(self, fate: Callable[[int], Fate] = lambda number: Fate.ARRIVES) -> None:
        self.unit = Unit(Path("/dev/null"), ())
        self.fate = fate
        self.count = 0
        self.sets: list[tuple[str, Value]] = []
        self.lie: Callable[[str, Value], Value] = lambda oid, value: value

    async def get(self, instances: Sequence[Instance], timeout_s: float) -> Answer:
        """Ask for values."""
        return await self._carried(lambda: self._read(instances))

    async def set(self, pairs: Sequence[Pair], timeout_s: float) -> Answer:
        """Write values."""
        return await self._carried(lambda: self._written(pairs))

    async def _carried(self, act: Callable[[], Answer]) -> Answer:
        await asyncio.sleep(0)
        fate = self.fate(self.count)
        self.count += 1
        if fate is Fate.LOST:
            raise NoAnswerError(Trouble.SILENT)
        answer = act()
        if fate is Fate.DOUBLED:
            act()
        if fate is Fate.REPLY_LOST:
            raise NoAnswerError(Trouble.SILENT)
        return answer

    def _read(self, instances: Sequence[Instance]) -> Answer:
        oids = tuple(each.oid for each in instances)
        return Answer(error="", index=0, oids=oids, values=tuple(map(self._value, oids)))

    def _value(self, oid: str) -> Value | None:
        if oid == CYCLE_COUNTER and oid in self.unit.held:
            return self.lie(oid, self.count % CYCLE_S)
        lines = self.unit.get(oid)
        return self.lie(oid, _DECODED[lines[1]](lines[2])) if len(lines) > 1 else None

    def _written(self, pairs: Sequence[Pair]) -> Answer:
        oids, values = tuple(one.oid for one, _ in pairs), tuple(value for _, value in pairs)
        for index, (one, value) in enumerate(pairs, start=1):
            self.sets.append((one.oid, value))
            kind = "objectid" if one.kind is Kind.OBJECT_ID else "integer"
            told = self.unit.set(one.oid, kind, str(value))
            if told != "DONE":
                return Answer(error=_REFUSALS[told], index=index, oids=oids, values=values)
        return Answer(error="", index=0, oids=oids, values=values)
