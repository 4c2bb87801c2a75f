"""What plans did on the days of the queue model, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.queue_model.arrays import Floats

Counts = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """What several plans did on several days, as arrays.

    Parameters
    ----------
    delay_s
        Summed delay of everybody who wanted to travel. float64, (plans, days). [s]
    unfinished_veh, never_inserted_veh, stops, teleports
        Counts of the same shape; teleports are those taken on by impatience. int32. [veh], [-]
    link_delay_s, link_count, link_stops
        Per link. (plans, days, links). [s], [veh], [-]
    kept_out_s, bus_delay_s
        Per link: the parts of the delay that belong to vehicles never inserted, and to buses,
        coaches and trams; same shape. [s]
    queue_veh, blocked
        Per lane: longest queue at a green's start [veh] (as it is foretold when a vehicle meets
        red; where some signal follows detectors, of the greens whose first vehicle crosses at
        once), and how often the lane was too full for
        a vehicle that wanted to enter it. (plans, days, lanes)
    """

    delay_s: Floats
    unfinished_veh: Counts
    never_inserted_veh: Counts
    stops: Counts
    teleports: Counts
    link_delay_s: Floats
    link_count: Counts
    link_stops: Counts
    queue_veh: Counts
    blocked: Floats
    kept_out_s: Floats
    bus_delay_s: Floats
