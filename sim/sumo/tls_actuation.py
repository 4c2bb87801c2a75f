"""Reading SUMO's actuated programs: which intervals follow the traffic, how far, and how.

A program of type ``actuated`` shows its phases in their order.  A phase lasts ``minDur`` to
``maxDur``, by itself exactly ``duration``; ``duration`` and the offset say where the program stands
when the simulation begins.  Detectors hold a phase with a green and no yellow up to its ``maxDur``;
every other phase ends at its ``minDur``.

Source: SUMO 1.28, user documentation "Simulation/Traffic Lights", type 'actuated', and what SUMO
was seen to run.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import isfinite, nan
from typing import NamedTuple
from xml.etree import ElementTree

from citybrain.errors import InfeasibleError, InputError
from citybrain.model.actuation import Actuation, Stretch
from citybrain.model.aspects import GREENS, YELLOWS
from citybrain.units import rounded_s, same_time
from sim.sumo.xml_files import seconds

ACTUATED = "actuated"
"""Type of program whose greens follow the gaps between vehicles, in SUMO's words."""

_GAP, _DETECTOR, _COORDINATED, _CYCLE = "max-gap", "detector-gap", "coordinated", "cycleTime"
_GAP_S, _DETECTOR_S = 3.0, 2.0
"""What holds where a program does not name its gap and the place of its detectors. [s]"""
_ENDS = ("earliestEnd", "latestEnd")
_READ = frozenset({_GAP, _DETECTOR, _COORDINATED, _CYCLE})
_SILENT = frozenset({"show-detectors", "file", "freq", "inactive-threshold"})
"""Parameters that change nothing of what a program with one successor of each phase shows."""

_USUAL = {
    "passing-time": ("1.9",),
    "detector-length": ("0",),
    "jam-threshold": ("-1", "0"),
    "vTypes": ("",),
    "build-all-detectors": ("false", "0"),
}
"""Parameters that change nothing while they have one of these values, SUMO's own."""

_TRUE = frozenset({"1", "yes", "true", "on", "x", "t"})
_RULES = ("condition", "assignment", "function")
_CHOICES = ("earlyTarget", "finalTarget")
_GREEN_LETTERS = frozenset(aspect.value for aspect in GREENS)
_YELLOW_LETTERS = frozenset(aspect.value for aspect in YELLOWS)


class _Phase(NamedTuple):
    """One ``<phase>`` with its place in the cycle."""

    number: int
    element: ElementTree.Element
    start_s: float
    duration_s: float
    state: str


def read_actuation(
    program: ElementTree.Element, durations_s: Sequence[float]
) -> tuple[Actuation | None, str]:
    """Return how a ``tlLogic`` of type ``actuated`` follows the traffic.

    Parameters
    ----------
    program
        The element; each of its phases is followed by the next one in the file.
    durations_s
        Duration of each of its phases, as shown. [s]

    Returns
    -------
    actuation
        None for a program all of whose phases have one duration only.
    obstacle
        Why the actuation of a pattern does not say all that the program does; empty where it does.
    """
    try:
        return _actuation(program, list(_phases(program, durations_s))), ""
    except InfeasibleError as error:
        return None, str(error)


def coordinated_ends_s(stretch: Stretch, duration_s: float) -> tuple[float, float]:
    """Return when a stretch of a coordinated program ends, at the earliest and the latest [s].

    Parameters
    ----------
    stretch
        The stretch.
    duration_s
        For how long the pattern shows it. [s]

    Returns
    -------
    tuple
        Times of the cycle [s]; what the stretches before it save is this one's to use.
    """
    earliest_s = rounded_s(stretch.start_s + min(duration_s, stretch.minimum_s))
    return earliest_s, rounded_s(stretch.start_s + duration_s)


def _phases(program: ElementTree.Element, durations_s: Sequence[float]) -> Iterator[_Phase]:
    starts_s = accumulate(durations_s[:-1], initial=0.0)
    elements = program.iter("phase")
    rows = zip(elements, starts_s, durations_s, strict=True)
    for number, (element, start_s, duration_s) in enumerate(rows):
        state = element.get("state", "")
        yield _Phase(number, element, rounded_s(start_s), duration_s, state)


