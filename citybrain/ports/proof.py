"""The port through which a plan is proven before it may reach a street."""

from typing import Protocol

from citybrain.model.plan import Plan
from citybrain.model.verdict import Verdict
from citybrain.ports.evaluation import Progress


class Prover(Protocol):
    """Compares two plans in simulation, under the fair-comparison law."""

    def compare(self, running: Plan, proposed: Plan, progress: Progress) -> Verdict:
        """Return the verdict on the proposed plan.

        Parameters
        ----------
        running
            Plan that runs today.
        proposed
            Plan that is to replace it.
        progress
            Hears about finished runs.

        Raises
        ------
        SimulationError
            A run failed.
        """
