"""Sums that others made: PeMS and UTD19 tables to flows, their units, gaps, doubles and zones."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.model.flows import Quality
from detectors.feed import CountedFeed, FeedClock, count_feed
from tests.detectors.feeds import detector

LOS_ANGELES = FeedClock(assume_zone="America/Los_Angeles")
ZURICH = FeedClock(assume_zone="Europe/Zurich")
STATION = (detector("400001"), detector("400001:1"), detector("400001:2"))
HEADER = (
    "Timestamp,Station,District,Freeway #,Direction of Travel,Lane Type,Station Length,Samples,"
    "% Observed,Total Flow,Avg Occupancy,Avg Speed,Lane 1 Samples,Lane 1 Flow,Lane 1 Avg Occ,"
    "Lane 1 Avg Speed,Lane 1 Observed,Lane 2 Samples,Lane 2 Flow,Lane 2 Avg Occ,"
    "Lane 2 Avg Speed,Lane 2 Observed\n"
)


def pems_row(time: str, observed: int = 100, first: int = 20, seen: str = "1,1") -> str:
    one, two = seen.split(",")
    return (
        f"{time},400001,4,101,N,ML,.5,20,{observed},{first + 30},.04,60,"
        f"10,{first},.05,62,{one},10,30,.03,58,{two}\n"
    )


PEMS = "".join(pems_row(f"03/17/2026 08:{at:02d}:00", first=at) for at in (0, 5, 10, 15))


def counted(
    folder: Path,
    content: str,
    clock: FeedClock = LOS_ANGELES,
    inventory: tuple = STATION,
    name: str = "station.txt",
) -> CountedFeed:
    path = folder / name
    data = content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    return count_feed(path, inventory, clock=clock)


@pytest.mark.parametrize("name", ["d04_text_station_5min_2026_03_17.txt.gz", "station.txt"])
@pytest.mark.parametrize("header", ["", HEADER])
def test_pems_with_and_without_header_packed_or_not(name: str, header: str, tmp_path: Path) -> None:
    found = counted(tmp_path, header + PEMS, name=name)
    flows = found.flows
    assert flows.start.isoformat() == "2026-03-17T15:00:00+00:00"
    assert (flows.bin_s, flows.bin_count) == (300.0, 4)
    assert flows.count_veh.tolist() == [[at + 30, at, 30] for at in (0, 5, 10, 15)]
    assert flows.occupancy[0].tolist() == [0.04, 0.05, 0.03]
    np.testing.assert_allclose(flows.speed_mps[0], [26.82, 27.72, 25.93], atol=0.01)
    assert flows.quality == (Quality.BELIEVED,) * 3
    assert found.repairs.lines == ()
    assert found.repairs.rows == found.repairs.used_rows == 4


def test_what_pems_imputed_is_not_counted(tmp_path: Path) -> None:
    found = counted(tmp_path, PEMS + pems_row("03/17/2026 08:20:00", 50, 20, "1,0"))
    flows = found.flows
    assert flows.count_veh[4].tolist() == [25.0, 20.0, 0.0]
    assert flows.coverage[4].tolist() == [0.5, 1.0, 0.0]
    assert flows.mean_flows_vph["400001:2_lane"] == pytest.approx(360)
    assert flows.quality == (Quality.BELIEVED, Quality.BELIEVED, Quality.DOUBTED)
    assert (flows.low_veh[4, 2], flows.high_veh[4, 2]) == (0.0, np.inf)
    assert found.repairs.flagged_rows == 1


def test_gaps_doubles_and_unreadable_rows_of_pems(tmp_path: Path) -> None:
    damaged = [
        pems_row("03/17/2026 08:15:00", first=99),
        pems_row("never"),
        PEMS[:40] + "\n",
        pems_row("03/17/2026 08:40:00"),
        pems_row("03/17/2026 08:45:00")
        .replace(",50,.04", ",many,.04")
        .replace("20,.05", "x,.05")
        .replace("30,.03", "-9,.03"),
    ]
    found = counted(tmp_path, PEMS + "".join(damaged))
    assert found.flows.bin_count == 9
    assert found.flows.coverage[4:8].sum() == 0
    assert found.flows.count_veh[3, 1] == 15
    repairs = found.repairs
    assert (repairs.rows, repairs.used_rows) == (9, 5)
    assert (repairs.doubled_rows, repairs.unreadable_rows) == (1, 3)


def test_pems_needs_a_zone_and_a_known_station(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"column 'timestamp': times carry no time zone"):
        counted(tmp_path, PEMS, FeedClock())
    with pytest.raises(InputError, match="such as '400001'"):
        counted(tmp_path, PEMS, inventory=(detector("1"),))


LOOPS = (detector("K1"), detector("K2"))


def utd19(day: str, times_s: list[int], detid: str = "K1", error: str = "0") -> str:
    return "".join(f"{day},{at},{detid},{480 + at % 7},0.12,{error},zurich,36\n" for at in times_s)


UTD19 = "day,interval,detid,flow,occ,error,city,speed\n"


def test_utd19_units_and_local_time(tmp_path: Path) -> None:
    content = UTD19 + utd19("2026-03-17", [0, 180, 360]) + utd19("2026-03-17", [0, 360], "K2")
    flows = counted(tmp_path, content, ZURICH, LOOPS, "utd19.csv").flows
    assert flows.start.isoformat() == "2026-03-16T23:00:00+00:00"
    assert (flows.bin_s, flows.bin_count) == (180.0, 3)
    np.testing.assert_allclose(flows.count_veh[:, 0], [24.0, 24.25, 24.15])
    assert (
        flows.speed_mps[0, 0]
        == flows.mean_flows_vph["K1_lane"] / flows.mean_flows_vph["K1_lane"] * 10.0
    )
    assert flows.coverage[:, 1].tolist() == [1.0, 0.0, 1.0]
    assert flows.quality == (Quality.BELIEVED, Quality.DOUBTED)


def test_an_empty_detector_of_utd19_spoils_only_its_row(tmp_path: Path) -> None:
    content = UTD19 + utd19("2026-03-17", [0, 180, 360], "017") + utd19("2026-03-17", [540], "")
    found = counted(tmp_path, content, ZURICH, (detector("017"),), "utd19.csv")
    assert found.flows.count_veh[:, 0].tolist() == pytest.approx([24.0, 24.25, 24.15])
    assert found.repairs.unreadable_rows == 1


def test_utd19_errors_are_not_counted_and_doubt_their_lane(tmp_path: Path) -> None:
    content = UTD19 + utd19("2026-03-17", [0, 180, 360]) + utd19("2026-03-17", [540], error="1")
    found = counted(tmp_path, content, ZURICH, LOOPS, "utd19.csv")
    assert found.flows.coverage[:, 0].tolist() == [1, 1, 1, 0]
    assert found.flows.quality[0] is Quality.DOUBTED
    assert found.repairs.lines == ("flagged rows: 1",)
    assert found.caveats == ("1 detectors of the inventory are silent: K2",)


@pytest.mark.parametrize(
    ("day", "times_s", "bins", "repair"),
    [
        ("2026-10-25", [*range(0, 10800, 300), *range(7200, 14400, 300)], 60, "repeated"),
        ("2026-10-25", sorted([*range(0, 10800, 300), *range(7200, 14400, 300)]), 60, "repeated"),
        ("2026-03-29", [*range(0, 7200, 300), *range(10800, 14400, 300)], 36, ""),
    ],
)
def test_days_of_23_and_25_hours(
    day: str, times_s: list[int], bins: int, repair: str, tmp_path: Path
) -> None:
    found = counted(tmp_path, UTD19 + utd19(day, times_s), ZURICH, LOOPS[:1], "utd19.csv")
    assert found.flows.bin_count == bins
    assert np.all(found.flows.coverage == 1.0)
    assert (found.repairs.repeated_hour_rows, found.repairs.doubled_rows) == (24 * bool(repair), 0)
