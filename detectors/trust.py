"""How far the count of a lane can be believed."""

from dataclasses import dataclass

import numpy as np

from citybrain.model.flows import Quality
from detectors.pulses import Flags, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRules:
    """When a lane is doubted or dead.

    Parameters
    ----------
    minimum_coverage
        Below this mean coverage a lane is doubted. [0-1]
    maximum_repaired
        Above this share of repaired pulses a lane is doubted. [0-1]
    silence_veh
        A lane without one pulse is dead if the median of the other lanes is at least this;
        with less traffic the silence says nothing and the lane is doubted. [veh]
    """

    minimum_coverage: float = 0.9
    maximum_repaired: float = 0.1
    silence_veh: float = 20.0


def judge(
    count_veh: Floats, coverage: Floats, repaired: Floats, substitute: Flags, rules: TrustRules
) -> tuple[Quality, ...]:
    """Answer for each lane whether its count is believed, doubted or dead.

    Parameters
    ----------
    count_veh
        Vehicles of each lane over the whole feed, shape (lanes,). [veh]
    coverage
        Mean coverage of each lane, shape (lanes,). [0-1]
    repaired
        Share of each lane's pulses that were repaired, shape (lanes,). [0-1]
    substitute
        The lane's preferred detector is silent and another one spoke for it, shape (lanes,).
    rules
        Limits.
    """
    heard = count_veh[count_veh > 0]
    is_busy = bool(len(heard)) and float(np.median(heard)) >= rules.silence_veh
    silent = count_veh == 0
    doubted = (
        silent
        | substitute
        | (coverage < rules.minimum_coverage)
        | (repaired > rules.maximum_repaired)
    )
    dead = (silent & is_busy) | (coverage == 0)
    return tuple(
        Quality.DEAD if is_dead else Quality.DOUBTED if is_doubted else Quality.BELIEVED
        for is_dead, is_doubted in zip(dead, doubted, strict=True)
    )


def judge_by_coverage(coverage: Floats, rules: TrustRules) -> tuple[Quality, ...]:
    """Answer for lanes whose feed states every zero, so that silence needs no guess.

    Parameters
    ----------
    coverage
        Mean coverage of each lane, shape (lanes,). [0-1]
    rules
        Limits.
    """
    nothing = np.zeros(len(coverage))
    heard = np.ones(len(coverage))
    return judge(heard, coverage, nothing, nothing > 0, rules)
