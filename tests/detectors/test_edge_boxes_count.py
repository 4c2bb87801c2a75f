"""The command ``count`` for boxes, and laws that hold for any feed of boxes."""

import json
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.cli.main import run
from citybrain.errors import InputError
from citybrain.store.flows import read_flows
from detectors.readers.edge_boxes import read_edge_boxes
from detectors.tracking.zones import MovementCounter, Zone, ZoneKind
from tests.detectors.edge_feeds import LINES, ZONES, frame_rows, write_lines
from tests.detectors.tracking_kit import Frame, box, frames


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    (tmp_path / "lines.toml").write_text(LINES + ZONES, encoding="utf-8")
    return write_lines(tmp_path / "boxes.jsonl", frame_rows())


def test_count_writes_flows_and_turning_counts(
    feed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = feed.with_name("flows.parquet")
    arguments = [str(feed), "--lines", str(feed.with_name("lines.toml")), "--out", str(out)]
    assert run(["count", *arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lanes"] == {"in_0": 1, "in_1": 1}
    assert {one["movement"]: one["vehicles"] for one in told["movements"]} == {
        "left": 1,
        "through": 1,
    }
    assert read_flows(out).lanes == ("in_0", "in_1")
    table = pd.read_csv(out.with_name("flows.movements.csv"))
    assert table["count_veh"].sum() == 2
    assert run(["count", *arguments]) == 0
    assert "through" in capsys.readouterr().out


def test_zones_alone_give_movements_alone(feed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, out = feed.with_name("lines.toml"), feed.with_name("flows.parquet")
    lines.write_text(ZONES, encoding="utf-8")
    assert run(["count", str(feed), "--lines", str(lines), "--out", str(out), "--json"]) == 0
    assert "lanes" not in json.loads(capsys.readouterr().out)
    assert not out.exists()


def test_feed_that_cannot_be_read_is_one_line(
    feed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed.write_text("no boxes\n")
    assert run(["count", str(feed), "--lines", str(feed.with_name("lines.toml"))]) == 2
    assert "no line of it can be read (no JSON: 1)" in " ".join(capsys.readouterr().err.split())


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(["timestamp", "frame_id", "objects", "bbox", "id", "label", "score", "x"])


@settings(deadline=None, max_examples=60)
@given(
    damages=st.lists(
        st.tuples(st.integers(0, 70), st.dictionaries(KEYS, VALUES, min_size=1)), max_size=8
    ),
    texts=st.lists(st.text(max_size=30), max_size=4),
)
def test_whatever_is_damaged_all_rows_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    damages: list[tuple[int, dict[str, object]]],
    texts: list[str],
) -> None:
    rows = frame_rows()
    for at, damage in damages:
        rows[at] = {**rows[at], **deepcopy(damage)}
        for one in rows[at]["objects"] if isinstance(rows[at]["objects"], list) else []:
            if isinstance(one, dict):
                one.update(deepcopy(damage))
    path = tmp_path_factory.mktemp("fuzz") / "boxes.jsonl"
    lines = [*(json.dumps(row) for row in rows), *texts]
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    try:
        edge = read_edge_boxes(path)
    except InputError:
        return  # refused in one line, such as for a mix of cameras or clocks
    assert edge.repairs.rows == edge.repairs.used_rows + edge.repairs.left_out_rows
    assert edge.repairs.rows >= len(edge.boxes)


def square(name: str, kind: ZoneKind, left: float, top: float) -> Zone:
    corners = ((left, top), (left + 100, top), (left + 100, top + 100), (left, top + 100))
    return Zone(name=name, kind=kind, corners_px=corners)


def moved(rows: list[Frame], *zones: Zone) -> list[tuple[int, int]]:
    counter = MovementCounter(zones)
    counter.add(*frames(rows))
    counter.finish()
    found = counter.take()
    return list(zip(found.entry.tolist(), found.exit.tolist(), strict=True))


NORTH = square("north", ZoneKind.BOTH, 0, 0)
SOUTH = square("south", ZoneKind.BOTH, 0, 300)


def test_vehicle_that_turns_round_leaves_by_where_it_came() -> None:
    bottoms = [*range(10, 250, 10), *range(250, 10, -10)]
    assert moved([{1: box(50, y)} for y in bottoms], NORTH, SOUTH) == [(0, 0)]


def test_vehicle_that_waits_in_its_zone_has_made_no_movement() -> None:
    assert moved([{1: box(50, 50 + k % 3)} for k in range(100)], NORTH, SOUTH) == []


def test_path_that_cuts_the_corner_of_another_exit_leaves_by_the_last() -> None:
    corner = square("west", ZoneKind.EXIT, 0, 150)
    rows: list[Frame] = [{1: box(50, y)} for y in range(10, 390, 10)]
    assert moved(rows, NORTH, SOUTH, corner) == [(0, 1)]
