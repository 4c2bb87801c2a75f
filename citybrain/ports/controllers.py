"""The port to controllers on the street: what can be asked of one, and the values that cross.

Everything here is asynchronous, so that one process can serve hundreds of units: a command calls
``asyncio.run`` once and awaits as many links as it likes.  One link serves one unit and is used by
one task at a time.
"""

from typing import Protocol

from citybrain.ports.controller_errors import (
    ControllerError,
    CredentialsError,
    GarbledError,
    LimitationError,
    SafetyDifferenceError,
    UnitRefusedError,
    UnreachableError,
)
from citybrain.ports.controller_receipts import (
    Change,
    DryRun,
    Former,
    Holding,
    Listener,
    Outcome,
    Receipt,
    Step,
    StepNote,
    no_listener,
)
from citybrain.ports.controller_values import (
    Capabilities,
    DaySchedule,
    Limitation,
    PatternAt,
    PhaseSafety,
    PhaseSplit,
    UnitPlan,
    UnitStatus,
)

__all__ = [
    "Capabilities",
    "Change",
    "ControllerError",
    "ControllerLink",
    "ControllerReader",
    "CredentialsError",
    "DaySchedule",
    "DryRun",
    "Former",
    "GarbledError",
    "Holding",
    "Limitation",
    "LimitationError",
    "Listener",
    "Outcome",
    "PatternAt",
    "PhaseSafety",
    "PhaseSplit",
    "Receipt",
    "SafetyDifferenceError",
    "Step",
    "StepNote",
    "UnitPlan",
    "UnitRefusedError",
    "UnitStatus",
    "UnreachableError",
    "no_listener",
]


class ControllerReader(Protocol):
    """Reads one controller; needs no right to write."""

    @property
    def unit(self) -> str:
        """Name of the controller."""

    async def status(self) -> UnitStatus:
        """Return what the unit says of itself now.

        Raises
        ------
        ControllerError
            It does not answer, or not sensibly.
        """

    async def probe(self) -> Capabilities:
        """Return what the unit is and can do; objects that it lacks are limitations.

        Raises
        ------
        ControllerError
            It does not answer, or not sensibly.
        """

    async def read_plan(self, pattern: int) -> UnitPlan:
        """Return a pattern with the safety times and the structure that the unit holds.

        Raises
        ------
        LimitationError
            The unit has no such pattern.
        ControllerError
            It does not answer, or not sensibly.
        """

    async def dry_run(self, plan: UnitPlan, schedule: DaySchedule | None = None) -> DryRun:
        """Return what a push would change, and what would stop it; writes nothing.

        Raises
        ------
        ControllerError
            It does not answer sensibly, or has no such pattern.
        """


class ControllerLink(ControllerReader, Protocol):
    """Reads and writes one controller; the gate alone holds one."""

    async def push(
        self,
        plan: UnitPlan,
        schedule: DaySchedule | None = None,
        listener: Listener = no_listener,
    ) -> Receipt:
        """Download, verify, read back, activate and prove a plan, or go back.

        Parameters
        ----------
        plan
            What to run.
        schedule
            The unit's own day plan that is to start it; none to command it by the system.
        listener
            Hears each step before it begins.

        Returns
        -------
        Receipt
            From the first write on nothing is raised: the receipt tells the outcome.

        Raises
        ------
        ControllerError
            Before the first write: the unit cannot be reached, differs in its safety times, lacks
            an object.  Nothing has changed.
        """

    async def rollback(self, former: Former, listener: Listener = no_listener) -> Receipt:
        """Write back what the unit held before a push, and prove that it runs.

        Raises
        ------
        ControllerError
            Before the first write.
        """

    async def settle(
        self, plan: UnitPlan, former: Former, schedule: DaySchedule | None = None
    ) -> tuple[Holding, UnitStatus]:
        """Close what a killed client left open, and return whose values the unit holds.

        Parameters
        ----------
        plan
            What was to run.
        former
            What the unit held.
        schedule
            The day plan that was to start it; none if it was to be commanded.

        Raises
        ------
        ControllerError
            The unit does not answer.
        """

    async def keep_control(self, pattern: int) -> None:
        """Command the pattern once more, which restarts the unit's backup timer.

        Raises
        ------
        LimitationError
            The unit has no backup timer (``unitBackupTime`` is 0).
        ControllerError
            It does not answer, or refuses.
        """
