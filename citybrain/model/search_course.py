"""The course of a search: how the best plan known got better, by time and by plans tried."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Another best plan, or another cost of the best.

    Parameters
    ----------
    elapsed_s
        Time since the search began. [s]
    tried
        Plans that were priced, or simulation runs, up to then.
    cost_s
        What the best plan costs, as far as was known then. [s/veh]
    """

    elapsed_s: float
    tried: int
    cost_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCourse:
    """What a search knew, when.

    Parameters
    ----------
    model
        Least cost on the fast model; it never rises.
    simulation
        Cost in simulation of the plan that was run on the most days, the cheapest of those; it
        rises where another day shows that a plan only looked good.
    running_cost_s
        Cost of the running plan in simulation, mean over the days that were run; none if it was
        not run. [s/veh]
    elapsed_s
        Time that the search took. [s]
    priced, runs
        Plans priced by the fast model, and simulation runs.
    """

    model: tuple[Milestone, ...]
    simulation: tuple[Milestone, ...]
    running_cost_s: float | None
    elapsed_s: float
    priced: int
    runs: int
