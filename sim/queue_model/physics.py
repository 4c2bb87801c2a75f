"""What vehicles do in the queue model: constants, each with the experiment it comes from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.queue_model.inputs import Constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """Constants of motion; the defaults are those of SUMO's standard car.

    Parameters
    ----------
    start_m
        How far the first standing vehicle drives until it crosses; at its acceleration this takes
        the time from the start of green to its crossing, for SUMO lets it drive one second at
        the speed of its end. [m]
    first_reaction_s, first_share
        Headway of the second vehicle behind the first: ``first_reaction_s`` and this share of the
        time to drive one space from a standstill. [s], [-]
    stop_reaction_s
        The same where each vehicle has to stop before it goes. [s]
    reaction_s, reaction_deviation_s
        Delay of every later vehicle's start behind the one before it, and its deviation from
        vehicle to vehicle; the rest of a launching headway is the time to drive one space. [s]
    starting_share
        What a second more of the headway that a driver keeps (SUMO's ``tau``) adds to a launching
        one, in which it stands at first; in motion all of it counts. [-]
    headway_s, space_factor
        Headway of a queue in motion: ``headway_s + space_factor · space / speed``. [s], [-]
    deceleration_mps2
        Braking before links that are slower than their street. [m/s²]
    seen_m, careful_more_mps
        See ``careful_mps``; the first is SUMO's default of a link's ``visibility``. [m], [m/s]
    wave_mps
        Speed at which the gap that a leaving vehicle opens travels back. [m/s]
    gap_s, clearance_s
        Time that a yielding vehicle needs before the next and after the last foe. [s]
    ahead_s, passed_s
        The same for who waits inside a junction, see ``gaps_s``; the first is by how much SUMO's
        drivers want to have left it before the foe comes. [s]
    acceleration_mps2, length_m
        Of the usual car. [m/s²], [m]
    merge_gap_s, merge_clearance_s
        What both are longer by where the foe heads for the same lane. [s]
    zip_s
        Time between two vehicles that come from different lanes of an approach with green into
        one. [s]
    patience_s
        Standing at the front for longer takes a vehicle on, whatever is in its way; SUMO calls
        this teleporting. [s]
    look_ahead_m
        How far lanes are chosen for what comes behind the next junction. [m]

    References
    ----------
    ``docs/fast-model.md``, "Where the constants come from"; ``citybrain bench calibration --check``
    measures them anew.
    """

    start_m: float = 0.94
    first_reaction_s: float = 0.95
    first_share: float = 0.85
    stop_reaction_s: float = 4.0
    reaction_s: float = 1.26
    reaction_deviation_s: float = 0.15
    starting_share: float = 0.65
    headway_s: float = 1.17
    space_factor: float = 1.49
    deceleration_mps2: float = 4.5
    seen_m: float = 4.5
    careful_more_mps: float = 2.0
    wave_mps: float = 5.8
    gap_s: float = 4.2
    clearance_s: float = 1.4
    ahead_s: float = 1.0
    passed_s: float = 2.0
    acceleration_mps2: float = 2.6
    length_m: float = 5.0
    merge_gap_s: float = 2.0
    merge_clearance_s: float = 1.0
    zip_s: float = 2.75
    patience_s: float = 300.0
    look_ahead_m: float = 600.0

    def careful_mps(self, deceleration_mps2: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how fast drivers approach a link that gives way, foes or not [m/s].

        They can stop from where they see all foes, ``seen_m`` before the line; a step of SUMO is
        a second, so they are somewhat faster when they pass it: √(2 · ``seen_m`` · deceleration)
        + ``careful_more_mps``.

        Parameters
        ----------
        deceleration_mps2
            Braking of each driver, of any shape. [m/s²]

        Returns
        -------
        array
            Speeds, of the same shape. [m/s]
        """
        fast: NDArray[np.float64] = np.sqrt(2.0 * self.seen_m * deceleration_mps2)
        return fast + self.careful_more_mps

    def gaps_s(
        self, way_m: NDArray[np.float64], is_inner: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the times that one needs before the next and after the last foe [s].

        Who waits inside a junction drives the rest of the way, and his own length, from a
        standstill.

        Parameters
        ----------
        way_m
            Ways to the end of the junction. [m]
        is_inner
            Whether they begin at a waiting place inside it.
        """
        driven_s = np.sqrt(2.0 * (way_m + self.length_m) / self.acceleration_mps2)
        ahead_s = np.where(is_inner, self.ahead_s + driven_s, self.gap_s)
        return ahead_s, np.where(is_inner, self.passed_s, self.clearance_s)

    def packed(self) -> Constants:
        """Return the constants as the kernels read them."""
        return Constants(*(float(getattr(self, name)) for name in Constants._fields))
