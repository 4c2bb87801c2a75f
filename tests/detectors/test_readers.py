"""Every reader on a tiny feed made by hand, and the one clear line for each bad one."""

import gzip
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from citybrain.errors import InputError
from citybrain.model.flows import Quality
from detectors.feed import FeedClock, count_feed, open_feed
from detectors.pulses import Pulses
from detectors.readers.aggregate import IntervalFlows
from tests.detectors.feeds import START, detector

INVENTORY = (detector("a"), detector("b"))
CLOCK = FeedClock(start=START)
TABLE = "detector,on_s,off_s,speed_mps\na,1.0,1.5,12.5\nb,2.0,2.5,\na,4.0,4.5,10\n"
LOG = (
    "TimeStamp,DeviceId,EventId,Parameter\n"
    "2026-03-17 06:30:00.1,7,82,5\n"
    "2026-03-17 06:30:00.4,7,81,5\n"
    "2026-03-17 06:30:01.0,7,1,2\n"
    "2026-03-17 06:30:02.0,7,82,5\n"
    "2026-03-17 06:30:02.5,7,82,6\n"
    "2026-03-17 06:30:03.0,7,81,6\n"
    "2026-03-17 06:30:04.0,7,82,5\n"
    "2026-03-17 06:30:04.3,7,81,5\n"
    "2026-03-17 06:30:05.0,7,9999,5\n"
)
INSTANT = """<instantE1>
    <instantOut id="a" time="1.20" state="enter" vehID="v1" speed="9" length="5" type="car"/>
    <instantOut id="a" time="1.60" state="stay" vehID="v1" speed="9" length="5" type="car"/>
    <instantOut id="a" time="1.80" state="leave" vehID="v1" speed="8" length="5" type="car"/>
    <instantOut id="b" time="3.00" state="enter" vehID="v1" speed="9" length="5" type="car"/>
    <instantOut id="b" time="3.50" state="leave" vehID="v1" speed="7" length="5" type="car"/>
</instantE1>
"""
E1 = """<detector>
    <interval begin="0.00" end="60.00" id="a" nVehContrib="4" flow="240.00" occupancy="12.50"
        speed="9.00" harmonicMeanSpeed="9.00" length="5.00" nVehEntered="4"/>
    <interval begin="0.00" end="60.00" id="b" nVehContrib="0" flow="0.00" occupancy="0.00"
        speed="-1.00" harmonicMeanSpeed="-1.00" length="-1.00" nVehEntered="0"/>
    <interval begin="60.00" end="90.00" id="a" nVehContrib="1" flow="120.00" occupancy="2.00"
        speed="8.00" harmonicMeanSpeed="8.00" length="5.00" nVehEntered="1"/>
    <interval begin="60.00" end="90.00" id="b" nVehContrib="0" flow="0.00" occupancy="0.00"
        speed="-1.00" harmonicMeanSpeed="-1.00" length="-1.00" nVehEntered="0"/>
</detector>
"""


