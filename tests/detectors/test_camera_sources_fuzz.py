"""Broken bytes in real videos, and times that cannot be believed."""

import math
import os
import select
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.errors import InputError
from detectors.camera.sources import Frames, Gap, StreamLimits, open_stream
from detectors.camera.sources.timing import FrameClock, LiveClock, believed_rate_hps
from detectors.camera.sources.wire import HEAD, WireError, receive, send
from tests.detectors.camera_sources_kit import Corner, write_clip

LIMITS = StreamLimits(open_s=3.0, frame_s=2.0, restarts=1)


@pytest.mark.integration
@pytest.mark.parametrize("codec", ["mp4v", "MJPG"])
def test_flipped_bytes_never_stop_the_parent(tmp_path: Path, codec: str) -> None:
    path = write_clip(tmp_path / ("a.mp4" if codec == "mp4v" else "a.avi"), 40, codec)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    outcomes = {"refused": 0, "read": 0}
    for seed in range(14):
        rng = np.random.default_rng(seed)
        broken = whole.copy()
        count = int(rng.choice([1, 8, 64, 400]))
        reach = broken.size if seed % 2 else min(broken.size, 600)
        broken[rng.integers(0, reach, count)] = rng.integers(0, 256, count, dtype=np.uint8)
        if seed % 7 == 6:
            broken = broken[: int(rng.integers(1, broken.size))]
        path.write_bytes(broken.tobytes())
        outcomes[_outcome(path)] += 1
    assert sum(outcomes.values()) == 14
    assert outcomes["read"] > 0


def _outcome(path: Path) -> str:
    began_s = time.monotonic()
    try:
        with open_stream(path, Corner, LIMITS) as stream:
            last_s = -1.0
            for part in stream:
                if isinstance(part, Frames):
                    assert part.time_s[0] > last_s
                    assert part.data.shape[1:] == (4, 8)
                    last_s = float(part.time_s[-1])
                else:
                    assert isinstance(part, Gap)
                    assert "\n" not in part.reason
        outcome = "read"
    except InputError:
        outcome = "refused"
    assert time.monotonic() - began_s < 10
    return outcome


stamps = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10, 1e4)


@given(st.lists(stamps, min_size=1, max_size=80), st.floats(0.1, 400.0) | st.just(math.nan))
def test_times_of_frames_always_increase(stamps_s: list[float], rate_hps: float) -> None:
    clock = FrameClock(rate_hps)
    times_s = np.array([clock.time_s(stamp_s) for stamp_s in stamps_s])
    assert times_s[0] == 0.0
    assert np.all(np.isfinite(times_s))
    assert np.all(np.diff(times_s) > 0)


def test_variable_rate_is_kept() -> None:
    clock = FrameClock(25.0)
    given_s = [3.0, 3.04, 3.2, 3.21, 9.0]
    assert [clock.time_s(s) for s in given_s] == pytest.approx([0, 0.04, 0.2, 0.21, 6.0])
    assert clock.repaired == 0


def test_constant_times_are_repaired_from_the_rate() -> None:
    clock = FrameClock(10.0)
    assert [clock.time_s(0.0) for _ in range(5)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert clock.repaired == 4


def test_clock_that_is_set_back_goes_on() -> None:
    clock = FrameClock(10.0)
    given_s = [100.0, 100.1, 100.2, 0.0, 0.1, 0.2, 0.3, 0.4]
    times_s = [clock.time_s(s) for s in given_s]
    assert times_s == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert clock.repaired == 3
    assert clock.set_back == 1


def test_time_far_beyond_the_end_moves_nothing() -> None:
    clock = FrameClock(10.0, 100)
    given_s = [0.0, 0.1, 9000.0, 0.3, 0.4]
    assert [clock.time_s(s) for s in given_s] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_one_late_time_moves_no_other() -> None:
    clock = FrameClock(10.0)
    given_s = [0.0, 0.1, 0.05, 0.3, 0.4]
    assert [clock.time_s(s) for s in given_s] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_burst_of_a_live_stream_keeps_the_times_of_filming() -> None:
    clock = LiveClock(by_arrival=False)
    arrivals_s = [10.0, 10.0, 10.0, 10.01, 10.04, 10.08]
    for number, arrived_s in enumerate(arrivals_s):
        clock.saw(0.04 * number, arrived_s)
    filmed_s = [clock.instant_s(0.04 * k, at_s) for k, at_s in enumerate(arrivals_s)]
    assert np.diff(filmed_s) == pytest.approx(0.04)
    assert filmed_s[-1] <= arrivals_s[-1]


def test_stall_of_the_network_keeps_the_times_of_filming() -> None:
    clock = LiveClock(by_arrival=False)
    arrivals_s = [0.04 * k if not 100 <= k < 175 else 7.0 for k in range(300)]
    for number, arrived_s in enumerate(arrivals_s):
        clock.saw(0.04 * number, arrived_s)
        assert clock.instant_s(0.04 * number, arrived_s) == pytest.approx(0.04 * number)
    assert not clock.by_arrival


@pytest.mark.parametrize("factor", [0.0, 0.4, 2.5])
def test_live_times_that_run_away_give_way_to_arrival(factor: float) -> None:
    clock = LiveClock(by_arrival=False)
    filmed_s = 0.0
    for number in range(1000):
        arrived_s = 100.0 + 0.04 * number
        clock.saw(0.04 * number * factor, arrived_s)
        before_s, filmed_s = filmed_s, clock.instant_s(0.04 * number * factor, arrived_s)
        assert filmed_s > before_s
    assert clock.by_arrival
    assert filmed_s == pytest.approx(100.0 + 0.04 * 999, abs=0.1)


@pytest.mark.parametrize(("rate_hps", "known"), [(25.0, True), (0.0, False), (90_000.0, False)])
def test_rate_that_no_camera_has_is_not_believed(rate_hps: float, known: bool) -> None:
    assert math.isfinite(believed_rate_hps(rate_hps)) is known


@given(st.binary(min_size=1, max_size=200))
def test_nothing_a_decoder_sends_is_believed(text: bytes) -> None:
    reads, writes = os.pipe()
    os.write(writes, text)
    os.close(writes)
    try:
        message = receive(reads, 1.0)
        assert message is None or isinstance(message[0], dict)
    except WireError:
        assert len(text) >= HEAD.size
    finally:
        os.close(reads)


def test_message_that_does_not_come_is_waited_for_no_longer_than_said() -> None:
    reads, writes = os.pipe()
    send(writes, {"kind": "x"}, np.arange(3).data)
    head, body = receive(reads, 1.0) or ({}, bytearray())
    assert head == {"kind": "x"}
    assert np.frombuffer(body, np.int64).tolist() == [0, 1, 2]
    assert not select.select([reads], [], [], 0)[0]
    with pytest.raises(TimeoutError):
        receive(reads, 0.01)
    os.close(writes)
    assert receive(reads, 0.1) is None
    os.close(reads)
