"""The virtual controller: what a question, a second and a unit cost, and mutated requests.

``--networks`` names parts (``agent``, ``units``, ``fuzz``); without it all run, in about a minute.
With ``long`` among the names, a million mutated requests are sent instead of thirty thousand.
"""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from benchmarks._names import check_names
from benchmarks._printing import print_whole
from benchmarks._pysnmp_agent import pysnmp_cost_us
from benchmarks._request_fuzz import fuzz_agent
from benchmarks._virtual_units import made_up, virtual_unit
from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.virtual import ber, usm
from citybrain.controllers.virtual.responder import Access, Responder

PARTS = ("agent", "units", "fuzz")
LONG = "long"
UNITS = 200
LONGEST_S = 0.25
MOST_WORK = 1.0
"""Cores that a thousand units may need, polled every second. [-]"""
_BATCH = 10_000
_STATUS = tuple(
    each.at()
    for each in (
        objects.COORD_PATTERN_STATUS, objects.SYSTEM_PATTERN_CONTROL, objects.UNIT_CONTROL_STATUS,
        objects.LOCAL_FREE_STATUS, objects.UNIT_FLASH_STATUS, objects.COORD_CYCLE_STATUS,
        objects.COORD_SYNC_STATUS, objects.UNIT_BACKUP_TIME, objects.DB_CREATE_TRANSACTION,
        objects.SHORT_ALARM_STATUS, objects.CONTROLLER_LOCAL_TIME,
    )
)  # fmt: skip
"""What a poll asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure; ``target`` says what it must keep to, empty for none."""

    part: str
    what: str
    value: float
    unit: str
    target: str = ""
    is_met: bool = True


def run(*, networks: Sequence[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Raises
    ------
    InputError
        A name is none of the parts.
    """
    check_names(networks, (*PARTS, LONG), "part")
    chosen = [part for part in PARTS if part in networks] or list(PARTS)
    requests = 1_000_000 if LONG in networks else 30_000
    parts: Mapping[str, Callable[[], list[Row]]] = {
        "agent": _agent,
        "units": _units,
        "fuzz": lambda: _fuzz(requests),
    }
    rows: list[Row] = []
    with Stages() as stages:
        for part in chosen:
            stages.begin(part)
            rows += parts[part]()
    _print(rows, is_json=is_json)
    missed = next((row for row in rows if not row.is_met), None)
    if is_check and missed is not None:
        OUTPUT.print(f"missed: {missed.what} is {missed.value:g} {missed.unit}, {missed.target}")
        return 1
    return 0


def _print(rows: Sequence[Row], *, is_json: bool) -> None:
    if is_json:
        print_json({"rows": [asdict(row) for row in rows]})
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("part", "what", "value", "unit", "target"):
        table.add_column(title, justify="right" if title == "value" else "left")
    for row in rows:
        table.add_row(row.part, row.what, f"{row.value:,.4g}", row.unit, row.target)
    print_whole(table)


def _agent() -> list[Row]:
    """Measure one answer to a status question over v3 authPriv, beside pysnmp's own agent."""
    credentials = made_up()
    responder = Responder(virtual_unit("k1"), [Access(credentials=credentials, may_write=False)])
    request = _question(credentials, responder.engine, responder.unit.boots, 1)
    ours_us = _spent_us(lambda: responder.answer(request), 2000)
    users: dict[bytes, usm.User] = {}

    def make(engine: bytes, boots: int, number: int) -> bytes:
        return _question(credentials, engine, boots, number, users)

    peer_us = pysnmp_cost_us(credentials, _STATUS, make, 200)
    return [
        Row(part="agent", what="status of 11 objects, v3 authPriv", value=ours_us, unit="us"),
        Row(part="agent", what="the same by pysnmp's agent", value=peer_us, unit="us"),
    ]


def _question(
    credentials: V3, engine: bytes, boots: int, number: int,
    users: dict[bytes, usm.User] | None = None,
) -> bytes:  # fmt: skip
    known = users if users is not None else {}
    if engine not in known:
        known[engine] = usm.User.of(credentials, engine, may_write=False)
    nothing = b"".join(
        ber.element(ber.SEQUENCE, ber.encoded_oid(tuple(map(int, oid.split(".")))) + b"\x05\x00")
        for oid in _STATUS
    )
    head = [ber.encoded_integer(each) for each in (number, 0, 0)]
    pdu = ber.sequence((*head, ber.element(ber.SEQUENCE, nothing)), 0xA0)
    context = ber.encoded_octets(engine) + ber.encoded_octets(b"")
    sealing = usm.Sealing(
        engine=engine, boots=boots, time_s=0, user=known[engine],
        flags=usm.AUTHENTICATED | usm.PRIVATE, salt=number.to_bytes(8, "big"),
    )  # fmt: skip
    return usm.sealed(number, ber.element(ber.SEQUENCE, context + pdu), sealing)


def _spent_us(act: Callable[[], object], times: int) -> float:
    act()
    began_s = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began_s) / times * 1e6


def _units() -> list[Row]:
    """Measure the memory of units, and what a second of their signals costs."""
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    units = [virtual_unit(f"u{at}") for at in range(UNITS)]
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    began_s = time.process_time()
    for unit in units:
        unit.advance(unit.now_s + 20)
    second_us = (time.process_time() - began_s) / UNITS / 20 * 1e6
    credentials = made_up()
    responder = Responder(units[0], [Access(credentials=credentials, may_write=False)])
    time_s = responder.time_s
    request = _question(credentials, responder.engine, responder.unit.boots, 1)
    assert time_s < usm.TIME_WINDOW_S
    answer_us = _spent_us(lambda: responder.answer(request), 1000)
    cores = (second_us + answer_us) * 1000 / 1e6
    return [
        Row(part="units", what="a unit in memory", value=grown_kb / UNITS, unit="kB"),
        Row(part="units", what="a second of a unit", value=second_us, unit="us"),
        Row(part="units", what="1,000 units polled every second", value=cores, unit="cores",
            target=f"at most {MOST_WORK:g}", is_met=cores <= MOST_WORK),
    ]  # fmt: skip


def _fuzz(requests: int) -> list[Row]:
    tallies = [fuzz_agent(_BATCH, seed) for seed in range(requests // _BATCH)]
    crashes = sum(len(each.crashes) for each in tallies)
    unasked = sum(len(each.unasked) for each in tallies)
    longest_s = max(each.longest_s for each in tallies)
    return [
        Row(part="fuzz", what="mutated requests", value=requests, unit=""),
        Row(part="fuzz", what="answered", value=sum(t.answered for t in tallies), unit=""),
        Row(part="fuzz", what="set by a mutant that asks for it",
            value=sum(t.changed for t in tallies) - unasked, unit=""),
        Row(part="fuzz", what="crashes", value=crashes, unit="", target="0", is_met=not crashes),
        Row(part="fuzz", what="set unasked", value=unasked, unit="", target="0",
            is_met=not unasked),
        Row(part="fuzz", what="longest work for one", value=longest_s, unit="s",
            target=f"below {LONGEST_S}", is_met=longest_s < LONGEST_S),
    ]  # fmt: skip
