"""Following what moves in a picture: identities last, also where several are one blob."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.camera.blobs.follower import FollowBlobs
from detectors.camera.blobs.moving import Blobs
from detectors.camera.blobs.parts import parted
from detectors.camera.blobs.sizes import LEAST, UsualSizes
from detectors.camera.blobs.vehicle import Vehicle, joined, new_trails
from detectors.camera.sources.stream import StreamInfo
from detectors.tracking.boxes import Boxes
from detectors.tracking.zones import TURN_S, MovementCounter, Zone, ZoneKind

WIDTH, HEIGHT, RATE_HPS = 320, 180, 10.0
INFO = StreamInfo(
    width_px=WIDTH, height_px=HEIGHT, rate_hps=RATE_HPS, is_live=False, frame_count=None
)
CAR = (44, 24)
KNOWN_FRAMES = 600
Picture = NDArray[np.uint8]
Place = tuple[float, float]
Way = Callable[[float], Place | None]


@pytest.fixture(scope="module")
def street() -> Picture:
    dice = np.random.default_rng(1)
    return np.asarray(110 + dice.integers(-4, 5, (HEIGHT, WIDTH, 3)), np.uint8)


@pytest.fixture(scope="module")
def cars() -> list[Picture]:
    """Return what cars look like: patches of light and dark."""
    dice = np.random.default_rng(2)
    rough = dice.integers(0, 2, (2, CAR[1] // 6, CAR[0] // 4, 3)) * 200 + 20
    return [np.kron(one, np.ones((6, 4, 1))).astype(np.uint8) for one in rough]


def followed(
    street: Picture, cars: Sequence[Picture], ways: Sequence[Way], until_s: float
) -> list[NDArray[np.float32]]:
    """Return the rows of each frame while cars go their ways on a street that is known."""
    follow, rows = FollowBlobs(INFO), []
    for _ in range(KNOWN_FRAMES):
        follow(street)
    for frame in range(round(until_s * RATE_HPS)):
        picture = street.copy()
        for car, way in zip(cars, ways, strict=False):
            at = way(frame / RATE_HPS)
            if at is not None:
                x, y = round(at[0]), round(at[1])
                picture[y : y + CAR[1], x : x + CAR[0]] = car
        table = follow(picture)
        rows.append(table[~np.isnan(table[:, 4])])
    return rows


def identities(rows: Sequence[NDArray[np.float32]]) -> set[int]:
    return {int(row[6]) for frame in rows for row in frame}


def test_a_car_that_stands_for_half_a_minute_keeps_its_identity(
    street: Picture, cars: list[Picture]
) -> None:
    def way(time_s: float) -> Place:
        driven_s = min(time_s, 2.0) + max(0.0, time_s - 32.0)
        return 5 + 60 * driven_s, 70

    rows = followed(street, cars, [way], 34.0)
    assert identities(rows) == {1}
    for frame in (10, 200, 339):
        (row,) = rows[frame]
        left = way(frame / RATE_HPS)[0]
        assert row[0] == pytest.approx(left, abs=6)
        assert row[2] == pytest.approx(left + CAR[0], abs=6)


def test_two_that_come_as_one_blob_are_two_when_they_part(
    street: Picture, cars: list[Picture]
) -> None:
    def first(time_s: float) -> Place:
        return 100 + 20 * max(0.0, time_s - 3.0) ** 2, 70

    def second(_: float) -> Place:
        return 100 - CAR[0], 70

    rows = followed(street, cars, [first, second], 5.5)
    assert len(rows[20]) == 1
    assert len(rows[-1]) == 2
    parents = {int(row[6]): int(row[7]) for row in rows[-1]}
    assert sorted(parents.values()) == [-1, 1]


def test_two_that_touch_for_a_while_keep_their_identities(
    street: Picture, cars: list[Picture]
) -> None:
    """A car drives up behind another one, stands there as one blob with it, and is left alone."""

    def first(time_s: float) -> Place:
        return 150 + 30 * max(0.0, time_s - 6.0) ** 2, 70

    def second(time_s: float) -> Place | None:
        return (min(10 + 50 * (time_s - 1.0), 150 - CAR[0]), 70) if time_s > 1.0 else None

    rows = followed(street, cars, [first, second], 7.5)
    assert identities(rows) == {1, 2}
    ends = {int(row[6]): float(row[0]) for row in rows[-1]}
    assert ends[2] == pytest.approx(150 - CAR[0], abs=8)
    assert ends[1] > 200


def test_an_empty_street_has_no_boxes(street: Picture) -> None:
    assert not identities(followed(street, [], [], 3.0))


def test_sizes_are_believed_once_enough_have_passed() -> None:
    usual, box = UsualSizes((WIDTH, HEIGHT)), np.array([10.0, 20.0, 50.0, 40.0])
    for _ in range(LEAST - 1):
        usual.learn(box)
    assert usual.at(box) is None
    usual.learn(box)
    assert usual.at(box) == pytest.approx(800)
    assert usual.at(box + np.array([1, 0, 1, 0]) * WIDTH / 12) == pytest.approx(800)
    assert usual.at(box + 100) is None


def test_points_of_one_body_are_never_parted() -> None:
    dice = np.random.default_rng(3)
    for _ in range(50):
        trails = dice.uniform(0, 60, (20, 1, 2)) + np.linspace(0, 1, 6)[None, :, None] * (30, 12)
        stretched = trails * np.linspace(1, 1.1, 6)[None, :, None]
        vehicle = Vehicle(1, np.array([0.0, 0, 60, 60]), stretched.astype(np.float32))
        mask = np.ones((HEIGHT, WIDTH), np.uint8)
        assert parted(vehicle, Blobs.of(mask, 1.0)) is None


def test_the_older_one_of_two_parts_stays() -> None:
    points = np.ones((4, 2), np.float32)
    parts = [
        Vehicle(1, np.array([0.0, 0, 10, 10]), new_trails(points, 4), frames=3),
        Vehicle(2, np.array([8.0, 2, 30, 12]), new_trails(points, 4), frames=9),
    ]
    whole = joined(parts)
    assert whole is parts[1]
    assert whole.corners_px.tolist() == [0, 0, 30, 12]
    assert len(whole.points_px) == 8


ZONES = (
    Zone(name="in", kind=ZoneKind.BOTH, corners_px=((0, 0), (50, 0), (50, 100), (0, 100))),
    Zone(name="out", kind=ZoneKind.EXIT, corners_px=((90, 0), (150, 0), (150, 100), (90, 100))),
)


def seen(counter: MovementCounter, time_s: float, rows: Sequence[tuple[float, int, int]]) -> None:
    """Let boxes be seen, each with where it is, who it is, and of whom it was a part."""
    x, track, parent = (np.array(column) for column in zip(*rows, strict=True))
    corners = np.column_stack([x - 2, 40 + 0 * x, x + 2, 50 + 0 * x]).astype(np.float32)
    count = len(rows)
    counter.add(
        Boxes(
            time_s=np.array([time_s]),
            offset=np.array([0, count]),
            corners_px=corners,
            score=np.ones(count, np.float32),
            kind=np.full(count, 7),
        ),
        track,
        parent=parent,
    )


def test_a_part_that_becomes_a_vehicle_came_from_where_the_whole_came() -> None:
    counter = MovementCounter(ZONES, sightings=2)
    seen(counter, 0.0, [(20.0, 1, -1)])
    seen(counter, 0.5, [(70.0, 1, -1), (60.0, 2, 1)])
    seen(counter, 1.0, [(100.0, 1, -1), (80.0, 2, 1)])
    seen(counter, 1.5, [(120.0, 1, -1), (95.0, 2, 1)])
    counter.finish()
    found = counter.take()
    assert found.entry.tolist() == [0, 0]
    assert found.exit.tolist() == [1, 1]
    assert found.time_s.tolist() == [1.0, 1.5]


@pytest.mark.parametrize(("outside_s", "turns"), [(TURN_S / 2, 0), (TURN_S + 0.2, 1)])
def test_who_trembles_at_the_border_of_a_zone_has_not_turned(outside_s: float, turns: int) -> None:
    counter = MovementCounter(ZONES, sightings=2, patience_s=5.0)
    seen(counter, 0.0, [(45.0, 1, -1)])
    seen(counter, 0.1, [(55.0, 1, -1)])
    seen(counter, outside_s, [(45.0, 1, -1)])
    counter.finish()
    assert len(counter.take()) == turns