def file(folder: Path, content: str, name: str = "feed.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def read(path: Path, clock: FeedClock = CLOCK) -> Pulses:
    feed = open_feed(path, INVENTORY, clock=clock)
    assert isinstance(feed, Pulses)
    return feed


def table_of(feed: Pulses) -> list[tuple[str, float, float]]:
    names = [feed.names[at] for at in feed.detector]
    return [
        (name, round(on, 6), round(off, 6))
        for name, on, off in zip(names, feed.on_s, feed.off_s, strict=True)
    ]


def test_pulse_table_in_csv_and_parquet(tmp_path: Path) -> None:
    csv = file(tmp_path, TABLE)
    pd.read_csv(csv).to_parquet(tmp_path / "feed.parquet")
    for path in (csv, tmp_path / "feed.parquet"):
        feed = read(path)
        assert table_of(feed) == [("a", 1.0, 1.5), ("b", 2.0, 2.5), ("a", 4.0, 4.5)]
        assert feed.speed_mps[[0, 2]].tolist() == [12.5, 10.0]
        assert feed.start == START
        assert feed.repairs.lines == ()


def test_pulse_table_with_instants(tmp_path: Path) -> None:
    content = (
        "detector,on,off\na,2026-03-17T07:30:01.5+01:00,2026-03-17T07:30:02+01:00\n"
        "b,2026-03-17T06:30:03Z,2026-03-17T06:30:04Z\n"
    )
    feed = read(file(tmp_path, content), FeedClock())
    assert feed.start == START.replace(second=1)
    assert table_of(feed) == [("a", 0.5, 1.0), ("b", 2.0, 3.0)]


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    content = "detector,on_s,off_s\na,1.0,1.5\na,soon,2\n,3,4\na,5\na,6,7,8,9\nb,8,8.5\n"
    feed = read(file(tmp_path, content))
    assert table_of(feed) == [("a", 1.0, 1.5), ("b", 8.0, 8.5)]
    assert feed.repairs.unreadable_rows == 4
    assert feed.repairs.rows == 6


def names_in(path: Path, whole: int, empty: int) -> set[str]:
    """Return the detectors that a feed names, of which so many rows can be used."""
    feed = read(path, FeedClock(start=START, assume_zone="UTC"))
    assert feed.repairs.unreadable_rows == empty
    assert feed.repairs.used_rows == whole
    return set(feed.names)


def test_an_empty_id_spoils_only_its_row(tmp_path: Path) -> None:
    log = pd.read_csv(file(tmp_path, LOG)).astype({"DeviceId": "Int64"})
    log.loc[2, "DeviceId"] = pd.NA
    table = pd.read_csv(file(tmp_path, TABLE)).assign(detector=pd.array([7, None, 12], "Int64"))
    for frame, ids, whole, names in (
        (log, "DeviceId", 8, {"7:5", "7:6"}),
        (table, "detector", 2, {"7", "12"}),
    ):
        frame.to_csv(tmp_path / "ids.csv", index=False)
        frame.to_parquet(tmp_path / "whole.parquet")
        frame.astype({ids: "float64"}).to_parquet(tmp_path / "float.parquet")
        for name in ("ids.csv", "whole.parquet", "float.parquet"):
            assert names_in(tmp_path / name, whole, 1) == names


def test_ids_of_a_csv_keep_their_zeros_and_lose_their_blanks(tmp_path: Path) -> None:
    content = "detector,on_s,off_s\n007,1,2\n 012,3,4\n007 ,5,6\n ,7,8\n"
    assert names_in(file(tmp_path, content), 3, 1) == {"007", "012"}
    assert names_in(file(tmp_path, content + "07,soon,9\n"), 3, 2) == {"007", "012", "07"}
    log = LOG.replace(",7,", ",007,")
    assert names_in(file(tmp_path, log), 9, 0) == {"007:5", "007:6"}


def test_long_whole_ids_stay_apart_where_one_is_empty(tmp_path: Path) -> None:
    ids = pd.array([2**53, 2**53 + 1, None], "Int64")
    pd.DataFrame({"detector": ids, "on_s": [1.0, 2.0, 3.0], "off_s": [1.5, 2.5, 3.5]}).to_parquet(
        tmp_path / "feed.parquet"
    )
    assert names_in(tmp_path / "feed.parquet", 2, 1) == {str(2**53), str(2**53 + 1)}


def test_unordered_and_repeated_rows_are_mended_and_counted(tmp_path: Path) -> None:
    content = "detector,on_s,off_s\na,4,5\na,1,2\na,1,2\nb,3,3.5\n"
    feed = read(file(tmp_path, content))
    assert table_of(feed) == [("a", 1.0, 2.0), ("b", 3.0, 3.5), ("a", 4.0, 5.0)]
    assert feed.repairs.lines == ("doubled rows: 1", "reordered rows: 1")


def test_controller_log(tmp_path: Path) -> None:
    csv = file(tmp_path, LOG)
    frame = pd.read_csv(csv, parse_dates=["TimeStamp"])
    frame.to_parquet(tmp_path / "log.parquet")
    for path in (csv, tmp_path / "log.parquet"):
        feed = read(path, FeedClock(assume_zone="UTC"))
        assert feed.start == START
        assert table_of(feed) == [
            ("7:5", 0.1, 0.4),
            ("7:5", 2.0, 2.3),
            ("7:6", 2.5, 3.0),
            ("7:5", 4.0, 4.3),
        ]
        assert feed.repairs.lines == ("lost offs: 1", "unknown events: 1")
        assert feed.spans_s.tolist() == [[0.1, 5.0]]


def test_each_controller_of_a_log_has_its_own_gaps(tmp_path: Path) -> None:
    """Controller 8 says nothing for ten minutes, in which 7 and its signals go on."""
    rows = [(at, 7, code, 2) for at in range(0, 1800, 30) for code in (1, 8)]
    rows += [
        (at, 8, code, 2) for at in range(0, 1800, 30) for code in (1, 8) if not 600 < at < 1200
    ]
    rows += [(590, 8, 82, 5), (1210, 8, 81, 5)]
    lines = [f"{START + timedelta(seconds=at):%FT%TZ},{device},{code},{number}\n"
             for at, device, code, number in sorted(rows)]  # fmt: skip
    log = file(tmp_path, LOG.splitlines(keepends=True)[0] + "".join(lines))
    feed = read(log, FeedClock())
    assert feed.spans_s.tolist() == feed.spans_of("7:5").tolist() == [[0.0, 1770.0]]
    assert feed.spans_of("8:5").tolist() == [[0.0, 600.0], [1200.0, 1770.0]]
    assert table_of(feed) == [("8:5", 590.0, 600.0)]
    flows = count_feed(log, (detector("7:1"), detector("8:5")), clock=FeedClock()).flows
    assert flows.coverage[:, 0].tolist() == [1.0, 1.0]
    assert flows.coverage[:, 1].tolist() == pytest.approx([2 / 3, 2 / 3])


def test_controller_log_in_local_time(tmp_path: Path) -> None:
    feed = read(file(tmp_path, LOG), FeedClock(assume_zone="Europe/Berlin"))
    assert feed.start == START.replace(hour=5)


def test_instant_loops(tmp_path: Path) -> None:
    feed = read(file(tmp_path, INSTANT, "instant.xml"))
    assert table_of(feed) == [("a", 1.2, 1.8), ("b", 3.0, 3.5)]
    assert feed.speed_mps.tolist() == [8.0, 7.0]
    assert feed.repairs.lines == ()


def test_packed_outputs_of_sumo(tmp_path: Path) -> None:
    path = tmp_path / "instant.xml.gz"
    packed = gzip.compress(INSTANT.encode())
    path.write_bytes(packed)
    assert table_of(read(path)) == [("a", 1.2, 1.8), ("b", 3.0, 3.5)]
    for damaged in (packed[:-30], packed[:30] + b"\xff" * 20 + packed[50:], packed[:12]):
        path.write_bytes(damaged)
        with pytest.raises(InputError) as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_a_log_without_one_readable_event_gets_one_clear_line(tmp_path: Path) -> None:
    content = "TimeStamp,DeviceId,EventId,Parameter\n2026-03-17 06:30:00,7,many,5\n"
    with pytest.raises(InputError, match="the feed holds no pulse"):
        count_feed(file(tmp_path, content), INVENTORY, clock=FeedClock(assume_zone="UTC"))


def test_e1_intervals_are_flows(tmp_path: Path) -> None:
    feed = open_feed(file(tmp_path, E1, "e1.xml"), INVENTORY, clock=CLOCK)
    assert isinstance(feed, IntervalFlows)
    flows = feed.flows
    assert (flows.start, flows.bin_s) == (START, 60.0)
    assert flows.lanes == ("a_lane", "b_lane")
    assert flows.count_veh.tolist() == [[4.0, 0.0], [1.0, 0.0]]
    assert flows.occupancy.tolist() == [[0.125, 0.0], [0.02, 0.0]]
    assert flows.coverage[:, 0].tolist() == [1.0, 0.5]
    assert flows.speed_mps[0, 0] == 9.0
    assert pd.isna(flows.speed_mps[0, 1])
    assert flows.quality == (Quality.DOUBTED, Quality.DOUBTED)


def test_e1_repeated_rows_are_dropped_and_missing_ones_are_gaps(tmp_path: Path) -> None:
    rows = E1.split("    <interval")
    content = "    <interval".join([rows[0], rows[1], rows[1], rows[2], rows[4]])
    counted = count_feed(file(tmp_path, content, "e1.xml"), INVENTORY, clock=CLOCK)
    assert counted.repairs.lines == ("doubled rows: 1",)
    assert counted.flows.coverage[:, 0].tolist() == [1.0, 0.0]


def test_unknown_and_silent_detectors_are_named(tmp_path: Path) -> None:
    content = "detector,on_s,off_s\na,1,2\nx,2,3\nx,5,6\n"
    counted = count_feed(file(tmp_path, content), INVENTORY)
    assert counted.repairs.unknown_detector_rows == 2
    assert counted.caveats == (
        "the feed does not say when its clock started; bins count from 1970-01-01",
        "1 detectors are not in the inventory: x",
        "1 detectors of the inventory are silent: b",
    )


BAD_FEEDS = {
    "empty": ("feed.csv", "", "the feed is empty"),
    "other table": ("feed.csv", "station,volume\n1,2\n", "no feed of a known form"),
    "other xml": ("feed.xml", "<meandata></meandata>", "<meandata>, which is no detector output"),
    "cut xml": ("feed.xml", E1[:300], r"breaks off or is broken XML \(.*line"),
    "cut instants": ("feed.xml", INSTANT[:200], "breaks off"),
    "no zone": ("feed.csv", LOG, "'TimeStamp': times carry no time zone; .*zone of the feed"),
    "mixed zones": (
        "feed.csv",
        "detector,on,off\na,2026-03-17T06:30:01Z,2026-03-17T06:30:02Z\n"
        "a,2026-03-17T06:30:03,2026-03-17T06:30:04\n",
        "row 2 carries no time zone, others do",
    ),
    "milliseconds": (
        "feed.csv",
        "detector,on_s,off_s\na,1773729000000,1773729000500\n",
        "looks like milliseconds; divide it by 1000",
    ),
    "strangers": ("feed.csv", "detector,on_s,off_s\naa,1,2\n", "such as 'aa' .did you mean 'a'"),
    "no pulse": ("feed.csv", "detector,on_s,off_s\n", "the feed holds no pulse"),
    "no interval": ("feed.xml", "<detector></detector>", "holds no interval"),
    "e1 strangers": ("feed.xml", E1.replace('id="', 'id="x'), "such as 'xa'"),
    "e1 lacks": ("feed.xml", E1.replace("nVehContrib", "n"), "has no attribute 'nVehContrib'"),
    "e1 words": (
        "feed.xml",
        re.sub(r'occupancy="[\d.]+"', 'occupancy="some"', E1),
        "attribute 'occupancy'",
    ),
    "e1 periods": ("feed.xml", E1.replace('end="60.00" id="b"', 'end="30" id="b"'), "same period"),
    "e1 contradicts": ("feed.xml", E1.replace('begin="60.00"', 'begin="0.00"'), "stands twice"),
}


@pytest.mark.parametrize("case", BAD_FEEDS)
def test_a_bad_feed_gets_one_clear_line(case: str, tmp_path: Path) -> None:
    name, content, message = BAD_FEEDS[case]
    path = file(tmp_path, content, name)
    with pytest.raises(InputError, match=message) as caught:
        count_feed(path, INVENTORY)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert "\n" not in line


def test_a_missing_feed_and_a_folder_get_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the feed does not exist; check the path"):
        count_feed(tmp_path / "none.csv", INVENTORY)
    with pytest.raises(InputError, match="cannot be read"):
        count_feed(tmp_path, INVENTORY)


def test_a_truncated_parquet_file_gets_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.parquet"
    pd.read_csv(file(tmp_path, TABLE)).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"feed\.parquet: is not a whole Parquet file of \d+ byt"):
        count_feed(path, INVENTORY)


