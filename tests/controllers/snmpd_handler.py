"""A small signal controller behind net-snmp's ``pass_persist``: tables, transaction, free rules.

Started by ``snmpd``, which talks to it over standard input and output.  Written from the
standards' text with its own numbers, so that it also checks those of the manager.

Arguments: a file to which every SET is added, one JSON list ``[oid, type, value]`` per line, and
names of objects that this "vendor" lacks, as ``without=OID,OID``.
"""

import json
import sys
import time
from pathlib import Path

ASC, GLOBAL = "1.3.6.1.4.1.1206.4.2.1", "1.3.6.1.4.1.1206.4.2.6"
TRANSACTION, VERIFY_STATUS, VERIFY_ERROR = f"{GLOBAL}.2.1.0", f"{GLOBAL}.2.6.0", f"{GLOBAL}.2.7.0"
PATTERNS, SPLITS, PHASES = f"{ASC}.4.7.1", f"{ASC}.4.9.1", f"{ASC}.1.2.1"
PATTERN_STATUS, FREE, CONTROL = f"{ASC}.4.10.0", f"{ASC}.4.11.0", f"{ASC}.3.5.0"
SYSTEM_PATTERN, CYCLE_COUNTER, LOCAL_TIME = f"{ASC}.4.14.0", f"{ASC}.4.12.0", f"{GLOBAL}.3.6.0"
CYCLE_S, OFFSET_S, SPLITS_S = 60, 10, (15, 15, 15, 15, 15, 15, 15, 15)
TIMES = {2: 0, 3: 0, 4: 5, 8: 30, 9: 10}
"""Column of the phase table → value: walk, pedestrian clearance, minimum green, yellow, red."""
DOWNLOADED = (f"{ASC}.1.2.", f"{ASC}.4.7.", f"{ASC}.4.9.", f"{ASC}.5.3.", f"{GLOBAL}.3.3.")
CONTROL_OBJECTS = (SYSTEM_PATTERN,)


def key(oid: str) -> tuple[int, ...]:
    """Return what orders identifiers."""
    return tuple(int(part) for part in oid.split("."))


Held = list[object]
"""Kind and value."""


def tables() -> dict[str, Held]:
    """Return every object of a unit with eight phases, two rings and four patterns."""
    numbers = {**_scalars(), **_phases(), **_patterns(), **_schedule()}
    texts = {f"{GLOBAL}.1.3.1.3.1": "peer", f"{GLOBAL}.1.3.1.4.1": "pass_persist"}
    texts |= {f"{GLOBAL}.1.3.1.5.1": "1", VERIFY_ERROR: ""}
    rings = {f"{ASC}.7.3.1.3.1.1": "01 02 03 04", f"{ASC}.7.3.1.3.1.2": "05 06 07 08"}
    events = [f"{GLOBAL}.3.3.5.1.5.{plan}.{event}" for plan in (1, 2) for event in range(1, 5)]
    held: dict[str, Held] = {oid: ["integer", value] for oid, value in numbers.items()}
    held |= {oid: ["string", value] for oid, value in texts.items()}
    held |= {oid: ["octet", value] for oid, value in rings.items()}
    held |= {oid: ["objectid", "0.0"] for oid in events}
    return held | {LOCAL_TIME: ["counter", 0]}


def _scalars() -> dict[str, int]:
    unit = {"1.1.0": 8, "3.3.0": 60, "3.5.0": 6, "3.6.0": 2, "3.9.0": 0, "4.5.0": 4, "4.6.0": 2}
    unit |= {"4.8.0": 4, "4.10.0": 1, "4.11.0": 2, "4.12.0": 0, "4.13.0": 0, "4.14.0": 0}
    unit |= {"5.2.0": 8, "7.1.0": 2, "7.2.0": 1}
    common = {"2.1.0": 1, "2.6.0": 1, "3.3.1.0": 2, "3.3.3.0": 2, "3.3.4.0": 4}
    numbers = {f"{ASC}.{oid}": value for oid, value in unit.items()}
    return numbers | {f"{GLOBAL}.{oid}": value for oid, value in common.items()}


def _phases() -> dict[str, int]:
    columns = {**TIMES, 1: 0}
    held = {f"{PHASES}.{column}.{p}": columns[column] for column in columns for p in range(1, 9)}
    return held | {f"{PHASES}.1.{p}": p for p in range(1, 9)}


def _patterns() -> dict[str, int]:
    held: dict[str, int] = {}
    for pattern in range(1, 5):
        used = pattern < 3
        row = {2: CYCLE_S * used, 3: OFFSET_S * used, 4: pattern, 5: 1}
        held |= {f"{PATTERNS}.{column}.{pattern}": value for column, value in row.items()}
        for phase in range(1, 9):
            held[f"{SPLITS}.3.{pattern}.{phase}"] = SPLITS_S[phase - 1] * used
            held[f"{SPLITS}.4.{pattern}.{phase}"] = 4
            held[f"{SPLITS}.5.{pattern}.{phase}"] = int(phase in {2, 6})
    return held


