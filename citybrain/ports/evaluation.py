"""The port through which a search learns what a plan costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One plan to be run on one day.

    Parameters
    ----------
    plan
        The plan.
    seed
        Dice of the day: drivers, departures, routes.
    demand_scale
        Travellers for each one of the demand; above 1 some are doubled, below 1 some stay
        at home. [-]
    """

    plan: Plan
    seed: int
    demand_scale: float = 1.0


class PlanEvaluator(Protocol):
    """Runs plans; SUMO is one, a faster model can be another."""

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        """Return one outcome for each evaluation, in the same order.

        Parameters
        ----------
        evaluations
            Plans and seeds; they may be run side by side.

        Returns
        -------
        list of Outcome
            The same for the same plan and seed, whatever else is in the call.

        Raises
        ------
        SimulationError
            A run failed.
        """


class Progress(Protocol):
    """Hears how far a long piece of work has come."""

    def __call__(self, done: float, text: str) -> None:
        """Take note of the share that is done [0-1] and of a short status."""
