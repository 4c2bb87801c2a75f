"""Bins of a clip's flows: those asked for, else as many as the clip fills, from its begin on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from citybrain.cli.count_request import USUAL_BIN_S, Request
from citybrain.model.flows import Detector, FlowSnapshot
from citybrain.units import SECONDS_PER_MINUTE
from detectors.counting import count_pulses
from detectors.pulses import SIMULATION_START, Pulses

_SLACK_S = 0.05
"""A clip that is longer than whole seconds by less than this needs no further second. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTime:
    """How long a clip is [s], and whether it is a stream that goes on."""

    end_s: float
    is_live: bool


def clip_flows(
    request: Request, pulses: Pulses, lanes: Sequence[Detector], clip: ClipTime
) -> FlowSnapshot:
    """Count per bin; bins that nobody asked for begin with the clip.

    Parameters
    ----------
    request
        Options of the command.
    pulses
        Vehicles that were seen.
    lanes
        A detector for each lane of the camera.
    clip
        Its length.

    Raises
    ------
    InfeasibleError
        There are more bins than fit in memory.
    """
    if request.is_bin_given or clip.is_live:
        return count_pulses(pulses, lanes, bin_s=request.bin_s)
    begin = request.start or SIMULATION_START
    recorded = (begin, begin + timedelta(seconds=clip.end_s))
    return count_pulses(pulses, lanes, bin_s=bin_for_s(clip.end_s), recorded=recorded)


def bin_for_s(clip_s: float) -> float:
    """Return the length of bins for a clip where none is asked for. [s].

    Parameters
    ----------
    clip_s
        Length of the clip. [s]

    Returns
    -------
    float
        The usual bin where the clip fills one, else a minute, else the whole clip as one bin, so
        that what was seen is not a small part of what a bin would hold. [s]
    """
    fitting_s = [bin_s for bin_s in (USUAL_BIN_S, SECONDS_PER_MINUTE) if bin_s <= clip_s]
    return fitting_s[0] if fitting_s else max(float(ceil(clip_s - _SLACK_S)), 1.0)


def bins_told(request: Request, flows: FlowSnapshot, clip: ClipTime) -> str:
    """Return what is said of the bins."""
    is_asked = request.is_bin_given or clip.is_live
    chosen = "" if is_asked else ", by the length of the clip; --bin sets it"
    bins = "1 bin" if flows.bin_count == 1 else f"{flows.bin_count} bins"
    return f"{bins} of {flows.bin_s:g} s{chosen}"
