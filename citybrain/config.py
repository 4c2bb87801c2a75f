"""Settings as frozen values; the command line builds them, everything below is handed them."""

from dataclasses import dataclass
from itertools import cycle

from citybrain.errors import InfeasibleError


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLimits:
    """Bounds that every plan keeps.

    Parameters
    ----------
    minimum_green_s
        Shortest vehicle green, unless the running plan already shows a shorter one. [s]
    minimum_walk_s
        Shortest green of a pedestrian group (MUTCD 2009, 4E.06), unless the running plan
        already shows a shorter one. [s]
    walking_speed_mps
        Speed of clearance on a crossing (MUTCD 2009, 4E.06). [m/s]
    minimum_cycle_s, maximum_cycle_s
        Range of the cycle; 255 s is the most that NTCIP 1202 can encode. [s]
    maximum_red_s
        Longest red that a group may show, unless the running plan shows a longer one. [s]
    """

    minimum_green_s: float = 5.0
    minimum_walk_s: float = 7.0
    walking_speed_mps: float = 1.07
    minimum_cycle_s: float = 30.0
    maximum_cycle_s: float = 180.0
    maximum_red_s: float = 150.0


MODEL_DAYS = 2
"""Days on which the fast model prices plans and a simulation sieves them: the same, so that what
the two tell can be compared."""

PAYING_WEIGHT = 10.0
"""Weight of every second that people on foot, bicycles or buses lose on average beyond what they
lose today, and of those that a movement waits beyond its bound: nobody is to pay for others. [-]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a search counts for how much; by itself delay, of drivers and of people on foot.

    Parameters
    ----------
    stop_s
        What one stop costs, as delay, as in the performance index of TRANSYT (D. I. Robertson,
        TRRL report LR 253, 1969). [s]
    walking_weight
        Weight of a second that somebody on foot loses. [-]
    bus_weight
        Weight of a second that a bus, coach or tram loses, its passengers say. [-]
    worst_movement_s
        Mean delay that no movement should exceed, unless it does today; none for no bound. [s]
    """

    stop_s: float = 0.0
    walking_weight: float = 1.0
    bus_weight: float = 1.0
    worst_movement_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How a retiming searches.

    Parameters
    ----------
    seconds_budget
        Time for the search; none for no limit. [s]
    evaluation_budget
        Simulation runs for the search; none for no limit.
    seed
        Seed of the search's own dice.
    simulation_seeds
        Seeds that the search may see, the later ones only to choose among its best; the proof uses
        others.
    demand_scales
        Travellers for each one of the demand, for these seeds in turn: a plan that has no reserve
        shows it on a day that is a little busier (B. Hellinga and Z. Abdy, "Impact of day-to-day
        variability of peak hour volumes on signalized intersection performance", TRB 2007). [-]
    keeps_storage
        No red between close signals is longer than its queue has street, unless it is today.
    with_actuation
        Greens may follow the traffic at intersections, which then need detectors.
    model_share
        Share of the time that goes to the fast model; less where SUMO's runs take long, more where
        its annealing still gains and there is time beside them. [0-1, without both]
    objective
        What counts for how much.
    model_runs
        Plans that the fast model prices for each simulation run of an evaluation budget.

    Raises
    ------
    InfeasibleError
        The fast model would have all the time, or none.
    """

    seconds_budget: float | None = 60.0
    evaluation_budget: int | None = None
    seed: int = 1
    simulation_seeds: tuple[int, ...] = tuple(range(1001, 1017))
    demand_scales: tuple[float, ...] = (1.0, 1.1)
    keeps_storage: bool = False
    with_actuation: bool = False
    model_share: float = 0.5
    model_runs: int = 100
    objective: Objective = Objective()

    def __post_init__(self) -> None:
        """Refuse shares that leave SUMO no time."""
        if not 0 < self.model_share < 1:
            msg = f"a share of {self.model_share:g} for the fast model: above 0, and below 1"
            raise InfeasibleError(msg)

    @property
    def days(self) -> tuple[tuple[int, float], ...]:
        """Seeds with the scale of the demand on each, in the order of their use."""
        return tuple(zip(self.simulation_seeds, cycle(self.demand_scales), strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSettings:
    """How a plan is proven.

    Parameters
    ----------
    seeds
        Paired seeds, ten or more for a claim.
    workers
        Simulations that run side by side.
    timeout_s
        Longest time that one simulation may take. [s]
    """

    seeds: tuple[int, ...] = tuple(range(1, 11))
    workers: int = 2
    timeout_s: float = 600.0
