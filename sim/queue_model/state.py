"""What a run of the queue model keeps while it lasts; made and changed by kernels only."""

from typing import NamedTuple

from sim.queue_model.arrays import Arrays, Cells, Flags, Floats, Ints


class Queues(NamedTuple):
    """The queue of every lane.

    ``head`` and ``tail`` are its first and last vehicle, -1 for none; ``free_s`` is when its stop
    line is free, ``moves_s`` when its first vehicle may begin to move, ``since_s`` since when that
    one finds no room, -1 if it does; ``launched`` is how many have crossed since the queue stood;
    ``gives_way`` tells that the first one waits for others to pass, ``is_asked_for`` that routes
    are chosen by the speed of its street.
    """

    head: Ints
    tail: Ints
    free_s: Floats
    moves_s: Floats
    since_s: Floats
    launched: Ints
    gives_way: Flags
    is_asked_for: Flags


class Waiting(NamedTuple):
    """Lanes whose first vehicle waits for room, in a list at the lane that is full.

    ``full`` is that lane, -1 if it does not wait; ``first`` is the first of the list at a lane,
    ``after`` the next one of the list that a lane stands in.
    """

    full: Ints
    first: Ints
    after: Ints


class Rings(NamedTuple):
    """The room of every lane: a ring of spaces that were left, each free at an instant.

    ``occupied_m`` is the room that is taken; the ring of a lane begins at ``start``, its oldest
    space is ``oldest`` places behind that, and ``filled`` are on their way back; ``free_s`` and
    ``space_m`` are per place.
    """

    start: Ints
    occupied_m: Floats
    oldest: Ints
    filled: Ints
    free_s: Floats
    space_m: Floats


class Trips(NamedTuple):
    """Every vehicle: place on its route, arrival at the stop line, who is next, whose room it has.

    ``next`` is -1 for the last one of a queue; ``stands_on`` is -1 for who is not inserted yet.
    """

    option: Ints
    ready_s: Floats
    next: Ints
    stands_on: Ints


class Signs(NamedTuple):
    """Colours, and what the signals show.

    ``colour`` is the pool.  Per group: ``cell``, its first colour there, ``place``, its first
    entry of ``until_s``, and ``signal``.  Per signal: ``cycle_s``, ``clock``, the second of it that
    is shown, ``hold``, the first cell of the row that tells what may be held, and ``held_s``, for
    how long that has been.
    """

    colour: Cells
    cell: Ints
    place: Ints
    signal: Ints
    cycle_s: Ints
    clock: Ints
    hold: Ints
    held_s: Ints
    until_s: Ints


class Detectors(NamedTuple):
    """What signals that follow the traffic ask, of which there may be none.

    ``is_any`` tells whether there are.  Per lane: when its detector was ``passed_s``, and how far
    before the stop line it lies.  The rest is what ``colours.kernels.is_held`` takes.
    """

    is_any: bool
    passed_s: Floats
    reach_m: Floats
    gap_s: Floats
    signals: Arrays
    shown: Arrays
    heads: Arrays
    lanes: Arrays


class Ratios(NamedTuple):
    """Quotients that each crossing needs: a product takes a fraction of their time."""

    per_cross: Floats
    per_speed: Floats
    half_accel: Floats
    pace: Floats
    root: Floats


class Tallies(NamedTuple):
    """What a run is asked for; see ``Runs``.

    ``totals`` are delay [s], vehicles that arrived, stops and those taken on by impatience.
    """

    totals: Floats
    link_delay_s: Floats
    link_count: Ints
    link_stops: Ints
    lane_queue: Ints
    lane_blocked: Floats
    kept_out_s: Floats
    bus_delay_s: Floats
