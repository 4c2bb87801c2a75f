"""What vehicles do in the queue model: constants, each with the experiment it comes from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """Constants of motion; the defaults are those of SUMO's standard car.

    Parameters
    ----------
    reaction_s
        Headway of a discharging queue beyond the time to drive one space. [s]
    start_s
        From the start of green to the crossing of the first standing vehicle. [s]
    launch_s
        Extra headway after the first, second, … vehicle of a queue. [s]
    acceleration_mps2, deceleration_mps2
        As driven on average, dawdling included. [m/s²]
    cruise
        Speed kept on a free lane over the speed wanted. [-]
    wave_mps
        Speed at which the gap that a leaving vehicle opens travels back. [m/s]
    gap_s, clearance_s
        Time that a yielding vehicle needs before the next and after the last foe. [s]
    yellow_s
        Yellow that a vehicle in free motion may still use at 1 m/s: braking time per speed.
        [s²/m]
    insertion_s
        Headway of vehicles that start from a standstill at the same place. [s]
    patience_s
        Standing at the front for longer takes a vehicle on, whatever is in its way; SUMO calls
        this teleporting. [s]
    look_ahead_m
        How far lanes are chosen for what comes behind the next junction. [m]
    """

    reaction_s: float = 1.39
    start_s: float = 0.85
    launch_s: tuple[float, ...] = (0.63, 0.35, 0.23, 0.13, 0.08, 0.05)
    acceleration_mps2: float = 2.1
    deceleration_mps2: float = 4.5
    cruise: float = 0.965
    wave_mps: float = 6.0
    gap_s: float = 4.8
    clearance_s: float = 1.75
    yellow_s: float = 0.5 / 4.5
    insertion_s: float = 3.0
    patience_s: float = 300.0
    look_ahead_m: float = 300.0

    def packed(self) -> NDArray[np.float64]:
        """Return the constants as the kernels read them; see ``kernels`` for the places."""
        return np.array(
            [
                self.reaction_s,
                self.start_s,
                self.acceleration_mps2,
                self.cruise,
                self.gap_s,
                self.clearance_s,
                self.yellow_s,
                self.insertion_s,
                self.patience_s,
            ]
        )
