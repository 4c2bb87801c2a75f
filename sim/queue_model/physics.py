"""What vehicles do in the queue model: constants, each with the experiment it comes from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """Constants of motion; the defaults are those of SUMO's standard car.

    Parameters
    ----------
    start_s
        From the start of green to the crossing of the first standing vehicle. [s]
    first_reaction_s, reaction_s
        Delay of the second vehicle's start behind the first, and of every later one behind the
        one before it; the rest of a launching headway is the time to drive one space. [s]
    headway_s, space_factor
        Headway of a queue in motion: ``headway_s + space_factor · space / speed``. [s], [-]
    deceleration_mps2
        Braking; decides who still passes a yellow. [m/s²]
    wave_mps
        Speed at which the gap that a leaving vehicle opens travels back. [m/s]
    gap_s, clearance_s
        Time that a yielding vehicle needs before the next and after the last foe. [s]
    merge_gap_s, merge_clearance_s
        What both are longer by where the foe heads for the same lane. [s]
    patience_s
        Standing at the front for longer takes a vehicle on, whatever is in its way; SUMO calls
        this teleporting. [s]
    look_ahead_m
        How far lanes are chosen for what comes behind the next junction. [m]
    """

    start_s: float = 0.48
    first_reaction_s: float = 0.51
    reaction_s: float = 1.29
    headway_s: float = 1.17
    space_factor: float = 1.49
    deceleration_mps2: float = 4.5
    wave_mps: float = 5.8
    gap_s: float = 4.2
    clearance_s: float = 1.4
    merge_gap_s: float = 2.0
    merge_clearance_s: float = 1.0
    patience_s: float = 300.0
    look_ahead_m: float = 600.0

    def packed(self) -> NDArray[np.float64]:
        """Return the constants as the kernels read them; see ``kernels`` for the places."""
        return np.array(
            [
                self.start_s,
                self.first_reaction_s,
                self.reaction_s,
                self.headway_s,
                self.space_factor,
                self.deceleration_mps2,
                self.gap_s,
                self.clearance_s,
                self.merge_gap_s,
                self.merge_clearance_s,
                self.patience_s,
            ]
        )
