"""The constants of the queue model, measured anew on small SUMO streets.

Each experiment is one street with one question: how a standing queue starts, how a queue in motion
discharges, how fast drivers cruise, who still passes a yellow, which gap a driver takes, and how
vehicles are let in.  The table shows what was measured beside what ``Physics`` says for it; with
``--check`` a constant that is further off than its tolerance is a miss.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from benchmarks._calibration_streets import (
    EXIT_M,
    SPACE_M,
    SPEED_MPS,
    crossings_s,
    lost_mps,
    passed_per_gap,
    past_a_crossing,
    turned_per_gap,
    zipped_s,
)
from benchmarks._names import check_nameless
from benchmarks._printing import print_whole
from citybrain.cli.console import OUTPUT, print_json
from citybrain.engine import provenance
from sim.queue_model.demand import USUAL_TAU_S, Trip
from sim.queue_model.physics import Physics

_WAYS_M = {1: 10.1, 2: 14.3}
"""Lanes of each street → way of a left turner from the waiting place on, as netconvert lays it. [m]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One measured quantity beside the model's.

    Parameters
    ----------
    experiment, quantity
        What was done, and what is compared.
    measured, modelled
        In SUMO, and by the constants of ``Physics``.
    tolerance
        Largest difference that counts as agreement.
    """

    experiment: str
    quantity: str
    measured: float
    modelled: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Measured and modelled differ by no more than the tolerance."""
        return abs(self.measured - self.modelled) <= self.tolerance


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run every experiment and return the exit code.

    Parameters
    ----------
    networks
        Must be empty: the streets are made here.
    is_check
        Return 1 if a constant is not confirmed, and name it.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A network is named.
    """
    check_nameless(networks, "calibration")
    physics = Physics()
    findings = [*_starts(physics), *_stops(physics), *_minors(physics), *_discharges(physics)]
    findings += [*_kept_headways(physics), *_zips(physics)]
    findings += [*_cruises(), *_gaps(physics), *_turns(physics), _room_behind()]
    misses = [f"{f.experiment}, {f.quantity}" for f in findings if not f.agrees]
    if is_json:
        rows = [{name: getattr(f, name) for name in Finding.__dataclass_fields__} for f in findings]
        conditions = {**provenance.versions(), "cores": os.cpu_count()}
        print_json({"findings": rows, "conditions": conditions, "misses": misses})
    else:
        print_whole(_table(findings))
        for text in misses:
            OUTPUT.print(f"not confirmed: {text}", soft_wrap=True)
    return 1 if is_check and misses else 0


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in ("experiment", "quantity", "SUMO", "model", "within"):
        table.add_column(header, justify="left" if header[0] in "eq" else "right", no_wrap=True)
    for f in findings:
        cells = (f"{f.measured:.2f}", f"{f.modelled:.2f}", f"±{f.tolerance:g}")
        table.add_row(f.experiment, f.quantity, *cells, style="" if f.agrees else "red")
    return table


_KINDS = (
    ("cars", "", 2.6, 7.5),
    ("small cars", 'length="4.3" minGap="1.5"', 2.6, 5.8),
    ("quick cars", 'accel="5" decel="10"', 5.0, 7.5),
    ("buses", 'length="12" accel="1.2" speedDev="0.05"', 1.2, 14.5),
)
"""Name, what SUMO is told, acceleration [m/s²], space in a queue [m]."""


def _starts(physics: Physics) -> Iterator[Finding]:
    """A standing queue starts: first crossing, then launching headways by plain kinematics."""
    for label, told, acceleration, space_m in _KINDS:
        times_s = crossings_s(SPEED_MPS, told)
        mean = acceleration * (1.0 - Trip(depart_s=0.0, edges=()).imperfection / 2)
        drive_s = np.sqrt(2.0 * space_m * np.arange(4) / mean)
        first_s = physics.first_reaction_s + physics.first_share * float(drive_s[1])
        second_s = physics.reaction_s + float(drive_s[2] - drive_s[1])
        for place, quantity, modelled in (
            (0, "first crossing after green, s", physics.start_m / mean),
            (1, "headway 1, s", first_s),
            (2, "headway 2, s", second_s),
        ):
            yield Finding(
                experiment=f"queue of {label} starts, {SPEED_MPS} m/s",
                quantity=quantity,
                measured=float(times_s[place] - (times_s[place - 1] if place else 0.0)),
                modelled=modelled,
                tolerance=0.4 if label == "buses" else 0.15,
            )


def _stops(physics: Physics) -> Iterator[Finding]:
    """Each vehicle of a queue has to stop before it goes (right turn on red)."""
    for label, told, acceleration, space_m in _KINDS:
        times_s = crossings_s(SPEED_MPS, told, "s", 5)
        mean = acceleration * (1.0 - Trip(depart_s=0.0, edges=()).imperfection / 2)
        yield Finding(
            experiment=f"each of a queue of {label} stops first",
            quantity="headway 1 to 4, s",
            measured=float(np.diff(times_s).mean()),
            modelled=physics.stop_reaction_s
            + physics.first_share * float(np.sqrt(2.0 * space_m / mean)),
            tolerance=0.35,
        )


def _minors(physics: Physics) -> Iterator[Finding]:
    """A queue gives way where nobody comes: it drives as fast as it can see."""
    for label, told, brake_mps2, space_m in (
        ("cars", "", 4.5, 7.5),
        ("quick cars", 'accel="5" decel="10"', 10.0, 7.5),
        ("buses", 'length="12" accel="1.2" decel="4" speedDev="0.05"', 4.0, 14.5),
    ):
        times_s = crossings_s(SPEED_MPS, told, "g", 10)
        speed_mps = min(SPEED_MPS, float(physics.careful_mps(np.array([brake_mps2]))[0]))
        yield Finding(
            experiment=f"queue of {label} gives way to nobody",
            quantity="headway 7 to 9, s",
            measured=float(np.diff(times_s)[6:].mean()),
            modelled=physics.headway_s + physics.space_factor * space_m / speed_mps,
            tolerance=0.5 if label == "buses" else 0.25,
        )


def _discharges(physics: Physics) -> Iterator[Finding]:
    """A long queue discharges: headway by speed."""
    for speed_mps in (8.33, SPEED_MPS, 19.44):
        times_s = crossings_s(speed_mps)
        yield Finding(
            experiment=f"queue discharges, {speed_mps} m/s",
            quantity="headway 9 to 13, s",
            measured=float(np.diff(times_s)[8:].mean()),
            modelled=physics.headway_s + physics.space_factor * SPACE_M / speed_mps,
            tolerance=0.12,
        )


def _kept_headways(physics: Physics) -> Iterator[Finding]:
    """Drivers who keep another headway: what it adds to those of a queue, beside usual drivers."""
    for speed_mps, tau_s in ((SPEED_MPS, 0.8), (SPEED_MPS, 1.5), (SPEED_MPS, 2.0), (8.33, 1.5)):
        told, later_s = f'tau="{tau_s}"', tau_s - USUAL_TAU_S
        measured_s, modelled_s = (
            np.diff(crossings_s(speed_mps, told, count=12) - crossings_s(speed_mps, count=12)),
            _headways_s(physics, speed_mps, later_s) - _headways_s(physics, speed_mps, 0.0),
        )
        for first, last in ((0, 4), (7, 11)):
            yield Finding(
                experiment=f"drivers keep {tau_s:g} s, {speed_mps} m/s",
                quantity=f"more from headway {first + 1} to {last}, s",
                measured=float(measured_s[first:last].mean()),
                modelled=float(modelled_s[first:last].mean()),
                tolerance=0.12,
            )


def _headways_s(physics: Physics, speed_mps: float, later_s: float) -> np.ndarray:
    """Return the first headways of a standing queue of cars as the kernel has them [s]."""
    usual = Trip(depart_s=0.0, edges=())
    mean = usual.acceleration_mps2 * (1.0 - usual.imperfection / 2)
    drive_s = np.sqrt(2.0 * SPACE_M * np.arange(12) / mean)
    starting_s = physics.reaction_s + np.diff(drive_s)
    starting_s[0] = physics.first_reaction_s + physics.first_share * drive_s[1]
    moving_s = physics.headway_s + later_s + physics.space_factor * SPACE_M / speed_mps
    headways_s: np.ndarray = np.maximum(starting_s + physics.starting_share * later_s, moving_s)
    return headways_s


def _zips(physics: Physics) -> Iterator[Finding]:
    """Two lanes discharge into one, or each into both of two lanes."""
    for label, lanes, end in (
        ("two lanes into one, straight on", 1, (1600.0, 0.0)),
        ("two lanes turn left into one", 1, (800.0, 600.0)),
        ("two lanes turn left, each into two", 2, (800.0, 600.0)),
    ):
        yield Finding(
            experiment=label,
            quantity="headway 4 to 13, s",
            measured=zipped_s(lanes, end),
            modelled=physics.zip_s,
            tolerance=0.2,
        )


def _cruises() -> Iterator[Finding]:
    """Single vehicles on a free lane: imperfection costs a quarter of the acceleration."""
    for speed_mps, acceleration in ((8.33, 2.6), (SPEED_MPS, 2.6), (SPEED_MPS, 1.2)):
        yield Finding(
            experiment=f"cruising at {speed_mps} m/s, acceleration {acceleration} m/s²",
            quantity="speed lost, m/s",
            measured=lost_mps(speed_mps, acceleration),
            modelled=Trip(depart_s=0.0, edges=()).imperfection * acceleration / 2,
            tolerance=0.05,
        )


def _gaps(physics: Physics) -> Iterator[Finding]:
    """A saturated minor road crosses a stream: the gap at which one vehicle passes per gap."""
    gaps_s = np.array([4.0, 5.0, 6.0, 7.0])
    passed = np.array([passed_per_gap(gap_s) for gap_s in gaps_s])
    yield Finding(
        experiment="minor road crosses a regular stream",
        quantity="gap that lets one pass, s",
        measured=float(np.interp(1.0, passed, gaps_s)),
        modelled=physics.gap_s + physics.clearance_s,
        tolerance=0.6,
    )


def _turns(physics: Physics) -> Iterator[Finding]:
    """Left turners wait inside a junction for gaps of the stream against them."""
    gaps_s = np.array([5.0, 6.0, 7.0, 8.0, 9.0])
    for lanes, way_m in _WAYS_M.items():
        passed = np.array([turned_per_gap(gap_s, lanes) for gap_s in gaps_s])
        ahead_s, passed_s = physics.gaps_s(np.array([way_m]), np.array([True]))
        yield Finding(
            experiment=f"left turners against a regular stream, {way_m:.0f} m of way to clear",
            quantity="gap that lets one pass, s",
            measured=float(np.interp(1.0, passed, gaps_s)),
            modelled=float(ahead_s[0] + passed_s[0]),
            tolerance=0.5,
        )


def _room_behind() -> Finding:
    """Nobody moves on behind a crossing: drivers keep it clear and fill the street behind it."""
    return Finding(
        experiment=f"red behind a crossing of three lanes, {EXIT_M:g} m to it",
        quantity="cars that pass the crossing",
        measured=float(past_a_crossing()),
        modelled=float(EXIT_M // SPACE_M),
        tolerance=0.5,
    )
