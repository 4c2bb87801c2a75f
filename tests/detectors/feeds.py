"""Small feeds, inventories and networks that tests build by hand."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot, Quality
from citybrain.model.network import Lane, Movement, Network
from detectors.pulses import FeedRepairs, Pulses
from detectors.repair import RawPulses, tidy

START = datetime(2026, 3, 17, 6, 30, tzinfo=UTC)


def detector(
    name: str,
    lane: str | None = None,
    kind: DetectorKind = DetectorKind.STOP_BAR,
    distance_m: float = 1.0,
) -> Detector:
    return Detector(
        name=name,
        lane=lane or f"{name}_lane",
        distance_to_stop_line_m=distance_m,
        length_m=0.0,
        kind=kind,
    )


def raw_pulses(rows: Iterable[tuple[str, float, float, float]]) -> RawPulses:
    """Rows of detector, on [s], off [s] and speed [m/s]."""
    names, on_s, off_s, speed_mps = (list(column) for column in zip(*rows, strict=True))
    known, codes = np.unique(np.array(names), return_inverse=True)
    times_s = np.array([*on_s, *off_s], dtype=np.float64)
    return RawPulses(
        names=tuple(known.tolist()),
        detector=codes.astype(np.int64),
        on_s=np.array(on_s, dtype=np.float64),
        off_s=np.array(off_s, dtype=np.float64),
        speed_mps=np.array(speed_mps, dtype=np.float64),
        alive_s=times_s[np.isfinite(times_s)],
        start=START,
        repairs=FeedRepairs(rows=len(names)),
    )


def pulses(rows: Iterable[tuple[str, float, float]], gap_s: float = 300.0) -> Pulses:
    """Rows of detector, on [s] and off [s]."""
    return tidy(raw_pulses((*row, np.nan) for row in rows), gap_s=gap_s)


def snapshot(
    flows_vph: dict[str, float], quality: Quality = Quality.BELIEVED, hours: float = 1.0
) -> FlowSnapshot:
    """One bin in which every lane has the given flow."""
    count_veh = np.array([list(flows_vph.values())], dtype=np.float64) * hours
    ones = np.ones_like(count_veh)
    return FlowSnapshot(
        start=START,
        bin_s=3600.0 * hours,
        lanes=tuple(flows_vph),
        count_veh=count_veh,
        occupancy=ones * 0.1,
        speed_mps=ones * 10.0,
        coverage=ones,
        low_veh=count_veh * 0.9,
        high_veh=count_veh * 1.1 + 4,
        quality=(quality,) * len(flows_vph),
    )


def lane(name: str) -> Lane:
    edge = name.rpartition("_")[0]
    return Lane(
        name=name,
        edge=edge,
        length_m=200.0,
        speed_mps=13.9,
        shape=((0.0, 0.0), (200.0, 0.0)),
        for_vehicles=True,
    )


def movement(turn: str, from_edge: str, to_edge: str, lanes: Sequence[str]) -> Movement:
    return Movement(
        name=f"{from_edge}->{to_edge}",
        intersection=f"at {from_edge}",
        from_edge=from_edge,
        to_edge=to_edge,
        turn=turn,
        lanes=tuple(lanes),
        groups=("g",),
    )


def network(movements: Sequence[Movement], passages: dict[str, str] | None = None) -> Network:
    """Network of the movements' lanes; exits have one lane, `passages` join edges unsignalised."""
    names = {name for m in movements for name in m.lanes}
    edges = {m.to_edge for m in movements} | {*(passages or {}), *(passages or {}).values()}
    with_lanes = {name.rpartition("_")[0] for name in names}
    names |= {f"{edge}_0" for edge in edges - with_lanes}
    turns: dict[str, tuple[str, ...]] = {name.rpartition("_")[0]: () for name in sorted(names)}
    for m in movements:
        turns[m.from_edge] += (m.to_edge,)
    for before, after in (passages or {}).items():
        turns[before] += (after,)
    return Network(
        name="small.net.xml",
        lanes={name: lane(name) for name in sorted(names)},
        turns=turns,
        movements={m.name: m for m in movements},
        intersections={},
    )
