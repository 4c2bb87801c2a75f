"""What the kernels of the queue model read: streets, routes, a day's vehicles, constants."""

from typing import NamedTuple

from sim.queue_model.arrays import Flags, Floats, Ints


class StreetArrays(NamedTuple):
    """What the kernel reads of lanes and links; see ``Streets``.

    ``length_m``, ``speed_mps``, ``store_m``, ``wave_s``, ``ring_start`` and ``edge``
    (-1 inside junctions) are per lane;
    ``group``, ``from_lane``, ``inside_m``, ``cross_mps``, ``slowing_s``, ``onto`` (the lane where
    it ends, -1 if that is inside a junction), ``yield_start`` and ``keeps_clear`` (its junction has
    to be left before anybody stands) are per link.
    """

    length_m: Floats
    speed_mps: Floats
    store_m: Floats
    wave_s: Floats
    ring_start: Ints
    edge: Ints
    group: Ints
    from_lane: Ints
    inside_m: Floats
    cross_mps: Floats
    slowing_s: Floats
    onto: Ints
    yield_start: Ints
    yield_link: Ints
    yield_merges: Ints
    keeps_clear: Flags


class RouteArrays(NamedTuple):
    """What the kernel reads of routes.

    An *option* is a place on a route and a lane there, with the time of a stop there; its
    *pairs* are (link, option behind it) with a cost in metres of queue that a driver would
    accept to avoid it.  Options without pairs end a route.  A *choice* is a set of routes; each
    has the option at its source, the edges that not all of the set share, and the time that
    passing its junctions takes. [s]
    """

    lane: Ints
    link: Ints
    pair_start: Ints
    pair_link: Ints
    pair_option: Ints
    pair_cost_m: Floats
    dwell_s: Floats
    choice_start: Ints
    choice_option: Ints
    choice_fixed_s: Floats
    choice_edge_start: Ints
    choice_edge: Ints


class DemandArrays(NamedTuple):
    """What the kernel reads of one day's vehicles, in order of departure.

    ``accel`` and ``dawdle`` are the acceleration [m/s²] and the loss of speed [m/s] on average,
    ``brake`` is the deceleration [m/s²],
    ``launch_s`` the time to drive one space from a standstill, and ``jitter_s`` how much later than
    others the driver starts in a queue; ``careful_mps`` is how fast it approaches a link that gives
    way; ``later_s`` is how much longer than SUMO's usual driver it keeps behind the one ahead in
    motion; ``is_bus`` tells whose delay is told apart.  ``following`` links the vehicles of one
    source; ``first`` and ``last`` are per lane.
    """

    depart_s: Floats
    option: Ints
    choice: Ints
    space_m: Floats
    factor: Floats
    accel: Floats
    brake: Floats
    dawdle: Floats
    launch_s: Floats
    jitter_s: Floats
    careful_mps: Floats
    later_s: Floats
    is_bus: Flags
    following: Ints
    first: Ints
    last: Ints


class Constants(NamedTuple):
    """What the kernel reads of ``Physics``."""

    start_m: float
    first_reaction_s: float
    first_share: float
    stop_reaction_s: float
    reaction_s: float
    headway_s: float
    space_factor: float
    gap_s: float
    clearance_s: float
    merge_gap_s: float
    merge_clearance_s: float
    patience_s: float
    starting_share: float
