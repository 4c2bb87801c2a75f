"""What the video benchmark says about counts, and what it is asked for."""

import pytest

from benchmarks._video_results import ClipResult, Results, Speed, error_of, misses_of
from citybrain.errors import InputError

pytest.importorskip("cv2")

from benchmarks.video import measure


def clip(name: str, group: str, counted: tuple[int, ...]) -> ClipResult:
    return ClipResult(
        name=name, group=group, truth_veh=(10, 10), citybrain_veh=counted, mog2_veh=(10, 5)
    )


def test_a_vehicle_on_the_wrong_lane_is_two_errors() -> None:
    assert error_of([clip("a", "held out", (9, 11))]) == pytest.approx(0.1)
    assert error_of([clip("a", "held out", (9, 11))], is_peer=True) == pytest.approx(0.25)


def test_clips_are_weighted_by_their_vehicles() -> None:
    one = clip("a", "held out", (10, 10))
    large = ClipResult(
        name="b", group="held out", truth_veh=(80,), citybrain_veh=(70,), mog2_veh=(80,)
    )
    assert error_of([one, large]) == pytest.approx(0.1)


def test_each_missed_target_is_named() -> None:
    results = Results(
        clips=(
            clip("tuned", "tuning", (0, 0)),
            clip("seen", "held out", (10, 10)),
            clip("unseen", "held out, own counts", (6, 10)),
            clip("rain", "rendered, tuning", (10, 9)),
            clip("day", "rendered, held out", (10, 10)),
        ),
        speed=Speed(decode_hps=200, citybrain_hps=100, mog2_hps=10),
        skipped=(),
    )
    first, *others = misses_of(results)
    assert first.startswith("recorded clips, held out: 10.0%")
    assert [line.split(":")[0] for line in others] == ["rain", "speed"]


def test_what_meets_every_target_misses_none() -> None:
    speed = Speed(decode_hps=200, citybrain_hps=150, mog2_hps=10)
    results = Results(clips=(clip("day", "held out", (10, 10)),), speed=speed, skipped=())
    assert misses_of(results) == []


def test_an_unknown_scene_is_refused_before_anything_is_counted() -> None:
    with pytest.raises(InputError, match="is no scene"):
        measure(["day_free", "nowhere"])