def _schedule() -> dict[str, int]:
    held = {f"{ASC}.5.3.1.2.{action}": 0 for action in range(1, 9)}
    held |= {f"{GLOBAL}.3.3.2.1.{column}.{e}": 0 for column in (2, 3, 4, 5) for e in (1, 2)}
    for plan in (1, 2):
        for event in range(1, 5):
            held[f"{GLOBAL}.3.3.5.1.3.{plan}.{event}"] = 0
            held[f"{GLOBAL}.3.3.5.1.4.{plan}.{event}"] = 0
    return held


class Unit:
    """The unit: what it holds, what a download has buffered."""

    def __init__(self, log: Path, without: tuple[str, ...]) -> None:
        self.held = {
            oid: value for oid, value in tables().items() if not oid.startswith(without or ("-",))
        }
        self.order = sorted(self.held, key=key)
        self.buffer: dict[str, object] = {}
        self.log = log

    def number(self, oid: str) -> int:
        """Return a number, 0 where the object is absent."""
        return int(str(self.held.get(oid, ["integer", 0])[1]))

    def get(self, oid: str) -> list[str]:
        """Return the three lines of an answer."""
        if oid not in self.held:
            return ["NONE"]
        kind, value = self.held[oid]
        if oid == LOCAL_TIME:
            value = int(time.time())
        if oid == CYCLE_COUNTER:
            value = int(time.time() * 10) % CYCLE_S
        return [f".{oid}", str(kind), str(value)]

    def next(self, oid: str) -> list[str]:
        """Return the answer for the object after this one."""
        after = [each for each in self.order if key(each) > key(oid)]
        return self.get(after[0]) if after else ["NONE"]

    def set(self, oid: str, kind: str, text: str) -> str:
        """Take a value, and answer as the protocol of ``pass_persist`` wants."""
        text = text.strip('"')
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps([oid, kind, text]) + "\n")
        if oid not in self.held:
            return "no-creation"
        value: object = int(text) if kind == "integer" else text.removeprefix(".")
        if oid == TRANSACTION:
            return self.turn(int(text))
        if oid.startswith(DOWNLOADED):
            if self.number(TRANSACTION) != 2:
                return "inconsistent-value"
            self.buffer[oid] = value
            return "DONE"
        if oid not in CONTROL_OBJECTS:
            return "not-writable"
        self.held[oid][1] = value
        self.choose()
        return "DONE"

    def turn(self, wanted: int) -> str:
        """Move the transaction on; what is not foreseen is a wrong value."""
        now = self.number(TRANSACTION)
        if wanted == 1:
            if now == 6 and self.number(VERIFY_STATUS) == 3:
                for oid, value in self.buffer.items():
                    self.held[oid][1] = value
            self.buffer.clear()
        elif (now, wanted) == (2, 3):
            wanted = 6
            fault = self.fault()
            self.held[VERIFY_STATUS][1] = 2 if fault else 3
            self.held[VERIFY_ERROR][1] = fault
        elif (now, wanted) not in {(1, 2), (2, 2), (6, 2)}:
            return "wrong-value"
        self.held[TRANSACTION][1] = wanted
        self.choose()
        return "DONE"

    def fault(self) -> str:
        """Say what a consistency check of the buffered values finds."""
        cycles = [value for oid, value in self.buffer.items() if f"{PATTERNS}.2." in oid]
        return "cycle is too short" if any(0 < int(str(each)) < 20 for each in cycles) else ""

    def choose(self) -> None:
        """Decide which pattern runs, and whether it can."""
        commanded = self.number(SYSTEM_PATTERN)
        pattern = commanded or self.number(f"{ASC}.5.3.1.2.1") or 1
        self.held[CONTROL][1] = 2 if commanded else 6
        cycle, offset = (self.number(f"{PATTERNS}.{column}.{pattern}") for column in (2, 3))
        table = self.number(f"{PATTERNS}.4.{pattern}")
        rings = [
            sum(self.number(f"{SPLITS}.3.{table}.{phase}") for phase in ring)
            for ring in ((1, 2, 3, 4), (5, 6, 7, 8))
        ]
        free = 10 if offset >= cycle else 9 if set(rings) != {cycle} else 2
        self.held[FREE][1] = free
        self.held[PATTERN_STATUS][1] = pattern if free == 2 else 254


def main(arguments: list[str]) -> None:
    """Answer until the daemon goes away."""
    without = [word[8:] for word in arguments[1:] if word.startswith("without=")]
    unit = Unit(Path(arguments[0]), tuple(oid for part in without for oid in part.split(",")))
    lines = iter(sys.stdin.readline, "")
    for line in lines:
        command = line.strip()
        if command == "PING":
            answer = ["PONG"]
        elif command in {"get", "getnext"}:
            oid = next(lines).strip().lstrip(".")
            answer = unit.get(oid) if command == "get" else unit.next(oid)
        elif command == "set":
            oid, (kind, _, text) = next(lines).strip().lstrip("."), next(lines).partition(" ")
            answer = [unit.set(oid, kind, text.strip())]
        else:
            continue
        sys.stdout.write("\n".join(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
