"""Which phases each detector of a log serves, and how."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detectors.controller_log.events import EventLog
from detectors.controller_log.records import LINK, WIRING, Records
from detectors.controller_log.speaking import mark_speaking
from detectors.pulses import Flags

CHANNELS = 256
"""Phases and detectors are numbered in one byte."""
LAST_PHASE = 16
"""Phases are numbered from 1 to this."""
USES: Mapping[str, str] = {
    "advance": "advance",
    "presence": "presence",
    "yellow_red": "clearance",
}
"""Function of a detector in the configuration, in lower case → our word."""
COUNT = "stopbar count"
"""Function of a detector that only counts at the stop line."""

PhaseNames = frozenset[tuple[object, int]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wired:
    """Detectors of a log and the phases that they serve.

    Parameters
    ----------
    wiring, links
        For `pass_over`.
    detectors, phases
        (controller, channel) and (controller, phase) of its columns.
    served
        Our word for a use → (controller, phase) that a detector which speaks serves so.
    missed
        What rows of the configuration name that is not in the log, one phrase each.
    is_matched
        Whether the log holds all that at least one row names.
    """

    wiring: Records
    links: Records
    detectors: tuple[tuple[object, int], ...]
    phases: tuple[tuple[object, int], ...]
    served: Mapping[str, PhaseNames]
    missed: tuple[str, ...]
    is_matched: bool


def word_of(function: object) -> str:
    """Return the function of a detector without regard to case."""
    return str(function).strip().lower()


def wire_up(log: EventLog, config: pd.DataFrame) -> Wired:
    """Wire every channel that speaks as a detector, and phases 1 to 16.

    Parameters
    ----------
    log
        Events.
    config
        Columns ``DeviceId, Phase, Function, Parameter``; a detector may serve several phases.
    """
    shape = len(log.devices), CHANNELS
    speaks = np.zeros(shape, np.bool_)
    mark_speaking(log.device, log.code, log.parameter, speaks)
    wiring: Records = np.full((*shape, len(WIRING.names or ())), -1, np.int32).view(WIRING)[:, :, 0]
    wiring["detector"][speaks] = np.arange(np.count_nonzero(speaks))
    wiring["phase"][:, 1 : LAST_PHASE + 1] = np.arange(shape[0] * LAST_PHASE).reshape(shape[0], -1)
    position = {device: at for at, device in enumerate(log.devices)}
    columns = (config[name] for name in ("DeviceId", "Phase", "Function", "Parameter"))
    links: list[tuple[int, int]] = []
    served: dict[str, set[tuple[object, int]]] = {use: set() for use in USES.values()}
    missed: list[str] = []
    rows = dict.fromkeys(zip(*columns, strict=True))
    for row in rows:
        device, phase, function, channel = row
        miss = _miss(row, position, speaks)
        missed += [miss] if miss else []
        use = USES.get(word_of(function))
        if use and not miss:
            at = position[device]
            links.append((wiring["phase"][at, phase], wiring[use][at, channel]))
            wiring[use][at, channel] = len(links) - 1
            served[use].add((device, int(phase)))
    return Wired(
        wiring=wiring,
        links=np.array(links, LINK),
        detectors=tuple((log.devices[at], int(channel)) for at, channel in np.argwhere(speaks)),
        phases=tuple((device, n) for device in log.devices for n in range(1, LAST_PHASE + 1)),
        served={use: frozenset(names) for use, names in served.items()},
        missed=tuple(dict.fromkeys(missed)),
        is_matched=len(missed) < len(rows),
    )


def _miss(
    row: tuple[object, int, object, int], position: Mapping[object, int], speaks: Flags
) -> str:
    """Return what of a row is not in the log; empty if all is."""
    device, phase, function, channel = row
    if word_of(function) not in (*USES, COUNT):
        return f"function {function!r}"
    if device not in position:
        return f"device {device}"
    if not 1 <= phase <= LAST_PHASE:
        return f"phase {device}:{phase}"
    is_heard = 0 <= channel < CHANNELS and speaks[position[device], channel]
    return "" if is_heard else f"channel {device}:{channel}"
