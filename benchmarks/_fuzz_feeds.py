"""Feeds of which almost every row is damaged, with a few good rows whose count is known."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

START = datetime(2026, 3, 17, 6, 30, tzinfo=UTC)
ZONE = "America/Los_Angeles"
POOL = 50_000
"""Different damaged rows; a longer file repeats them."""
GOOD = 2_000
JUNK = (
    "", " ", ",", ",,", '"', "'", ";", "nan", "NaN", "inf", "-inf", "1e400", "-1", "-0", "9" * 30,
    "0x1f", "1_000", "1,5", "null", "NULL", "true", "é", "\x00", "\x1b[31m", "\ufeff", "\u202e",
    "1970-01-01", "9999-12-31T23:59:59", "2026-02-30 10:00:00", "24:61:61", "=1+1", "<", ">", "&",
    "%s", "../..", "١٢٣", "1e3", "-1e-320", "2026-03-17T06:30:00+99:00",
)  # fmt: skip
BYTES = (b"\xff", b"\xfe\x00", b"\xc3(", b"\xed\xa0\x80")


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of feed: its header, a good row by number, and what its good rows are worth."""

    name: str
    header: str
    good: Callable[[int], str]
    ending: str = "csv"
    footer: str = ""
    detector: str = "g"
    vehicles: float = float(GOOD)
    is_xml: bool = False


def _instant(second: float) -> str:
    at = pd.Timestamp(START) + pd.Timedelta(seconds=round(second, 1))
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-5]


def _log_row(k: int) -> str:
    return f"{_instant(k)},7,{82 - k % 2},5"


def _pems_row(k: int) -> str:
    stamp = (pd.Timestamp("2026-03-17") + pd.Timedelta(minutes=5 * k)).strftime("%m/%d/%Y %H:%M:%S")
    return f"{stamp},400001,4,101,N,ML,.5,20,100,1,.04,60,10,1,.05,62,1"


def _utd19_row(k: int) -> str:
    return f"2026-{1 + k // 288:02d}-17,{k % 288 * 300},g,12,0.1,0,zurich,36"


def _instant_row(k: int) -> str:
    second = k // 2 + 0.4 * (k % 2)
    state = "leave" if k % 2 else "enter"
    return (
        f'<instantOut id="g" time="{second:.2f}" state="{state}" vehID="v{k // 2}" speed="9.00" '
        f'length="5.00" type="car"/>'
    )


def _e1_row(k: int) -> str:
    return (
        f'<interval begin="{k * 60}.00" end="{k * 60 + 60}.00" id="g" nVehContrib="1" '
        f'flow="60.00" occupancy="1.50" speed="9.00" length="5.00" nVehEntered="1"/>'
    )


FORMS = (
    Form(name="pulse table", header="detector,on_s,off_s,speed_mps",
         good=lambda k: f"g,{k}.0,{k}.5,12.5"),
    Form(name="controller log", header="TimeStamp,DeviceId,EventId,Parameter", good=_log_row,
         detector="7:5", vehicles=GOOD / 2),
    Form(name="PeMS", header="", good=_pems_row, detector="400001:1"),
    Form(name="UTD19", header="day,interval,detid,flow,occ,error,city,speed", good=_utd19_row),
    Form(name="instantE1", header="<instantE1>", good=_instant_row, ending="xml",
         footer="</instantE1>", vehicles=GOOD / 2, is_xml=True),
    Form(name="E1", header="<detector>", good=_e1_row, ending="xml", footer="</detector>",
         is_xml=True),
)  # fmt: skip


