"""SUMO instantE1 outputs: every vehicle that enters and leaves a point of a lane."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from detectors.aliveness import GAP_S
from detectors.pulses import FeedRepairs, Pulses
from detectors.repair import RawPulses, older_than_before, pair_events, tidy
from detectors.xml import read_attributes, to_numbers

ROOT = "instantE1"
"""Outermost element of such an output."""
STEP_S = 1.0
"""Within a step of the simulation SUMO writes in the order of vehicles, not of time [s]."""


def read_instant_e1(path: Path, *, start: datetime | None = None, gap_s: float = GAP_S) -> Pulses:
    """Read the pulses of an ``instantInductionLoop`` output.

    A pulse is one vehicle on one loop, from ``enter`` to ``leave``; its speed is that of the
    moment it leaves, as SUMO writes it.  ``stay`` says nothing new and is passed over.

    Parameters
    ----------
    path
        SUMO's output, one or several loops in one file.
    start
        Second 0 of the simulation, timezone-aware UTC.
    gap_s
        Longest silence of all loops that is not a gap. [s]

    Returns
    -------
    Pulses
        With speeds.

    Raises
    ------
    InputError
        The file breaks off or is no such output.
    """
    columns = read_attributes(path, "instantOut", ("id", "time", "state", "vehID", "speed"))
    names, detector = np.unique(np.array(columns["id"], dtype=str), return_inverse=True)
    vehicles, vehicle = np.unique(np.array(columns["vehID"], dtype=str), return_inverse=True)
    time_s = to_numbers(path, "time", columns["time"])
    speed_mps = to_numbers(path, "speed", columns["speed"])
    state = np.array(columns["state"], dtype=str)
    name_of_row, vehicle_of_row = (np.array(columns[at], dtype=str) for at in ("id", "vehID"))
    readable = np.isfinite(time_s) & (state != "") & (name_of_row != "") & (vehicle_of_row != "")
    event = np.flatnonzero(readable & ((state == "enter") | (state == "leave")))
    strange = readable & (state != "enter") & (state != "leave") & (state != "stay")
    paired = pair_events(
        detector[event] * len(vehicles) + vehicle[event], time_s[event], state[event] == "enter"
    )
    on_row, has_off = event[paired.on_row], paired.off_row >= 0
    off_row = event[np.where(has_off, paired.off_row, 0)]
    pulses = tidy(
        RawPulses(
            names=tuple(names.tolist()),
            detector=detector[on_row],
            on_s=time_s[on_row],
            off_s=np.where(has_off, time_s[off_row], np.nan),
            speed_mps=np.where(has_off, speed_mps[off_row], np.nan),
            alive_s=time_s[readable],
            start=start,
            repairs=FeedRepairs(
                rows=len(state),
                lost_ons=paired.lost_ons,
                doubled_rows=paired.doubled_rows,
                reordered_rows=older_than_before(time_s[readable], STEP_S),
                unreadable_rows=int(np.sum(~readable)),
                unknown_events=int(np.sum(strange)),
            ),
        ),
        gap_s=gap_s,
    )
    used = int(np.sum(readable)) - len(event) + len(pulses) + int(np.sum(has_off))
    return replace(pulses, repairs=pulses.repairs + FeedRepairs(used_rows=used))
