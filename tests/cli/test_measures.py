"""``citybrain measures``: shown in the terminal, written to a file, one line for bad input."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.towns import Terminal

CONFIG = (
    "DeviceId,Phase,Function,Parameter,Distance_m\n7,2,Advance,5,60\n7,2,Presence,6,\n"
    "7,2,Stopbar Count,9,\n7,2,Yellow_Red,8,\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Ten cycles of 90 s: a queue over the advance detector, then its discharge."""
    events: list[tuple[float, int, int]] = []
    for start in range(0, 900, 90):
        events += [(start, 10, 2), (start + 40, 1, 2), (start + 75, 8, 2)]
        pulses = [(5, start + 20.0, start + 52.0)]
        pulses += [(5, start + at, start + at + 0.7) for at in (53.3, 55.2, 57.2, 66.0)]
        pulses += [(9, start + 41.0 + 2 * k, start + 41.2 + 2 * k) for k in range(12)]
        pulses += [(6, start + 10.0, start + 70.0)]
        for channel, on, off in pulses:
            events += [(on, 82, channel), (off, 81, channel)]
    events += [(900.0, 10, 2), (3.0, 320, 1)]
    zero = pd.Timestamp("2026-03-17 07:00")
    rows = [
        f"{(zero + pd.Timedelta(seconds=at)).isoformat(timespec='milliseconds')},7,{code},{number}"
        for at, code, number in sorted(events)
    ]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["TimeStamp,DeviceId,EventId,Parameter", *rows, ""]))
    (tmp_path / "config.csv").write_text(CONFIG)
    return path


def test_measures_are_shown_and_written(terminal: Terminal, log: Path, out: Path) -> None:
    told = terminal(
        *("measures", log, "--config", log.parent / "config.csv", "--zone", "Europe/Berlin"),
        *("--out", out / "m.parquet"),
    )
    assert told.code == 0
    assert "320 (1 times)" in told.output
    assert "7:9       phase 2, Stopbar Count: saturation flow 1800 veh/h" in told.output
    assert "7:5       phase 2, Advance: queue mean 79, longest 79 m; " in told.output
    table = pd.read_parquet(out / "m.parquet").set_index("measure")["value"]
    assert table["split_failures"].sum() == 0
    assert table.loc[["occupancy_on_green"]].iloc[0] == pytest.approx(30 / 35, abs=0.01)
    assert table["saturation_flow_vph"] == pytest.approx(1800)
    assert len(table["queue_m"]) == 10


def test_measures_as_json_and_bad_input(terminal: Terminal, log: Path) -> None:
    config = log.parent / "config.csv"
    content = json.loads(
        terminal("measures", log, "--config", config, "--zone", "UTC", "--json").output
    )
    assert content["events"]["code 320"] == 1
    assert content["repairs"]["unknown_events"] == 1
    assert {lane["detector"] for lane in content["lanes"]} == {5, 6, 9}
    for words in (("measures", log, "--config", config), ("measures", config, "--config", config)):
        assert terminal(*words).code == 2
    assert terminal("measures", log.parent / "none", "--config", config).code == 2


def test_what_the_measures_mend_is_told(terminal: Terminal, log: Path) -> None:
    day = "2026-03-17T07:14"
    faults = ("50,7,82,5", "50,7,82,5", "52,7,82,5", "53,7,81,5", "54,7,81,5", "55,7,82,300")
    with log.open("a") as file:
        file.writelines(f"{day}:{row}\n" for row in faults)
    words = ("measures", log, "--config", log.parent / "config.csv", "--zone", "UTC")
    told = " ".join(terminal(*words).output.split())
    assert "lost offs: 1, lost ons: 1, doubled rows: 1" in told
    assert "note events of no phase or channel from 0 to 255" in told
    repairs = json.loads(terminal(*words, "--json").output)["repairs"]
    assert (repairs["lost_offs"], repairs["lost_ons"], repairs["doubled_rows"]) == (1, 1, 1)
    assert repairs["used_rows"] == repairs["rows"] - 2


@pytest.mark.parametrize("row", ["99,2,Advance,5,", "7,2,Gate,5,", "7,2,Presence,33,"])
def test_a_configuration_of_another_log_is_refused(terminal: Terminal, log: Path, row: str) -> None:
    config = log.parent / "config.csv"
    config.write_text(CONFIG.splitlines()[0] + f"\n{row}\n")
    told = terminal("measures", log, "--config", config, "--zone", "UTC")
    assert told.code == 2
    assert "no row of it names a controller" in told.errors


def test_a_detector_that_never_speaks_tells_nothing(terminal: Terminal, log: Path) -> None:
    (log.parent / "config.csv").write_text(CONFIG + "7,4,Presence,33,\n")
    told = terminal("measures", log, "--config", log.parent / "config.csv", "--zone", "UTC")
    assert "names what the log has not: channel 7:8, channel 7:33" in " ".join(told.output.split())
    assert told.code == 0


def test_the_terminal_shows_means_over_pedestrians_not_bins(terminal: Terminal, log: Path) -> None:
    times = ("00:10,45", "00:20,21", "00:30,45", "00:40,21", "14:00,45", "15:40,21")
    with log.open("a") as file:
        for at, code in (time.split(",") for time in times):
            file.write(f"2026-03-17T07:{at},7,{code},2\n")
    words = ("measures", log, "--config", log.parent / "config.csv", "--zone", "UTC")
    row = next(line.split() for line in terminal(*words).output.splitlines() if " 10 " in line)
    assert row[-1] == "40.00"