def write(form: Form, folder: Path, rows: int, rng: np.random.Generator) -> tuple[Path, int]:
    """Write a feed of good rows in order, with damaged ones strewn in; return it and its rows."""
    damage = damaged_xml if form.is_xml else damaged_csv
    good = [form.good(k) for k in range(GOOD)]
    pool = [damage(good[int(rng.integers(GOOD))], rng) for _ in range(min(rows, POOL))]
    picked = rng.integers(0, len(pool), rows)
    place = np.sort(rng.integers(0, rows + 1, GOOD))
    # the first row shows the form of a table that has no header
    place[0] = 0
    lines: list[bytes] = []
    begin = 0
    for k, end in enumerate(place):
        lines += [pool[at] for at in picked[begin:end]]
        lines.append(good[k].encode())
        begin = end
    lines += [pool[at] for at in picked[begin:]]
    path = folder / f"fuzz.{form.ending}"
    whole = [form.header.encode(), *lines, form.footer.encode()]
    path.write_bytes(b"\n".join(line for line in whole if line) + b"\n")
    return path, len(lines)


def write_parquet(folder: Path, rows: int, rng: np.random.Generator) -> tuple[Path, int]:
    """Write a controller log as Parquet: typed columns, so damage is missing and absurd values."""
    total = rows + GOOD
    second = np.sort(rng.uniform(0, 2000, total))
    code = rng.choice([-5, 0, 1, 9999, 1 << 40], total)
    parameter = rng.choice([-1, 70_000, 1 << 50, 3], total)
    is_pulse = rng.random(total) < 0.5
    code = np.where(is_pulse, 82, code)
    parameter = np.where(is_pulse & (parameter == 3), -7, parameter)
    device = rng.choice([0, -3, 1 << 60], total).astype(object)
    device[rng.random(total) < 0.3] = None
    stamp = pd.Series(pd.Timestamp(START) + pd.to_timedelta(second.round(1), unit="s"))
    stamp = stamp.mask(rng.random(total) < 0.3).mask(
        rng.random(total) < 0.1, pd.Timestamp(0, tz="UTC")
    )
    good = np.sort(rng.choice(total, GOOD, replace=False))
    stamp.iloc[good] = pd.DatetimeIndex([_instant(k) for k in range(GOOD)], tz="UTC")
    code[good], parameter[good], device[good] = 82 - np.arange(GOOD) % 2, 5, 7
    frame = pd.DataFrame(
        {"TimeStamp": stamp, "DeviceId": pd.array(device, "Int64"), "EventId": code,
         "Parameter": parameter}
    )  # fmt: skip
    path = folder / "fuzz.parquet"
    frame.to_parquet(path)
    return path, total


def damaged_csv(row: str, rng: np.random.Generator) -> bytes:
    """Return a row with a missing, changed or added field, never a good one of the same name."""
    fields = row.replace(",g,", ",b,").replace("g,", "b,", 1).split(",")
    fields = ["400009" if field == "400001" else field for field in fields]
    if len(fields) == 4 and fields[1] == "7":
        fields[1] = "9"
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(fields)))
        choice = rng.random()
        if choice < 0.15:
            del fields[at]
        elif choice < 0.3:
            fields.insert(at, JUNK[int(rng.integers(len(JUNK)))])
        else:
            fields[at] = JUNK[int(rng.integers(len(JUNK)))]
        fields = fields or ["?"]
    line = ",".join(fields).encode()
    if rng.random() < 0.05:
        cut = int(rng.integers(len(line) + 1))
        line = line[:cut] + BYTES[int(rng.integers(len(BYTES)))] + line[cut:]
    return line if line.strip() else b"?"


def damaged_xml(row: str, rng: np.random.Generator) -> bytes:
    """Return an element that is well-formed XML with attributes missing or full of junk."""
    head, *parts = (
        row.removesuffix("/>").replace('id="g"', f'id="b{rng.integers(1 << 40)}"').split(" ")
    )
    kept = [part for part in parts if part]
    at = int(rng.integers(len(kept)))
    if rng.random() < 0.2:
        del kept[at]
    else:
        junk = JUNK[int(rng.integers(len(JUNK)))].replace("\x00", "?").replace("\x1b", "?")
        # a time that can be read would make the feed one of other bins, which is refused
        if kept[at].startswith(("begin", "end")):
            junk = f"x{junk}"
        kept[at] = f"{kept[at].split('=')[0]}={quoteattr(junk)}"
    return " ".join((head, *kept)).encode() + b"/>"
