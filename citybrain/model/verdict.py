"""The evidence for or against a plan: outcomes of paired runs and the answer drawn from them."""

from dataclasses import dataclass, field
from enum import StrEnum

PROPOSED_PLAN = "proposed plan"
"""Name among a verdict's hashes of the plan that was proven, so that no other can borrow it."""


class Decision(StrEnum):
    """The three answers of a proof."""

    ACCEPT = "accept"
    REJECT = "reject"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one simulated run did to everyone who wanted to travel.

    Parameters
    ----------
    seed
        Seed of the run.
    vehicle_count
        Vehicles that wanted to travel: finished, under way and never inserted. [veh]
    delay_s
        Delay summed over those vehicles: time loss and departure delay of the inserted ones,
        ``end - wanted departure`` of those never inserted. [s]
    unfinished_veh
        Inserted vehicles still under way at the end. [veh]
    never_inserted_veh
        Vehicles that the queue kept out until the end. [veh]
    teleports, collisions
        Events counted by the simulator.
    stops
        Stops (speed below 0.1 m/s) summed over vehicles.
    walker_count, walking_delay_s
        People on foot and their summed time loss. [-], [s]
    longest_walking_delay_s
        Largest time loss of one person. [s]
    bicycle_count, bicycle_delay_s
        Bicycles among the vehicles, and their summed delay. [veh], [s]
    bus_count, bus_delay_s
        Buses, coaches and trams among the vehicles, and their summed delay. [veh], [s]
    movement_delay_s, movement_count
        Movement → summed delay charged to it [s] and vehicles that passed or waited [veh];
        empty where the run did not record routes.
    """

    seed: int
    vehicle_count: int
    delay_s: float
    unfinished_veh: int
    never_inserted_veh: int
    teleports: int
    collisions: int
    stops: int
    walker_count: int = 0
    walking_delay_s: float = 0.0
    longest_walking_delay_s: float = 0.0
    bicycle_count: int = 0
    bicycle_delay_s: float = 0.0
    bus_count: int = 0
    bus_delay_s: float = 0.0
    movement_delay_s: dict[str, float] = field(default_factory=dict, hash=False)
    movement_count: dict[str, int] = field(default_factory=dict, hash=False)

    @property
    def mean_delay_s(self) -> float:
        """Delay per vehicle that wanted to travel [s/veh]."""
        return self.delay_s / self.vehicle_count if self.vehicle_count else 0.0

    @property
    def stranded_veh(self) -> int:
        """Vehicles that did not arrive: under way or never inserted [veh]."""
        return self.unfinished_veh + self.never_inserted_veh


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """Change of one movement or approach between the running and the proposed plan.

    Parameters
    ----------
    name
        Movement or approach edge.
    intersection
        Where it is.
    count_veh
        Vehicles per run. [veh]
    before_s, after_s
        Mean delay per vehicle. [s/veh]
    change_s
        Mean of the paired differences, with interval. [s/veh]
    """

    name: str
    intersection: str
    count_veh: float
    before_s: float
    after_s: float
    change_s: Estimate


GEH_TARGET = 5.0
"""Below it a modelled flow is usually called good (DMRB, volume 12). [-]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorFit:
    """How well the demand of the proof meets a detector.

    Parameters
    ----------
    detector
        Detector, or detectors joined by ``+`` where only their sum is modelled.
    measured_vph, modelled_vph
        Flow of the feed and of the reweighted routes. [veh/h]
    geh
        The GEH statistic, sqrt(2 (m - c)² / (m + c)) of hourly flows. [-]
    """

    detector: str
    measured_vph: float
    modelled_vph: float
    geh: float

    @property
    def is_good(self) -> bool:
        """Whether the demand meets the detector by the usual target."""
        return self.geh < GEH_TARGET


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer on a proposed plan, with the evidence it rests on.

    Parameters
    ----------
    decision
        Accept, reject or inconclusive.
    reasons
        Why, one sentence each.
    scenario, running_plan, proposed_plan
        Names of what was compared.
    begin_s, end_s
        Simulated time of every run. [s]
    running, proposed
        Outcomes, paired by position and seed.
    delay_before_s, delay_after_s
        Mean delay with interval. [s/veh]
    delay_change_s
        Mean of the paired differences, proposed minus running. [s/veh]
    saving
        Share of the running plan's delay that is saved: the negated change over the mean delay
        before. [-]
    worst_seed
        Seed with the largest change.
    movements, approaches
        Changes, the largest loss first.
    demand
        Where the demand of the proof comes from.
    detector_fits
        Agreement of that demand with the feed; empty without a feed.
    caveats
        What the reader must know before believing the figures.
    versions, hashes
        Software versions and SHA-256 of every input.
    """

    decision: Decision
    reasons: tuple[str, ...]
    scenario: str
    running_plan: str
    proposed_plan: str
    begin_s: float
    end_s: float
    running: tuple[Outcome, ...]
    proposed: tuple[Outcome, ...]
    delay_before_s: Estimate
    delay_after_s: Estimate
    delay_change_s: Estimate
    saving: Estimate
    worst_seed: int
    movements: tuple[PartChange, ...]
    approaches: tuple[PartChange, ...]
    demand: str
    detector_fits: tuple[DetectorFit, ...] = ()
    caveats: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict, hash=False)
    hashes: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the paired runs."""
        return tuple(outcome.seed for outcome in self.running)