def test_a_wrong_zone_gets_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'Mars/Base' is not a time zone") as caught:
        read(file(tmp_path, LOG), FeedClock(assume_zone="Mars/Base"))
    assert "\n" not in str(caught.value)


def test_a_table_that_is_cut_mid_row_is_read_up_to_there(tmp_path: Path) -> None:
    counted = count_feed(file(tmp_path, TABLE + "a,5"), INVENTORY, clock=CLOCK)
    assert counted.flows.count_veh.sum() == 3
    assert counted.repairs.lines == ("unreadable rows: 1",)
    assert counted.caveats[-1] == ("the file breaks off in row 4 ('a,5'); what followed is missing")


def test_a_packed_log_that_is_cut_is_read_up_to_there(tmp_path: Path) -> None:
    lines = [
        f"2026-03-17 06:{at // 60:02d}:{at % 60:02d}.0,7,{82 - at % 2},5" for at in range(3000)
    ]
    packed = gzip.compress("\n".join([LOG.splitlines()[0], *lines]).encode())
    path = tmp_path / "log.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    feed = read(path, FeedClock(assume_zone="UTC"))
    assert 300 < len(feed) < 1400
    assert feed.notes[0] == "the packed file breaks off; what followed is missing"
    path.write_bytes(packed)
    assert len(read(path, FeedClock(assume_zone="UTC"))) == 1500


