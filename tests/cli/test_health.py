"""Health of detectors on the command line: a line for each fault, a picture, an exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from citybrain.cli.main import run
from citybrain.store.flows import read_flows

HOURS_S = 7200.0
SILENT_FROM_S = 3600.0


def feed_of(folder: Path, *, has_fault: bool) -> tuple[str, str]:
    """Write two hours of three lanes and their inventory; one falls silent after an hour."""
    draw = np.random.default_rng(4)
    rows = []
    for name in ("a", "b", "c"):
        on_s = np.cumsum(2.0 + draw.exponential(6.0, 2000))
        last_s = SILENT_FROM_S if has_fault and name == "b" else HOURS_S - 5
        rows += [
            (name, on, on + length)
            for on, length in zip(on_s, draw.uniform(0.3, 0.8, 2000), strict=True)
            if on < last_s
        ]
    pd.DataFrame(rows, columns=["detector", "on_s", "off_s"]).to_csv(
        folder / "pulses.csv", index=False
    )
    tables = [
        f'[[detector]]\nid = "{name}"\nlane = "in_{name}"\ndistance_to_stop_line_m = 1.0\n'
        'length_m = 2.0\nkind = "stop_bar"\n'
        for name in ("a", "b", "c")
    ]
    (folder / "detectors.toml").write_text("".join(tables))
    return str(folder / "pulses.csv"), str(folder / "detectors.toml")


def test_a_sound_feed_is_believed_and_exits_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed, inventory = feed_of(tmp_path, has_fault=False)
    assert run(["health", feed, "--detectors", inventory]) == 0
    assert "3 detectors, 3 believed throughout" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["health.svg", "health.html"])
def test_a_fault_is_a_line_a_bar_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    feed, inventory = feed_of(tmp_path, has_fault=True)
    picture = tmp_path / name
    assert run(["health", feed, "--detectors", inventory, "--out", str(picture), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["detectors"]
    assert [(row["detector"], row["answer"], row["reason"]) for row in told] == [
        ("b", "dead", "silent")
    ]
    text = (
        picture.read_text().removeprefix("<!DOCTYPE html>\n").replace('<meta charset="utf-8">', "")
    )
    bars = [each for each in ElementTree.fromstring(text).iter() if each.tag.endswith("rect")]
    dead = [bar for bar in bars if bar.get("class") == "dead" and len(bar)]
    assert [bar[0].text for bar in dead] == ["b: dead silent"]
    assert float(dead[0].get("width", 0)) > 300


def test_a_picture_of_another_kind_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "health.pdf")
    assert run(["health", "none.csv", "--detectors", "none.toml", "--out", out]) == 2
    assert "health.svg" in capsys.readouterr().err


def test_count_tells_the_health_and_fills_the_dead_lane(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed, inventory = feed_of(tmp_path, has_fault=True)
    out = tmp_path / "flows.parquet"
    order = ["count", feed, "--detectors", inventory, "--out", str(out)]
    assert run(order) == 0
    shown = capsys.readouterr().out
    assert "b dead: silent, 01 Jan 01:00 to 02:00" in shown
    assert "imputed   12 bins" in shown
    assert run([*order, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["imputed_bins"] == 12
    assert [row["reason"] for row in told["health"]] == ["silent"]
    flows = read_flows(out)
    lane = flows.lanes.index("in_b")
    assert np.asarray(flows.imputed)[:, lane].tolist() == [False] * 12 + [True] * 12
    assert np.asarray(flows.count_veh)[12:, lane].min() > 20
    assert not np.asarray(flows.heard_veh)[12:, lane].any()
