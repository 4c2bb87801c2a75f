"""Tracker and line crossing beside supervision's ByteTrack and LineZone, on the same boxes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from rich.table import Table

from benchmarks._names import check_names
from benchmarks._printing import print_whole
from benchmarks._supervision import PeerRun, run_supervision
from benchmarks._tracking_scores import identities, lane_error
from benchmarks._traffic_boxes import FRAME_PX, Seen, Street, watch
from citybrain.cli.console import OUTPUT, print_json
from citybrain.errors import InputError
from detectors.pulses import Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.crossing.counter import CrossingRules, LineCounter
from detectors.tracking.lines import CountLine
from detectors.tracking.tracker.follower import Tracker

SCENES = (
    Street(name="flowing", red_s=0.0),
    Street(name="queues"),
    Street(name="5 frames/s", rate_hps=5.0),
    Street(name="poor detector", miss=0.2, false=2.0),
    Street(name="dense", flow_vph=1200.0, red_s=35.0),
)
SEEDS = (11, 12)
"""The tracker's limits were chosen with seeds 1 and 2."""
BOXES, LANES, RATE_HPS = 50, 8, 25.0
SPEED_FRAMES, PEER_FRAMES = 20_000, 600
REPEATS = 5
PEER = "supervision"
CROSSING_TARGET_HPS = 1e6
TRACKING_TARGET_HPS = 20_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Frames per second of processor time, one core.

    Parameters
    ----------
    tracking_hps, crossing_hps
        citybrain, batches of a second and more. [1/s]
    tracking_single_hps, crossing_single_hps
        citybrain, called for each frame. [1/s]
    byte_track_hps, line_zone_hps
        supervision. [1/s]
    """

    tracking_hps: float
    crossing_hps: float
    tracking_single_hps: float
    crossing_single_hps: float
    byte_track_hps: float
    line_zone_hps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What became of the vehicles of one scene, citybrain and the peer.

    Parameters
    ----------
    scene
        Name of the scene.
    vehicles
        Vehicles that crossed a line, over all seeds. [veh]
    kept, peer_kept
        Share of vehicles whose identity was kept. [-]
    changes, peer_changes
        Changes of identity per vehicle. [-]
    error, peer_error
        Lane error of tracker and lines. [-]
    true_error, peer_true_error
        Lane error of the lines with the true identities. [-]
    """

    scene: str
    vehicles: int
    kept: float
    peer_kept: float
    changes: float
    peer_changes: float
    error: float
    peer_error: float
    true_error: float
    peer_true_error: float


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Names of scenes; all if none.
    is_check
        Return 1 if a target is missed, and name the first.
    is_json
        Print JSON.

    Raises
    ------
    InputError
        There is no such scene, or the peer cannot be run.
    """
    check_names(networks, [scene.name for scene in SCENES], "scene")
    scenes = [scene for scene in SCENES if not networks or scene.name in networks]
    try:
        speed = _speed()
        rows = [_accuracy(scene) for scene in scenes]
    except OSError as error:
        raise InputError(PEER, str(error), "check the package index") from None
    missed = first_missed(speed, rows)
    if is_json:
        content = {"accuracy": [asdict(row) for row in rows], "speed": asdict(speed)}
        print_json({**content, "first_target_missed": missed})
    else:
        _print(speed, rows, missed)
    return 1 if is_check and missed else 0


def first_missed(speed: Speed, rows: list[Accuracy]) -> str | None:
    """Return the first target that is missed, in one line; none if all are met."""
    kept, peer_kept, error, peer_error = (
        float(np.mean([getattr(row, name) for row in rows]))
        for name in ("kept", "peer_kept", "error", "peer_error")
    )
    for name, value, target in (
        ("crossing, frames/s", speed.crossing_hps, CROSSING_TARGET_HPS),
        ("tracking, frames/s", speed.tracking_hps, TRACKING_TARGET_HPS),
        ("identities kept, at least as many as ByteTrack", kept, peer_kept),
        ("lanes counted right, at least as many as LineZone", 1 - error, 1 - peer_error),
    ):
        if value < target:
            return f"{name}: {value:,.3f}, the target is {target:,.3f}"
    return None


def full_lanes(frame_count: int) -> tuple[Boxes, Ints, tuple[CountLine, ...]]:
    """Return frames with 50 boxes on 8 lanes, driving down the picture again and again.

    Returns
    -------
    tuple
        Boxes, the true identity of each, and a line across each lane.
    """
    dice = np.random.default_rng(5)
    width_px, height_px = FRAME_PX
    reach_px, lane_px = height_px + 200.0, width_px / LANES
    time_s = np.arange(frame_count) / RATE_HPS
    lane = np.arange(BOXES) % LANES
    behind_px = (np.arange(BOXES) // LANES) * (reach_px / (BOXES // LANES + 1))
    way_px = behind_px + (lane + 10) * 15.0 * time_s[:, None]
    bottom = way_px % reach_px - 100 + dice.normal(0, 1, way_px.shape)
    middle = (lane + 0.5) * lane_px + dice.normal(0, 2, way_px.shape)
    size = dice.uniform((60, 50), (100, 120), (BOXES, 2))
    corners = np.stack(
        [middle - size[:, 0] / 2, bottom - size[:, 1], middle + size[:, 0] / 2, bottom], axis=-1
    )
    count = frame_count * BOXES
    boxes = Boxes(
        time_s=time_s,
        offset=np.arange(frame_count + 1) * BOXES,
        corners_px=corners.astype(np.float32).reshape(-1, 4),
        score=np.ones(count, np.float32),
        kind=np.zeros(count, np.int64),
    )
    vehicle = (way_px // reach_px).astype(np.int64) * BOXES + np.arange(BOXES)
    lines = tuple(
        CountLine(
            lane=str(k),
            from_px=(k * lane_px, 600.0),
            to_px=((k + 1) * lane_px, 600.0),
            heading_deg=180.0,
        )
        for k in range(LANES)
    )
    return boxes, vehicle.ravel(), lines


def _speed() -> Speed:
    boxes, vehicle, lines = full_lanes(SPEED_FRAMES)
    some, few = boxes.part(0, SPEED_FRAMES // 4), boxes.part(0, PEER_FRAMES)
    ids = vehicle[: len(few)]
    single = [few.part(k, k + 1) for k in range(PEER_FRAMES)]
    peer = run_supervision(few, ids, lines, RATE_HPS)
    tracked = _best_s(lambda: Tracker().add(some))
    crossed = _best_s(lambda: LineCounter(lines).add(boxes, vehicle))

    def track_singly() -> None:
        tracker = Tracker()
        for one in single:
            tracker.add(one)

    def cross_singly() -> None:
        counter = LineCounter(lines)
        for k, one in enumerate(single):
            counter.add(one, ids[k * BOXES : (k + 1) * BOXES])

    return Speed(
        tracking_hps=len(some.time_s) / tracked,
        crossing_hps=SPEED_FRAMES / crossed,
        tracking_single_hps=PEER_FRAMES / _best_s(track_singly),
        crossing_single_hps=PEER_FRAMES / _best_s(cross_singly),
        byte_track_hps=PEER_FRAMES / peer.track_s,
        line_zone_hps=PEER_FRAMES / peer.line_s,
    )


def _best_s(work: Callable[[], object]) -> float:
    """Return the least processor time, compilation left out [s]."""
    work()
    times_s = []
    for _ in range(REPEATS):
        begin_s = time.process_time()
        work()
        times_s.append(time.process_time() - begin_s)
    return min(times_s)


def _accuracy(street: Street) -> Accuracy:
    results = [_judge(watch(street, seed), street) for seed in SEEDS]
    vehicles = sum(int(result.pop("vehicles")) for result in results)
    means = {name: float(np.mean([result[name] for result in results])) for name in results[0]}
    return Accuracy(scene=street.name, vehicles=vehicles, **means)


def _judge(seen: Seen, street: Street) -> dict[str, float]:
    peer = run_supervision(seen.boxes, seen.vehicle, seen.lines, street.rate_hps)
    track = Tracker().add(seen.boxes).track
    own, others = identities(seen.vehicle, track), identities(seen.vehicle, peer.track)
    tracked = _counts(seen, track, sightings=3)
    true = _counts(seen, seen.vehicle, sightings=2)
    errors = _errors(seen, peer, {"error": tracked, "true_error": true})
    return {
        "vehicles": float(seen.counts.sum()),
        "kept": own.kept,
        "peer_kept": others.kept,
        "changes": own.changes,
        "peer_changes": others.changes,
        **errors,
    }


def _errors(seen: Seen, peer: PeerRun, own: Mapping[str, Ints]) -> dict[str, float]:
    counts = {**own, "peer_error": peer.tracked, "peer_true_error": peer.true}
    return {name: lane_error(count, seen.counts) for name, count in counts.items()}


def _counts(seen: Seen, track: Ints, *, sightings: int) -> Ints:
    counter = LineCounter(seen.lines, CrossingRules(sightings=sightings, frame_px=FRAME_PX))
    counter.add(seen.boxes, track)
    counter.finish()
    found = counter.take()
    return np.bincount(found.line[found.is_ahead], minlength=len(seen.lines))


def _print(speed: Speed, rows: list[Accuracy], missed: str | None) -> None:
    table = Table(title=f"{BOXES} boxes, {LANES} lanes, one core, frames/s", box=None)
    for title in ("", "citybrain", "called for each frame", "supervision", "citybrain is"):
        table.add_column(title, justify="right")
    for name, own, single, peer in (
        ("tracking", speed.tracking_hps, speed.tracking_single_hps, speed.byte_track_hps),
        ("crossing", speed.crossing_hps, speed.crossing_single_hps, speed.line_zone_hps),
    ):
        table.add_row(name, f"{own:,.0f}", f"{single:,.0f}", f"{peer:,.0f}", f"{own / peer:,.0f} ×")
    print_whole(table)
    table = Table(title="citybrain / supervision, held-out seeds", box=None)
    for title in ("", "vehicles", "kept", "changes/veh", "lane error", "with true identities"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(
            row.scene,
            f"{row.vehicles}",
            f"{row.kept:.1%} / {row.peer_kept:.1%}",
            f"{row.changes:.2f} / {row.peer_changes:.2f}",
            f"{row.error:.1%} / {row.peer_error:.1%}",
            f"{row.true_error:.1%} / {row.peer_true_error:.1%}",
        )
    print_whole(table)
    OUTPUT.print(f"first target missed: {missed}" if missed else "all targets met")
