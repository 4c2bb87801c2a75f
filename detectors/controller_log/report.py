"""All measures of a controller log as one long table, and those of whole lanes beside it."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from citybrain.units import MS_PER_S
from detectors.controller_log.cycles import Cycles, Passages, cycles_of, passages_of
from detectors.controller_log.events import EventLog
from detectors.controller_log.hearing import hearing_of
from detectors.controller_log.measures import LogMeasures, measure_log
from detectors.controller_log.queues import Queues, QueueState, queue_lengths
from detectors.controller_log.saturation import Saturation, saturation_flow
from detectors.controller_log.wiring import COUNT, word_of
from detectors.pulses import Floats, Ints

LANES = ("presence", COUNT, "advance")
"""Functions of detectors that tell of a lane; all but the last stand at the stop line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneMeasure:
    """What the detector of one lane tells about its saturation flow and its queues.

    Parameters
    ----------
    device, phase, detector, function
        Controller, phase that it serves, channel, and its use in the configuration.
    saturation
        For a detector at the stop line.
    queues
        For an advance detector of which the distance to the stop line is known.
    reason
        Why there are no queues, where there could be.
    """

    device: str
    phase: int
    detector: int
    function: str
    saturation: Saturation | None = None
    queues: Queues | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogReport:
    """Measures per bin, phase and detector, and those of lanes.

    Parameters
    ----------
    measures
        Sums of the pass over the log.
    lanes
        Detectors at the stop line and advance detectors of the configuration.
    """

    measures: LogMeasures
    lanes: tuple[LaneMeasure, ...]

    def table(self) -> pd.DataFrame:
        """Return all measures, one row each.

        Returns
        -------
        DataFrame
            Columns ``bin_start`` [UTC], ``device``, ``phase`` or ``detector`` (0 for none),
            ``measure``, whose name ends in its unit, and ``value``.  What is unknown has no row.
        """
        parts = [
            *_grid_rows(self.measures, "phase", self._phase_grids()),
            *_grid_rows(self.measures, "detector", _detector_grids(self.measures)),
            *(row for lane in self.lanes for row in _lane_rows(self.measures, lane)),
        ]
        table = pd.concat(parts, ignore_index=True)
        keys = ["bin_start", "device", "phase", "detector", "measure"]
        return table[[*keys, "value"]].sort_values(keys, ignore_index=True)

    def whole(self) -> "LogReport":
        """Return the report with all of the log as one bin; shares and means go by their counts."""
        return replace(self, measures=self.measures.whole())

    def _phase_grids(self) -> dict[str, Floats]:
        """Return the measures ``[bin, phase]``; NaN where no detector of the phase tells them."""
        found = self.measures
        known = {
            use: np.array([name in names for name in found.phases], np.bool_)
            for use, names in found.served.items()
        }

        def of(use: str, values: Floats | Ints) -> Floats:
            return np.where(known[use][np.newaxis, :], values, np.nan)

        def of_red(values: Floats | Ints) -> Floats:
            return np.where(found.shows_red, values, np.nan)

        sums = found.by_phase
        counts = ("gap_outs", "max_outs", "force_offs", "ped_actuations", "ped_served")
        return {name: sums[name].astype(np.float64) for name in counts} | {
            "cycles": of_red(sums["cycles"]),
            "green_s": sums["green_ms"] / MS_PER_S,
            "arrivals_veh": of("advance", found.arrivals),
            "arrivals_on_green": of("advance", found.arrivals_on_green),
            "arrivals_on_red": of("advance", found.arrivals_on_red),
            "platoon_ratio": of("advance", found.platoon_ratio),
            "occupancy_on_green": of("presence", found.occupancy_on_green),
            "occupancy_on_red": of("presence", found.occupancy_on_red),
            "split_failures": of("presence", of_red(sums["split_failures"])),
            "yellow_actuations": of("clearance", of_red(sums["clearance_yellow"])),
            "red_actuations": of("clearance", of_red(sums["clearance_red"])),
            "ped_delay_s": found.ped_delay_s,
        }


