"""What an intersection is, apart from any plan: links, signal groups, conflicts, intergreens."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf


class LinkKind(StrEnum):
    """Who uses a link."""

    VEHICLE = "vehicle"
    CROSSING = "crossing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One signal-controlled way from a lane to a lane, or one pedestrian crossing.

    Parameters
    ----------
    index
        Position of the link's colour in the controller's state; several links may share it.
    from_lane, to_lane
        Lanes before and behind the intersection.
    kind
        Vehicles or people on foot.
    turn
        ``through``, ``left``, ``right``, ``u_turn`` or ``crossing``.
    length_m
        Length inside the intersection. [m]
    speed_mps
        Speed allowed inside the intersection. [m/s]
    """

    index: int
    from_lane: str
    to_lane: str
    kind: LinkKind
    turn: str
    length_m: float
    speed_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalGroup:
    """Links that always show the same colour.

    Parameters
    ----------
    name
        Name, unique within the intersection.
    indices
        Positions in the controller's state; a position that no link uses is kept.
    is_pedestrian
        All links of the group are crossings.
    minimum_green_s
        Shortest green that may be shown. [s]
    """

    name: str
    indices: tuple[int, ...]
    is_pedestrian: bool
    minimum_green_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intersection:
    """One signalised junction, or several joined ones, under one controller.

    Parameters
    ----------
    name
        Name of the controller.
    groups
        Signal groups, in the order of their first position.
    links
        Links, in the order of their position.
    conflicts
        Unordered pairs of groups (sorted names) that may never be green together.
    yielding
        Pairs of groups whose links cross or merge and that may be green together only while
        at least one of the two is permissive.
    intergreens_s
        (group ending, group starting) → shortest time from the end of the one green to the
        start of the other, for both orders of every pair in ``conflicts``. [s]
    protections_s
        (group ending, group starting) → shortest time from the end of a protected green of the
        one to the next protected green of the other, for pairs in ``yielding``. [s]
    yellows_s
        Group → yellow that must follow its green. [s]
    red_ambers_s
        Group → red-amber that must precede its green. [s]
    maximum_reds_s
        Group → longest time that it may wait from green to green; no bound where it is missing.
        [s]
    minimum_cycle_s, maximum_cycle_s
        Range of the cycle. [s]
    shared
        Pairs of groups whose links meet and that the running plan protects both at once: there
        road users yield by the rules of the road.
    caveats
        What the reader of the network found and accepted, in words.
    """

    name: str
    groups: tuple[SignalGroup, ...]
    links: tuple[Link, ...]
    conflicts: frozenset[tuple[str, str]]
    yielding: frozenset[tuple[str, str]]
    intergreens_s: dict[tuple[str, str], float] = field(hash=False)
    yellows_s: dict[str, float] = field(hash=False)
    red_ambers_s: dict[str, float] = field(hash=False)
    protections_s: dict[tuple[str, str], float] = field(default_factory=dict, hash=False)
    maximum_reds_s: dict[str, float] = field(default_factory=dict, hash=False)
    minimum_cycle_s: float = 0.0
    maximum_cycle_s: float = inf
    shared: frozenset[tuple[str, str]] = frozenset()
    caveats: tuple[str, ...] = ()

    def group(self, name: str) -> SignalGroup:
        """Return a signal group by its name."""
        return next(group for group in self.groups if group.name == name)

    def group_of_index(self, index: int) -> SignalGroup:
        """Return the signal group that holds a position of the controller's state."""
        return next(group for group in self.groups if index in group.indices)


def pair(first: str, second: str) -> tuple[str, str]:
    """Return two names as an unordered pair, the key of conflicts."""
    return (first, second) if first < second else (second, first)
