"""supervision's ByteTrack and LineZone on the same boxes, in an environment of their own."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._environment import run_in
from detectors.pulses import Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.lines import CountLine

PINNED = ("supervision==0.26.1", "numpy==2.4.6", "scipy==1.17.1")
_PROGRAM = """
import json, sys, time
import numpy as np
import supervision as sv
given = np.load(sys.argv[1])
offset, corners, score = given["offset"], given["corners"], given["score"]
rate, vehicle, lines = float(given["rate"]), given["vehicle"], given["lines"]
frames = [
    sv.Detections(
        xyxy=corners[a:b],
        confidence=score[a:b],
        class_id=np.zeros(b - a, int),
        data={"row": np.arange(a, b)},
    )
    for a, b in zip(offset[:-1], offset[1:])
]
tracker = sv.ByteTrack(frame_rate=round(rate))
followed = []
begin = time.process_time()
for frame in frames:
    followed.append(tracker.update_with_detections(frame))
track_s = time.process_time() - begin
track = np.full(len(corners), -1)
for frame in followed:
    if len(frame):
        track[frame.data["row"].astype(int)] = frame.tracker_id


def counts(frames):
    zones = [
        sv.LineZone(
            start=sv.Point(*line[:2]),
            end=sv.Point(*line[2:]),
            triggering_anchors=[sv.Position.BOTTOM_CENTER],
        )
        for line in lines
    ]
    begin = time.process_time()
    for frame in frames:
        for zone in zones:
            zone.trigger(frame)
    spent_s = time.process_time() - begin
    return [[int(zone.in_count), int(zone.out_count)] for zone in zones], spent_s


true = []
for (a, b), frame in zip(zip(offset[:-1], offset[1:]), frames):
    known = frame[vehicle[a:b] >= 0]
    known.tracker_id = vehicle[a:b][vehicle[a:b] >= 0]
    true.append(known)
tracked_counts, _ = counts(followed)
true_counts, line_s = counts(true)
np.save(sys.argv[2], track)
print(json.dumps({
    "track_s": track_s, "line_s": line_s, "tracked": tracked_counts, "true": true_counts,
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeerRun:
    """What supervision made of boxes.

    Parameters
    ----------
    track
        Identity that ByteTrack gave each box, -1 for none.
    track_s, line_s
        Processor time of ByteTrack, and of one LineZone for each line. [s]
    tracked, true
        Counts of each line by the middle of the lower edge, of ByteTrack's tracks and of the true
        identities.  (By all four corners, LineZone's default, hardly a vehicle counts: boxes are
        wider than lanes.) [veh]
    """

    track: Ints
    track_s: float
    line_s: float
    tracked: Ints
    true: Ints


def run_supervision(
    boxes: Boxes, vehicle: Ints, lines: Sequence[CountLine], rate_hps: float
) -> PeerRun:
    """Run the peer.

    Parameters
    ----------
    boxes
        Boxes.
    vehicle
        Their true identity, -1 for none.
    lines
        Lines; of LineZone's two ways each line is given the one that it counts more of.
    rate_hps
        Frames per second.

    Raises
    ------
    OSError
        The peer cannot be installed or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "given.npz", Path(folder) / "track.npy"
        np.savez(
            given,
            offset=boxes.offset,
            corners=boxes.corners_px,
            score=boxes.score,
            rate=rate_hps,
            vehicle=vehicle,
            lines=np.array([(*line.from_px, *line.to_px) for line in lines]),
        )
        told = json.loads(run_in("supervision", PINNED, _PROGRAM, [str(given), str(result)]))
        return PeerRun(
            track=np.load(result),
            track_s=told["track_s"],
            line_s=told["line_s"],
            **{name: np.max(told[name], axis=1) for name in ("tracked", "true")},
        )