def report_log(log: EventLog, config: pd.DataFrame, bin_ms: int) -> LogReport:
    """Take all measures of a log.

    Parameters
    ----------
    log
        Events.
    config
        As `detectors.controller_log.reading.read_config` gives it.
    bin_ms
        Length of a bin. [ms]
    """
    measures = measure_log(log, config, bin_ms=bin_ms)
    position = {str(device): at for at, device in enumerate(log.devices)}
    spans_s = hearing_of(log).spans_s
    phases: dict[tuple[str, int], Cycles] = {}
    lanes = []
    for row in config.to_dict("records"):
        device, phase = str(row["DeviceId"]), int(row["Phase"])
        if device not in position or word_of(row["Function"]) not in LANES:
            continue
        if (device, phase) not in phases:
            phases[device, phase] = cycles_of(log, position[device], phase).within(
                spans_s[position[device]]
            )
        cycles = phases[device, phase]
        passages = passages_of(log, position[device], int(row["Parameter"]))
        lanes.append(_lane(cycles, passages.cut_at(spans_s[position[device]]), row))
    return LogReport(measures=measures, lanes=tuple(lanes))


def _lane(cycles: Cycles, passages: Passages, row: Mapping[Hashable, Any]) -> LaneMeasure:
    channel, function = int(row["Parameter"]), str(row["Function"])
    distance_m, detector_m = float(row["Distance_m"]), float(row["Length_m"])
    is_advance = word_of(function) == "advance"
    knows_queues = is_advance and bool(np.isfinite(distance_m))
    reason = "the configuration gives no Distance_m" if is_advance and not knows_queues else ""
    return LaneMeasure(
        device=str(row["DeviceId"]),
        phase=int(row["Phase"]),
        detector=channel,
        function=function,
        saturation=None if is_advance else saturation_flow(cycles, passages),
        queues=queue_lengths(cycles, passages, distance_m, detector_m) if knows_queues else None,
        reason=reason,
    )


def _detector_grids(found: LogMeasures) -> dict[str, Floats]:
    return {
        "volume_veh": found.by_detector["volume"].astype(np.float64),
        "mended_volume_veh": found.mended_volume.astype(np.float64),
        "occupancy": found.occupancy,
        "mended_occupancy": found.mended_occupancy,
    }


def _grid_rows(found: LogMeasures, kind: str, grids: Mapping[str, Floats]) -> list[pd.DataFrame]:
    """Return long rows of grids ``[bin, phase or detector]``; none for what was not heard."""
    columns = found.phases if kind == "phase" else found.detectors
    rows = []
    for name, grid in grids.items():
        known = np.isfinite(grid) & (found.heard_of(columns) > 0)
        if kind == "phase":
            known &= (found.by_phase["green_ms"].sum(axis=0) > 0)[np.newaxis, :]
        at_bin, at = np.nonzero(known)
        number = np.array([n for _, n in columns], np.int64)[at]
        other = "detector" if kind == "phase" else "phase"
        frame = pd.DataFrame(
            {
                "bin_start": _starts(found, at_bin),
                "device": np.array([str(device) for device, _ in columns], object)[at],
                kind: number,
                other: np.zeros(len(at), np.int64),
                "measure": name,
                "value": grid[known],
            }
        )
        if len(frame):
            rows.append(frame)
    return rows


def _lane_rows(found: LogMeasures, lane: LaneMeasure) -> list[pd.DataFrame]:
    values: dict[str, tuple[Floats, Floats]] = {}
    zero = np.zeros(1)
    if lane.saturation is not None and not lane.saturation.reason:
        for name in ("flow_vph", "low_vph", "high_vph"):
            values[f"saturation_{name}"] = zero, np.array([getattr(lane.saturation, name)])
    if lane.queues is not None:
        known = lane.queues.state == QueueState.KNOWN
        at_s = lane.queues.green_s[known]
        values["queue_m"] = at_s, lane.queues.length_m[known]
        values["queue_by_count_m"] = at_s, lane.queues.by_count_m[known]
    rows = []
    for name, (at_s, value) in values.items():
        if len(value):
            frame = pd.DataFrame({"bin_start": _starts(found, at_s * MS_PER_S // found.bin_ms)})
            rows.append(
                frame.assign(
                    device=lane.device,
                    phase=lane.phase,
                    detector=lane.detector,
                    measure=name,
                    value=value,
                )
            )
    return rows


def _starts(found: LogMeasures, at_bin: Floats | Ints) -> pd.DatetimeIndex:
    since = pd.to_timedelta(np.asarray(at_bin, np.float64) * found.bin_ms, unit="ms")
    return pd.DatetimeIndex(found.start.tz_localize("UTC") + since)
