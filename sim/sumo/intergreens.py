"""Intergreens of an intersection: what its running plan shows against what geometry asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from citybrain.model.pattern import Pattern
from citybrain.model.successions import successions
from citybrain.units import rounded_s
from sim.sumo.clearance import red_clearance_s
from sim.sumo.conflicts import Conflicts

OrderedPair = tuple[str, str]
"""Group that ends, group that starts."""


_SLACK_S = 6.0
"""Shown beyond speed and geometry by more than this, a red is slack of the plan and no clearance:
hand-made plans (RiLSA examples 1-4) stay within 6 s of the kinematic value. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntergreenEvidence:
    """What is known of one intergreen.

    Parameters
    ----------
    ending, starting
        The two groups.
    kinematic_s
        Yellow and red clearance that speed and geometry ask for. [s]
    shown_s
        Shortest time that the running plan shows where the one follows the other directly; none
        where it never does. [s]
    shortest_s
        Shortest time from any end of the one to the next start of the other, whatever lies
        between; none if one of them is never green. [s]
    """

    ending: str
    starting: str
    kinematic_s: float
    shown_s: float | None
    shortest_s: float | None

    @property
    def is_short(self) -> bool:
        """The running plan shows less than speed and geometry ask for."""
        return self.shown_s is not None and self.shown_s < self.kinematic_s


def gather_evidence(
    patterns: Sequence[Pattern],
    conflicts: Conflicts,
    yellows_s: Mapping[str, float],
    walking_speed_mps: float,
) -> tuple[IntergreenEvidence, ...]:
    """Return what is known of the intergreen of every ordered pair of conflicting groups.

    Parameters
    ----------
    patterns
        What is shown today; where the signal follows the traffic, at the shortest and the longest.
    conflicts
        Conflicts of the intersection.
    yellows_s
        Group → yellow after its green. [s]
    walking_speed_mps
        Speed of clearance on a crossing. [m/s]
    """
    shown, shortest = _shown_s(patterns, conflicts.conflicting)
    evidence = []
    for first, second in sorted(conflicts.conflicting):
        links = conflicts.foes[first, second]
        reversed_links = [(b, a) for a, b in links]
        for ending, starting, ways in ((first, second, links), (second, first, reversed_links)):
            clearance_s = max(red_clearance_s(a, b, walking_speed_mps) for a, b in ways)
            evidence.append(
                IntergreenEvidence(
                    ending=ending,
                    starting=starting,
                    kinematic_s=rounded_s(yellows_s[ending] + clearance_s),
                    shown_s=shown.get((ending, starting)),
                    shortest_s=shortest.get((ending, starting)),
                )
            )
    return tuple(evidence)


def intergreen_s(evidence: IntergreenEvidence) -> float:
    """Choose the intergreen that every plan must keep [s].

    What the running plan shows where one green directly follows the other is the controller's own
    setting, as far as a plan can tell it, unless it is so long that the plan must have waited for
    something else.  Elsewhere it is the kinematic value, but never more than the running plan
    leaves: the plan that runs today always keeps its own intergreens.

    Parameters
    ----------
    evidence
        What is known of the pair.
    """
    longest_s = evidence.kinematic_s + _SLACK_S
    if evidence.shown_s is not None and evidence.shown_s <= longest_s:
        return evidence.shown_s
    if evidence.shortest_s is not None:
        return min(evidence.kinematic_s, evidence.shortest_s)
    return evidence.kinematic_s


def _shown_s(
    patterns: Sequence[Pattern], conflicting: frozenset[tuple[str, str]]
) -> tuple[dict[OrderedPair, float], dict[OrderedPair, float]]:
    direct: dict[OrderedPair, float] = {}
    shortest: dict[OrderedPair, float] = {}
    for succession in chain.from_iterable(successions(p, conflicting) for p in patterns):
        key = (succession.ending, succession.starting)
        shortest[key] = min(shortest.get(key, succession.shown_s), succession.shown_s)
        if succession.is_direct:
            direct[key] = min(direct.get(key, succession.shown_s), succession.shown_s)
    return direct, shortest
