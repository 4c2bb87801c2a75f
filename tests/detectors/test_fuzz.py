"""Damaged feeds: every one is either counted or refused with one clear line."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks._fuzz_feeds import FORMS, Form
from benchmarks.fuzz import PARQUET, outcome_of
from citybrain.errors import InputError
from detectors.feed import FeedClock, count_feed
from tests.detectors.feeds import START, detector
from tests.detectors.test_aggregate import PEMS, UTD19, utd19
from tests.detectors.test_readers import E1, INSTANT, LOG, TABLE

NAMES = ("a", "b", "7:5", "400001", "400001:1", "K1")
INVENTORY = tuple(detector(name) for name in NAMES)
CLOCK = FeedClock(assume_zone="UTC", recorded=(START, START + timedelta(seconds=1800)))
FEEDS = {
    "table": TABLE * 3,
    "log": LOG,
    "instant": INSTANT,
    "e1": E1,
    "pems": PEMS,
    "utd19": UTD19 + utd19("2026-03-17", [0, 180, 360]),
}
JUNK = st.sampled_from(["", ",", "\n", '"', "<", ">", "é", "\x00", "9" * 30, "-", "nan", "1e400"])


@pytest.mark.parametrize("form", FEEDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    edits=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 12), JUNK), max_size=4),
    recorded=st.booleans(),
)
def test_damaged_feed(
    form: str, edits: list[tuple[int, int, str]], recorded: bool, tmp_path: Path
) -> None:
    text = FEEDS[form]
    for at, length, junk in edits:
        text = text[:at] + junk + text[at + length :]
    path = tmp_path / "feed"
    path.write_text(text, encoding="utf-8")
    refusal = ""
    try:
        counted = count_feed(path, INVENTORY, clock=CLOCK if recorded else FeedClock())
        assert counted.flows.count_veh.min() >= 0
        repairs = counted.repairs
        assert repairs.rows == repairs.used_rows + repairs.left_out_rows
    except InputError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert not refusal or str(path) in refusal


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200), magic=st.sampled_from([b"", b"PAR1", b"<", b"\xff\xfe"]))
def test_any_bytes(content: bytes, magic: bytes, tmp_path: Path) -> None:
    path = tmp_path / "feed"
    path.write_bytes(magic + content)
    with pytest.raises(InputError) as caught:
        count_feed(path, INVENTORY, clock=CLOCK)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", [*FORMS, PARQUET], ids=lambda form: form.name)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_thousands_of_damaged_rows_are_all_accounted_for(form: Form, seed: int) -> None:
    assert outcome_of(form, 3000, seed).fault == ""
