"""The benchmark of health can fail: it names what it missed, and only what could be told."""

from dataclasses import replace

import numpy as np

from benchmarks._health_faults import ALONE, with_fault
from benchmarks._health_filling import Filled
from benchmarks.health import Report, Trial, missed
from tests.detectors.test_health_neighbours import END_S, FROM_S, street

FOUND = Trial(detector="d", kind="halved", flow_vph=300.0, found="halved", after_s=900.0, others=())
COVERED = Filled(
    hidden="90 min",
    bins=9,
    mean_veh=9.0,
    coverage=0.96,
    width_veh=9.0,
    error=0.1,
    own_width_veh=3.0,
)
GOOD = Report(feed="log", clean=1, alarms=(), trials=(FOUND,) * 19, filled=(COVERED,))


def test_a_kind_found_too_seldom_is_missed_unless_there_was_too_little_traffic() -> None:
    lost = replace(FOUND, found=None, after_s=None)
    assert missed(replace(GOOD, trials=(*GOOD.trials, lost))) == []
    [line] = missed(replace(GOOD, trials=(*GOOD.trials, lost, lost)))
    assert line == "log, halved: found 90.5% of those to be told"
    quiet = replace(lost, flow_vph=20.0)
    assert missed(replace(GOOD, trials=(*GOOD.trials, quiet, quiet))) == []


def test_an_accused_clean_detector_and_a_narrow_interval_are_missed() -> None:
    assert missed(replace(GOOD, alarms=("d stuck on",))) == [
        "log: clean detector accused: d stuck on"
    ]
    [line] = missed(replace(GOOD, filled=(replace(COVERED, coverage=0.9),)))
    assert line == "log, 90 min: 90.0% of filled bins covered"


def test_faults_begin_when_they_say_and_leave_everything_else_alone() -> None:
    sound = street()
    at = sound.names.index("near0")
    for kind in ALONE:
        feed = with_fault(sound, "near0", kind, FROM_S, np.random.default_rng(3))
        for pulses, others in ((sound, feed), (feed, sound)):
            kept = (pulses.detector != at) | (pulses.on_s < FROM_S)
            also = (others.detector != at) | (others.on_s < FROM_S)
            np.testing.assert_array_equal(pulses.on_s[kept], others.on_s[also])
        assert feed.off_s.max() <= END_S
        late = int(np.sum((feed.detector == at) & (feed.on_s >= FROM_S)))
        usual = int(np.sum((sound.detector == at) & (sound.on_s >= FROM_S)))
        least, most = {
            "stuck": (1, 1), "silent": (0, 0), "chatter": (3 * usual, 12 * usual),
            "halved": (0.4 * usual, 0.6 * usual), "doubled": (1.9 * usual, 2 * usual),
            "delayed": (0.9 * usual, usual),
        }[kind]  # fmt: skip
        assert least <= late <= most