def test_damaged_rows_spoil_only_themselves(tmp_path: Path) -> None:
    rows = "".join(f"a,{at},{at}.5,10\n" for at in range(10, 200_000, 2))
    content = TABLE.encode() + rows.encode() + b'a,soon,3,\nb,"7,8,\n\xff,1,2,3\nb,200010,inf,-\n'
    path = tmp_path / "feed.csv"
    path.write_bytes(content)
    feed = read(path)
    assert feed.repairs.rows == content.count(b"\n") - 1
    assert feed.repairs.unreadable_rows == 1
    assert feed.repairs.rows == feed.repairs.used_rows + feed.repairs.left_out_rows


def log_of(times: Sequence[str]) -> str:
    rows = [f"{time},7,{82 - at % 2},5" for at, time in enumerate(times)]
    return "\n".join(["TimeStamp,DeviceId,EventId,Parameter", *rows, ""])


def minutes(*spans: tuple[int, int]) -> list[str]:
    """Times on 17 March 2026, a row each second from one minute of the day to another."""
    return [
        f"2026-03-17 {at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}"
        for begin, end in spans
        for at in range(begin * 60, end * 60, 1 if end > begin else -1)
    ]


@pytest.mark.parametrize(
    ("times", "steps", "kept_min"),
    [
        (minutes((360, 420), (390, 450)), 1, 90),
        (minutes((360, 420), (420, 390), (390, 450)), 1, 90),
        (minutes((360, 420), (450, 480)), 0, 90),
        (minutes((420, 450), (360, 390)), 0, 60),
        ([*minutes((360, 420)), "2026-03-17 06:10:00", *minutes((420, 430))], 0, 70),
        ([*minutes((360, 420)), "1999-01-01 00:00:00", *minutes((420, 430))], 0, 70),
    ],
    ids=["set back", "ran backwards", "put forward", "parts exchanged", "late row", "lost date"],
)
def test_clocks_that_go_wrong(times: list[str], steps: int, kept_min: int, tmp_path: Path) -> None:
    repairs = read(file(tmp_path, log_of(times)), FeedClock(assume_zone="UTC")).repairs
    assert repairs.rows == len(times) == repairs.used_rows + repairs.left_out_rows
    assert repairs.clock_steps == steps
    assert repairs.wild_times == ("1999-01-01 00:00:00" in times)
    assert abs(repairs.used_rows - 60 * kept_min) <= 125


def test_hours_that_the_change_of_clocks_repeats_and_skips(tmp_path: Path) -> None:
    berlin = FeedClock(assume_zone="Europe/Berlin")
    autumn = [
        f"2026-10-25 {hour}:{at:02d}:00" for hour in ("01", "02", "02", "03") for at in range(60)
    ]
    feed = read(file(tmp_path, log_of(autumn)), berlin)
    assert (len(feed), feed.repairs.repeated_hour_rows) == (120, 120)
    assert feed.on_s.tolist() == [120.0 * at for at in range(120)]
    spring = [f"2026-03-29 {hour}:{at:02d}:00" for hour in ("01", "02") for at in range(60)]
    feed = read(file(tmp_path, log_of(spring)), berlin)
    assert feed.repairs.lines == ("skipped hour rows: 60",)
    assert feed.on_s.tolist() == [120.0 * at for at in range(60)]
