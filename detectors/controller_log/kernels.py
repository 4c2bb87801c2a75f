"""The pass over a controller log: every event once, all measures at once.

Events come in order of time.  Of events in the same tenth of a second those of the signal are
taken first (green, yellow, red, in this order), so that an arrival in the moment of a change
belongs to the new colour; the others in the order of the log.
"""

from typing import Any

from numba import njit

from detectors.cells import Whole
from detectors.controller_log.records import (
    DETECTOR_OFF,
    DETECTOR_ON,
    DOUBLED,
    FIRST_RED,
    FIRST_RED_MS,
    FORCE_OFF,
    FULL,
    GAP_OUT,
    GREEN,
    LAST_RED,
    LOST_OFFS,
    LOST_ONS,
    MAX_OUT,
    NEVER_MS,
    ON_GREEN,
    ON_RED,
    ON_YELLOW,
    PED_CALL,
    PED_ON,
    UNKNOWN,
    UNREAD,
    WALK,
    YELLOW,
    Codes,
    Records,
    Rules,
)
from detectors.pulses import Ints

CALLEES = "c4364cfac6ba9554"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""


@njit(cache=True, nogil=True)
def _row(time_ms: Whole, rules: Rules) -> Whole:
    return min(max(time_ms // rules.bin_ms, 0), rules.bin_count - 1)


@njit(cache=True, nogil=True)
def _cover(
    begin_ms: Whole, end_ms: Whole, detector: Whole, is_mended: bool, rules: Rules, sums: Records
) -> None:
    """Add covered time to the bins that it lies in."""
    row = _row(begin_ms, rules)
    while begin_ms < end_ms and row < rules.bin_count:
        part_ms = min(end_ms, (row + 1) * rules.bin_ms) - begin_ms
        if is_mended:
            sums[row, detector].mended_ms += part_ms
        else:
            sums[row, detector].occupied_ms += part_ms
        begin_ms += part_ms
        row += 1


@njit(cache=True, nogil=True)
def _end_green(now_ms: Whole, phase: Whole, state: Records, rules: Rules, sums: Records) -> None:
    """Add the green that ends to its cycle and to the bins that it lies in."""
    now = state[phase]
    if now.colour == ON_GREEN:
        begin_ms = now.since_ms
        now.green_ms = now_ms - begin_ms
        row = _row(begin_ms, rules)
        while begin_ms < now_ms and row < rules.bin_count:
            part_ms = min(now_ms, (row + 1) * rules.bin_ms) - begin_ms
            sums[row, phase].green_ms += part_ms
            begin_ms += part_ms
            row += 1


@njit(cache=True, nogil=True)
def _add_presence(now_ms: Whole, phase: Whole, state: Records) -> None:
    """Add the time since the last look during which the phase's stop line was covered."""
    now = state[phase]
    if now.present > 0:
        from_ms = max(now.present_ms, now.since_ms)
        if now.colour == ON_GREEN:
            now.covered_green_ms += now_ms - from_ms
        elif now.colour == ON_RED:
            now.covered_red_ms += max(min(now_ms, now.since_ms + FIRST_RED_MS) - from_ms, 0)
    now.present_ms = now_ms


@njit(cache=True, nogil=True)
def _end_cycle(now_ms: Whole, phase: Whole, state: Records, rules: Rules, sums: Records) -> None:
    """Judge the split of a cycle that was seen whole, up to five seconds of red."""
    now = state[phase]
    barrier_ms = now.since_ms + FIRST_RED_MS
    was_whole = now.is_whole == 1 and now.colour == ON_RED and now.green_ms > 0
    if was_whole and now_ms >= barrier_ms:
        total = sums[_row(barrier_ms, rules), phase]
        is_full = now.covered_green_ms >= FULL * now.green_ms
        total.cycles += 1
        total.whole_green_ms += now.green_ms
        total.covered_green_ms += now.covered_green_ms
        total.covered_red_ms += now.covered_red_ms
        total.split_failures += is_full and now.covered_red_ms >= FULL * FIRST_RED_MS


@njit(cache=True, nogil=True)
def _colour_of(code: Whole) -> Whole:
    """Return the colour that an event begins; `UNKNOWN` for an event of another kind."""
    if code == GREEN:
        return ON_GREEN
    if code == YELLOW:
        return ON_YELLOW
    return ON_RED if FIRST_RED <= code <= LAST_RED else UNKNOWN


@njit(cache=True, nogil=True)
def _signal(
    colour: Whole, now_ms: Whole, phase: Whole, state: Records, rules: Rules, sums: Records
) -> None:
    """Change the colour; a colour that comes out of turn spoils the cycle, not the state."""
    now = state[phase]
    is_old_red = now.colour == ON_RED or (now.colour == ON_GREEN and now.since_ms == now_ms)
    if colour == ON_RED and is_old_red:
        return
    _add_presence(now_ms, phase, state)
    _end_green(now_ms, phase, state, rules, sums)
    if colour == ON_GREEN:
        _end_cycle(now_ms, phase, state, rules, sums)
        now.covered_green_ms = 0
        now.covered_red_ms = 0
        now.is_whole = 1
        now.colour = ON_GREEN
        now.since_ms = now_ms
        return
    if now.colour != colour - 1:
        now.is_whole = 0
    if now.colour != ON_RED:
        now.colour = colour
        now.since_ms = now_ms
        sums[_row(now_ms, rules), phase].reds += colour == ON_RED


@njit(cache=True, nogil=True)
def _is_off(
    now_ms: Whole, detector: Whole, state: Records, rules: Rules, sums: Records, faults: Ints
) -> bool:
    """End a pulse; return whether there was one."""
    now = state[detector]
    if now.on_ms == NEVER_MS:
        faults[DOUBLED if now.off_ms == now_ms else LOST_ONS] += 1
        return False
    if now_ms - now.on_ms >= rules.chatter_ms:
        now.vehicle_ms = now_ms
    elif now.is_broken == 0:
        sums[_row(now.on_ms, rules), detector].chatter += 1
    _cover(now.on_ms, now_ms, detector, False, rules, sums)
    now.on_ms = NEVER_MS
    now.off_ms = now_ms
    return True


@njit(cache=True, nogil=True)
def _is_on(
    now_ms: Whole, detector: Whole, state: Records, rules: Rules, sums: Records, faults: Ints
) -> bool:
    """Begin a pulse; return whether it is one, not the last on event again."""
    now = state[detector]
    if now.on_ms == now_ms:
        faults[DOUBLED] += 1
        return False
    total = sums[_row(now_ms, rules), detector]
    total.volume += 1
    now.is_broken = 0
    if now.on_ms != NEVER_MS:
        faults[LOST_OFFS] += 1
        _cover(now.on_ms, now_ms, detector, True, rules, sums)
    elif now_ms - now.vehicle_ms < rules.break_ms:
        now.is_broken = 1
        total.broken += 1
    now.on_ms = now_ms
    return True


@njit(cache=True, nogil=True)
def _arrive(
    now_ms: Whole,
    wire: Any,  # noqa: ANN401
    links: Records,
    phases: Records,
    rules: Rules,
    sums: Records,
) -> None:
    """Count an actuation by the colour of each phase that its detector serves."""
    row = _row(now_ms, rules)
    at = wire.advance
    while at >= 0:
        phase = links[at].phase
        colour, total = phases[phase].colour, sums[row, phase]
        if colour == ON_GREEN:
            total.arrivals_green += 1
        elif colour == ON_YELLOW:
            total.arrivals_yellow += 1
        elif colour == ON_RED:
            total.arrivals_red += 1
        else:
            total.arrivals_unknown += 1
        at = links[at].following
    at = wire.clearance
    while at >= 0:
        phase = links[at].phase
        colour, total = phases[phase].colour, sums[row, phase]
        total.clearance_yellow += colour == ON_YELLOW
        total.clearance_red += colour == ON_RED
        at = links[at].following


@njit(cache=True, nogil=True)
def _change_presence(
    now_ms: Whole, at: Whole, change: Whole, links: Records, phases: Records
) -> None:
    """Cover or free the stop line of each phase from a link on by one detector."""
    while at >= 0:
        phase = links[at].phase
        _add_presence(now_ms, phase, phases)
        phases[phase].present += change
        at = links[at].following


@njit(cache=True, nogil=True)
def _other(code: Whole, now_ms: Whole, phase: Whole, state: Records, total: Any) -> None:  # noqa: ANN401
    now = state[phase]
    if code == GAP_OUT:
        total.gap_outs += 1
    elif code == MAX_OUT:
        total.max_outs += 1
    elif code == FORCE_OFF:
        total.force_offs += 1
    elif code == PED_ON:
        total.ped_actuations += 1
    elif code == PED_CALL and now.ped_call_ms == NEVER_MS:
        now.ped_call_ms = now_ms
    elif code == WALK and now.ped_call_ms != NEVER_MS:
        total.ped_served += 1
        total.ped_delay_ms += now_ms - now.ped_call_ms
        now.ped_call_ms = NEVER_MS


@njit(cache=True, nogil=True)
def _end_phase(now_ms: Whole, phase: Whole, phases: Records, rules: Rules, sums: Records) -> None:
    _add_presence(now_ms, phase, phases)
    _end_green(now_ms, phase, phases, rules, sums)
    _end_cycle(now_ms, phase, phases, rules, sums)


@njit(cache=True, nogil=True)
def _fall_silent(  # noqa: PLR0913, PLR0917 - kernels take arrays
    silence: Any,  # noqa: ANN401
    wiring: Records,
    rules: Rules,
    detectors: Records,
    phases: Records,
    detector_sums: Records,
    phase_sums: Records,
) -> None:
    """End all that goes on at a controller; from then on nothing of it is known."""
    for k in range(wiring.shape[1]):
        wire = wiring[silence.device, k]
        if wire.phase >= 0:
            _end_phase(silence.begin_ms, wire.phase, phases, rules, phase_sums)
            now = phases[wire.phase]
            now.colour = UNKNOWN
            now.is_whole = 0
            now.present = 0
            now.ped_call_ms = NEVER_MS
        if wire.detector >= 0 and detectors[wire.detector].on_ms != NEVER_MS:
            on_ms = detectors[wire.detector].on_ms
            _cover(on_ms, silence.begin_ms, wire.detector, True, rules, detector_sums)
            detectors[wire.detector].on_ms = NEVER_MS


@njit(cache=True, nogil=True)
def _signals(code: Codes, begin: int, end: int) -> bool:
    for k in range(begin, end):  # noqa: SIM110 - compiled
        if code[k] <= LAST_RED and _colour_of(code[k]) != UNKNOWN:
            return True
    return False


@njit(cache=True, nogil=True)
def pass_over(  # noqa: C901, PLR0912, PLR0913, PLR0917 - one pass, and kernels take arrays
    time_ms: Ints,
    device: Codes,
    code: Codes,
    parameter: Codes,
    wiring: Records,
    links: Records,
    silences: Records,
    rules: Rules,
    detectors: Records,
    phases: Records,
    detector_sums: Records,
    phase_sums: Records,
    faults: Ints,
) -> None:
    """Take every event of a log once and add up all measures.

    A log may be cut between any two moments; state and sums go on.

    Parameters
    ----------
    time_ms
        Time of each event since the begin of the first bin, in order. [ms]
    device, code, parameter
        Controller by position, event code, phase or channel.
    wiring, links
        Detectors and the phases that they serve, `WIRING` and `LINK`.
    silences
        Begins of silences in order of time, `SILENCE`.
    rules
        Bins and limits.
    detectors, phases
        What is going on, `DETECTOR_STATE` and `PHASE_STATE`; changed in place.
    detector_sums, phase_sums
        Sums ``[bin, detector]`` and ``[bin, phase]``, changed in place.
    faults
        Counts of what was mended or could not be read, changed in place.
    """
    begin = silent = 0
    while begin < len(time_ms):
        now_ms = time_ms[begin]
        end = begin
        while end < len(time_ms) and time_ms[end] == now_ms:
            end += 1
        if _signals(code, begin, end):
            for colour in (ON_GREEN, ON_YELLOW, ON_RED):
                for k in range(begin, end):
                    is_own = code[k] <= LAST_RED and _colour_of(code[k]) == colour
                    if is_own and 0 <= parameter[k] < wiring.shape[1]:
                        phase = wiring[device[k], parameter[k]].phase
                        if phase >= 0:
                            _signal(colour, now_ms, phase, phases, rules, phase_sums)
        for k in range(begin, end):
            if not 0 <= parameter[k] < wiring.shape[1]:
                faults[UNREAD] += 1
                continue
            wire = wiring[device[k], parameter[k]]
            if code[k] == DETECTOR_OFF:
                at = wire.detector
                if _is_off(now_ms, at, detectors, rules, detector_sums, faults):
                    _change_presence(now_ms, wire.presence, -1, links, phases)
            elif code[k] == DETECTOR_ON:
                at = wire.detector
                was_off = detectors[at].on_ms == NEVER_MS
                if _is_on(now_ms, at, detectors, rules, detector_sums, faults):
                    _arrive(now_ms, wire, links, phases, rules, phase_sums)
                    if was_off:
                        _change_presence(now_ms, wire.presence, 1, links, phases)
            elif GAP_OUT <= code[k] <= PED_ON and wire.phase >= 0:
                total = phase_sums[_row(now_ms, rules), wire.phase]
                _other(code[k], now_ms, wire.phase, phases, total)
        while silent < len(silences) and silences[silent].begin_ms <= now_ms:
            _fall_silent(
                silences[silent], wiring, rules, detectors, phases, detector_sums, phase_sums
            )
            silent += 1
        begin = end


@njit(cache=True, nogil=True)
def close(
    rules: Rules,
    detectors: Records,
    phases: Records,
    detector_sums: Records,
    phase_sums: Records,
) -> None:
    """End what is still going on when the log ends; parameters as in `pass_over`."""
    for phase in range(len(phases)):
        _end_phase(rules.end_ms, phase, phases, rules, phase_sums)
    for at in range(len(detectors)):
        begin_ms = detectors[at].on_ms
        if begin_ms != NEVER_MS:
            _cover(begin_ms, rules.end_ms, at, True, rules, detector_sums)
