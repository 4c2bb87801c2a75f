"""Controller log to measures per phase and detector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.controller_log.events import QUARTER_HOUR_MS, EventLog
from detectors.controller_log.hearing import hearing_of
from detectors.controller_log.kernels import close, pass_over
from detectors.controller_log.records import (
    DETECTOR_STATE,
    DETECTOR_SUMS,
    DOUBLED,
    FIRST_RED_MS,
    LOST_OFFS,
    LOST_ONS,
    NEVER_MS,
    PHASE_STATE,
    PHASE_SUMS,
    UNREAD,
    Records,
    Rules,
)
from detectors.controller_log.wiring import CHANNELS, wire_up
from detectors.pulses import FeedRepairs, Flags, Floats, Ints

MOST_MISSED = 12
"""So much that the configuration names and the log has not is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairLimits:
    """When two pulses are one vehicle, and when a pulse is none.

    Parameters
    ----------
    break_ms
        A pulse that begins less than this after the end of the last that is no chatter belongs
        to the same vehicle. [ms]
    chatter_ms
        A pulse shorter than this is chatter. [ms]
    """

    break_ms: int = 200
    chatter_ms: int = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogMeasures:
    """What a controller log tells, per bin.

    Parameters
    ----------
    start
        Begin of the first bin, in the clock of the log.
    bin_ms
        Length of a bin. [ms]
    detectors, phases
        (controller, channel) and (controller, phase) of the columns.
    by_detector
        Raw sums ``[bin, detector]``, fields of `DETECTOR_SUMS`.
    by_phase
        Raw sums ``[bin, phase]``, fields of `PHASE_SUMS`.
    devices
        Controllers.
    heard_ms
        How long each controller was heard ``[bin, controller]``. [ms]
    gaps
        Silences of controllers.
    served
        Use of detectors → (controller, phase) that a detector which speaks serves so.
    missed, is_matched
        What the configuration names that is not in the log, and whether any row of it is.
    faults
        What was mended or could not be read.
    """

    start: pd.Timestamp
    bin_ms: int
    detectors: tuple[tuple[object, int], ...]
    phases: tuple[tuple[object, int], ...]
    by_detector: Records
    by_phase: Records
    devices: tuple[object, ...]
    heard_ms: Ints
    gaps: int
    served: Mapping[str, frozenset[tuple[object, int]]]
    missed: tuple[str, ...]
    is_matched: bool
    faults: Mapping[str, int]

    def heard_of(self, columns: Sequence[tuple[object, int]]) -> Ints:
        """Return how long the controllers of columns were heard ``[bin, column]`` [ms].

        Parameters
        ----------
        columns
            `detectors` or `phases`.
        """
        position = {device: at for at, device in enumerate(self.devices)}
        at = np.array([position[device] for device, _ in columns], np.int64)
        return np.asarray(self.heard_ms[:, at])

    @property
    def mended_volume(self) -> Ints:
        """Vehicles per bin and detector, broken pulses merged and chatter left out [veh]."""
        sums = self.by_detector
        return np.asarray(sums["volume"] - sums["broken"] - sums["chatter"])

    @property
    def occupancy(self) -> Floats:
        """Covered share of the heard part, by whole pulses; see `mended_occupancy` [0-1]."""
        return _share(self.by_detector["occupied_ms"], self.heard_of(self.detectors))

    @property
    def mended_occupancy(self) -> Floats:
        """The same with pulses of a lost end, which last until the next one begins [0-1]."""
        covered_ms = self.by_detector["occupied_ms"] + self.by_detector["mended_ms"]
        return _share(covered_ms, self.heard_of(self.detectors))

    @property
    def arrivals(self) -> Ints:
        """Actuations of advance detectors [veh]."""
        names = [name for name in self.by_phase.dtype.names or () if name.startswith("arrivals_")]
        return np.asarray(sum(self.by_phase[name] for name in names))

    @property
    def arrivals_on_green(self) -> Floats:
        """Share of the arrivals that came on green; NaN without arrivals [0-1]."""
        return _share(self.by_phase["arrivals_green"], self.arrivals)

    @property
    def shows_red(self) -> Flags:
        """Whether a red of the phase ever begins in the log, shape (phases,)."""
        return np.asarray(self.by_phase["reds"].sum(axis=0) > 0)

    @property
    def arrivals_on_red(self) -> Floats:
        """Share of the arrivals that came on red; NaN without arrivals or a red [0-1]."""
        share = _share(self.by_phase["arrivals_red"], self.arrivals)
        return np.where(self.shows_red, share, np.nan)

    @property
    def platoon_ratio(self) -> Floats:
        """Share of arrivals on green over the share of green, R_p = P / (g / C) [-].

        References
        ----------
        Highway Capacity Manual, 6th edition, chapter 19: platoon ratio and arrival type.
        """
        green = _share(self.by_phase["green_ms"], self.heard_of(self.phases))
        return _share(self.arrivals_on_green, green)

    @property
    def occupancy_on_green(self) -> Floats:
        """Share of green during which the stop line was covered; NaN without a cycle [0-1]."""
        return _share(self.by_phase["covered_green_ms"], self.by_phase["whole_green_ms"])

    @property
    def occupancy_on_red(self) -> Floats:
        """The same of the first five seconds of red [0-1]."""
        return _share(self.by_phase["covered_red_ms"], self.by_phase["cycles"] * FIRST_RED_MS)

    @property
    def ped_delay_s(self) -> Floats:
        """Mean time from a pedestrian's call to the walk; NaN where none was served [s]."""
        return _share(self.by_phase["ped_delay_ms"] / 1000.0, self.by_phase["ped_served"])

    def whole(self) -> Self:
        """Return the same measures with all of the log as one bin."""
        return replace(
            self,
            bin_ms=self.bin_ms * len(self.heard_ms),
            by_detector=_total(self.by_detector),
            by_phase=_total(self.by_phase),
            heard_ms=self.heard_ms.sum(axis=0, keepdims=True),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read or found, one sentence each."""
        count = self.faults["unread"]
        what = f"events of no phase or channel from 0 to {CHANNELS - 1}, which serve no measure"
        unread = (f"{what}: {count}",) if count else ()
        rest = f" and {len(self.missed) - MOST_MISSED} more" * (len(self.missed) > MOST_MISSED)
        told = (
            f"the configuration names what the log has not: {', '.join(self.missed[:MOST_MISSED])}"
        )
        return (*unread, *((told + rest,) if self.missed else ()))

    def repairs_after(self, reading: FeedRepairs) -> FeedRepairs:
        """Return all that was mended, with the rows that were used.

        Parameters
        ----------
        reading
            What the reader of the log mended.
        """
        faults = self.faults
        found = reading + FeedRepairs(
            lost_offs=faults["lost offs"],
            lost_ons=faults["lost ons"],
            doubled_rows=faults["doubled rows"],
            gaps=self.gaps,
        )
        return replace(found, used_rows=found.rows - found.left_out_rows)


def measure_log(
    log: EventLog,
    config: pd.DataFrame,
    *,
    bin_ms: int = QUARTER_HOUR_MS,
    limits: RepairLimits | None = None,
) -> LogMeasures:
    """Take all measures in one pass over a log.

    Parameters
    ----------
    log
        Events.
    config
        Columns ``DeviceId, Phase, Function, Parameter``: which phase a detector serves, and how
        (Advance, Presence, Yellow_Red in any case; others are counted and serve no measure of a
        phase).  A detector may serve several phases.
    bin_ms
        Length of a bin. [ms]
    limits
        Limits of the repairs.
    """
    limits = limits or RepairLimits()
    wired = wire_up(log, config)
    columns, phases = wired.detectors, wired.phases
    end_ms = int(log.time_ms[-1])
    bin_count = end_ms // bin_ms + 1
    rules = Rules(bin_ms, bin_count, end_ms, limits.break_ms, limits.chatter_ms)
    detector_state = np.zeros(len(columns), DETECTOR_STATE)
    for instant in ("on_ms", "off_ms", "vehicle_ms"):
        detector_state[instant] = NEVER_MS
    phase_state = np.zeros(len(phases), PHASE_STATE)
    phase_state["ped_call_ms"] = NEVER_MS
    by_detector = np.zeros((bin_count, len(columns)), DETECTOR_SUMS)
    by_phase = np.zeros((bin_count, len(phases)), PHASE_SUMS)
    faults = np.zeros(4, np.int64)
    carried = detector_state, phase_state, by_detector, by_phase
    events = log.time_ms, log.device, log.code, log.parameter
    hearing = hearing_of(log)
    pass_over(*events, wired.wiring, wired.links, hearing.silences, rules, *carried, faults)
    close(rules, *carried)
    at = {
        "lost offs": LOST_OFFS,
        "lost ons": LOST_ONS,
        "doubled rows": DOUBLED,
        "unread": UNREAD,
    }
    return LogMeasures(
        start=log.start,
        bin_ms=bin_ms,
        detectors=columns,
        phases=phases,
        by_detector=by_detector,
        by_phase=by_phase,
        devices=log.devices,
        heard_ms=hearing.heard_ms(bin_ms, bin_count),
        gaps=hearing.gaps,
        served=wired.served,
        missed=wired.missed,
        is_matched=wired.is_matched,
        faults={name: int(faults[position]) for name, position in at.items()},
    )


def _total(sums: Records) -> Records:
    """Return the sums ``[0, column]`` over all bins."""
    total = np.zeros((1, sums.shape[1]), sums.dtype)
    for name in sums.dtype.names or ():
        total[name] = sums[name].sum(axis=0)
    return total


def _share(above: NDArray[np.generic], below: NDArray[np.generic]) -> Floats:
    above_f, below_f = np.asarray(above, np.float64), np.asarray(below, np.float64)
    known = below_f > 0
    return np.where(known, above_f / np.where(known, below_f, 1.0), np.nan)
