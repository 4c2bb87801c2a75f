"""What the kernels of the queue model read: streets, routes, a day's vehicles, constants.

What is read together lies together: a table is an array of records.  Places that are never missing
are unsigned, for of signed ones Numba asks at every use whether they count from the end.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.queue_model.arrays import Floats, Ints

Records = NDArray[Any]
"""An array of records."""

LANE = np.dtype(
    [
        ("length_m", np.float64),
        ("speed_mps", np.float64),
        ("per_speed", np.float64),
        ("store_m", np.float64),
        ("wave_s", np.float64),
        ("first_room", np.int32),
        ("end_room", np.int32),
        ("edge", np.int32),
        ("in_way", np.int32),
    ],
    align=True,
)
"""A lane: ``store_m`` is its room, ``wave_s`` how long room takes to travel back; its ring of rooms
lies from ``first_room`` to before ``end_room``; ``edge`` is -1 inside junctions.  A lane without
length is a source.  ``in_way`` is a waiting place inside the junction that begins at the lane, on
which one is in the way of others from there, -1 for none; that one's ``in_way`` is the next."""

LINK = np.dtype(
    [
        ("cross_mps", np.float64),
        ("per_cross", np.float64),
        ("inside_m", np.float64),
        ("slowing_s", np.float64),
        ("gap_s", np.float64),
        ("clearance_s", np.float64),
        ("group", np.int32),
        ("from_lane", np.uint32),
        ("onto", np.int32),
        ("zips_with", np.int32),
        ("first_yield", np.int32),
        ("end_yield", np.int32),
        ("keeps_clear", np.bool_),
    ],
    align=True,
)
"""A link: ``onto`` is the lane where it ends, -1 if that is inside a junction; ``zips_with`` is the
next one of a ring of links that a signal lets into the same lanes, -1 for none; whom it gives way
to is told from ``first_yield`` to before ``end_yield``, and ``gap_s`` and ``clearance_s`` are the
time that it needs before the next and after the last of these; ``keeps_clear`` says that its
junction has to be left before anybody stands."""

OPTION = np.dtype(
    [
        ("lane", np.uint32),
        ("link", np.int32),
        ("first_pair", np.int32),
        ("end_pair", np.int32),
        ("dwell_s", np.float64),
    ],
    align=True,
)
"""A place on a route and a lane there, with the time of a stop there; without pairs it ends the
route."""

PAIR = np.dtype([("link", np.uint32), ("option", np.uint32), ("cost_m", np.float64)], align=True)
"""A way on from an option: the link, the option behind it, and the metres of queue that a driver
would accept to avoid it."""

DRIVER = np.dtype(
    [
        ("space_m", np.float64),
        ("factor", np.float64),
        ("pace", np.float64),
        ("accel", np.float64),
        ("half_accel", np.float64),
        ("brake", np.float64),
        ("dawdle", np.float64),
        ("launch_s", np.float64),
        ("jitter_s", np.float64),
        ("careful_mps", np.float64),
        ("later_s", np.float64),
        ("abreast", np.float64),
        ("choice", np.int32),
        ("is_bus", np.bool_),
    ],
    align=True,
)
"""A vehicle: ``factor`` times the limit is what it wants to drive; ``accel`` and ``dawdle`` are the
acceleration [m/s²] and the loss of speed [m/s] on average, ``brake`` is the deceleration [m/s²],
``launch_s`` the time to drive one space from a standstill, and ``jitter_s`` how much later than
others it starts in a queue; ``careful_mps`` is how fast it approaches a link that gives way;
``later_s`` is how much longer than SUMO's usual driver it keeps behind the one ahead in motion;
``abreast`` is the share of a headway for which it keeps others from departing; ``is_bus`` tells
whose delay is told apart."""


class StreetArrays(NamedTuple):
    """What the kernel reads of lanes and links; see ``Streets``.

    ``yield_link`` and ``yield_merges`` say of links that give way to whom, and whether that one is
    bound for the same lane.
    """

    lanes: Records
    links: Records
    yield_link: Ints
    yield_merges: Ints


class RouteArrays(NamedTuple):
    """What the kernel reads of routes: options, and their pairs.

    A *choice* is a set of routes; each has the option at its source, the edges that not all of the
    set share, and the time that passing its junctions takes. [s]
    """

    options: Records
    pairs: Records
    choice_start: Ints
    choice_option: Ints
    choice_fixed_s: Floats
    choice_edge_start: Ints
    choice_edge: Ints


class DemandArrays(NamedTuple):
    """What the kernel reads of one day's vehicles, in order of departure.

    ``following`` links the vehicles of one source; ``first`` and ``last`` are per lane.
    """

    drivers: Records
    depart_s: Floats
    option: Ints
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
    merge_gap_s: float
    merge_clearance_s: float
    patience_s: float
    starting_share: float
    zip_s: float


def table(dtype: np.dtype[Any], **columns: object) -> Records:
    """Return records from their columns.

    Parameters
    ----------
    dtype
        Fields of a record; each needs a column.
    columns
        Values by field.
    """
    assert set(columns) == set(dtype.names or ())
    first = np.asarray(next(iter(columns.values())))
    records = np.zeros(len(first), dtype)
    for name, values in columns.items():
        records[name] = values
    return records