def _actuation(program: ElementTree.Element, phases: Sequence[_Phase]) -> Actuation | None:
    rule = next((tag for tag in _RULES if program.find(tag) is not None), None)
    if rule is not None:
        msg = f"it switches by rules of its own ({rule})"
        raise InfeasibleError(msg)
    for phase in phases:
        choice = next((name for name in _CHOICES if phase.element.get(name)), None)
        if choice is not None:
            msg = f"its phases choose their successors ({choice})"
            raise InfeasibleError(msg)
    stretches = {phase.number: s for phase in phases if (s := _stretch(phase)) is not None}
    for before, after in pairwise(phases):
        if before.state == after.state and stretches.keys() & {before.number, after.number}:
            msg = f"phases {before.number} and {after.number} show the same colours"
            raise InfeasibleError(msg)
    parameters = {p.get("key", ""): p.get("value", "") for p in program.iter("param")}
    is_coordinated = _is_coordinated(program, parameters, phases, stretches)
    if not stretches:
        return None
    _refuse_unknown(parameters)
    return Actuation(
        stretches=tuple(stretches.values()),
        gap_s=_number(parameters, _GAP, _GAP_S),
        detector_s=_number(parameters, _DETECTOR, _DETECTOR_S),
        is_coordinated=is_coordinated,
    )


def _stretch(phase: _Phase) -> Stretch | None:
    """Return how far a phase may last for longer or shorter than shown, none if it may not."""
    shown_s = phase.duration_s
    minimum_s = _bound_s(phase, "minDur")
    maximum_s = _bound_s(phase, "maxDur")
    if maximum_s is None and minimum_s is not None:
        msg = f"phase {phase.number} has a minDur and no maxDur: its green has no longest time"
        raise InfeasibleError(msg)
    low_s = shown_s if minimum_s is None else minimum_s
    high_s = shown_s if maximum_s is None else maximum_s
    if same_time(low_s, shown_s) and same_time(high_s, shown_s):
        return None
    letters = set(phase.state)
    is_held = bool(letters & _GREEN_LETTERS) and not letters & _YELLOW_LETTERS
    if not is_held and not same_time(low_s, high_s):
        msg = f"phase {phase.number} shows yellow or no green and has a minDur below its maxDur"
        raise InfeasibleError(msg)
    try:
        return Stretch(start_s=phase.start_s, minimum_s=low_s, maximum_s=high_s)
    except InfeasibleError:
        msg = f"phase {phase.number} has minDur {low_s:g} s and maxDur {high_s:g} s"
        raise InfeasibleError(msg) from None


def _bound_s(phase: _Phase, name: str) -> float | None:
    text = phase.element.get(name)
    try:
        return None if text is None else seconds(text, name)
    except InputError:
        msg = f"phase {phase.number}: {name} {text!r} is no time"
        raise InfeasibleError(msg) from None


def _is_coordinated(
    program: ElementTree.Element,
    parameters: Mapping[str, str],
    phases: Sequence[_Phase],
    stretches: Mapping[int, Stretch],
) -> bool:
    """Tell whether all stretches end at times of a fixed cycle, as a pattern says it.

    Without such times the parameter ``coordinated`` changes nothing.

    Raises
    ------
    InfeasibleError
        They end at other times, some do and others do not, or the cycle is counted differently.
    """
    ends_s = {
        phase.number: tuple(_bound_s(phase, name) for name in _ENDS)
        for phase in phases
        if any(phase.element.get(name) is not None for name in _ENDS)
    }
    if not ends_s:
        return False
    if parameters.get(_COORDINATED, "").lower() not in _TRUE:
        msg = "its phases end at times since phase 0 began (earliestEnd, latestEnd)"
        raise InfeasibleError(msg)
    cycle_s = rounded_s(sum(phase.duration_s for phase in phases))
    offset_s = seconds(program.get("offset", "0"), "offset")
    is_counted = same_time(_number(parameters, _CYCLE, cycle_s), cycle_s)
    said = {
        phase.number: coordinated_ends_s(stretches[phase.number], phase.duration_s)
        for phase in phases
        if phase.number in stretches
    }
    if not is_counted or not 0 <= offset_s < cycle_s or said != ends_s:
        msg = "its phases end at times of the cycle that a pattern cannot say"
        raise InfeasibleError(msg)
    return True


def _refuse_unknown(parameters: Mapping[str, str]) -> None:
    for key, value in parameters.items():
        if key in _READ | _SILENT or value in _USUAL.get(key, ()):
            continue
        msg = f"its parameter {key} = {value!r} is none that a pattern can say"
        raise InfeasibleError(msg)


def _number(parameters: Mapping[str, str], key: str, usual: float) -> float:
    text = parameters.get(key)
    try:
        number = usual if text is None else float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        msg = f"its parameter {key} = {text!r} is no number"
        raise InfeasibleError(msg)
    return number
