"""Numbers in words: one way of writing them throughout the report."""

import math
import re
from enum import StrEnum

from citybrain.model.actuation import cycle_range_s
from citybrain.model.pattern import Pattern
from citybrain.model.verdict import Estimate
from citybrain.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

MINUS = "−"
THIN_SPACE = "\u202f"
UNKNOWN = "–"


class Tone(StrEnum):
    """What a change of something unwanted means; also the style class it is drawn in."""

    BETTER = "better"
    WORSE = "worse"
    UNSURE = "unsure"


def tone(change: Estimate) -> Tone:
    """Tell whether a change is surely less, surely more, or not told apart from none."""
    if change.high < 0:
        return Tone.BETTER
    return Tone.WORSE if change.low > 0 else Tone.UNSURE


def number(value: float, digits: int = 1) -> str:
    """Write a number with a true minus sign and thin spaces between thousands."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:,.{digits}f}".replace(",", THIN_SPACE)
    is_zero = not text.strip("-0.")
    return text.removeprefix("-") if is_zero else text.replace("-", MINUS)


def true_minus(text: str) -> str:
    """Return a sentence whose negative decimals have a true minus sign; names keep theirs."""
    return re.sub(r"(?<![\w.])-(?=\d+\.\d)", MINUS, text)


def signed(value: float, digits: int = 1) -> str:
    """Write a change: with its sign, unless it rounds to zero."""
    text = number(value, digits)
    is_positive = value > 0 and text != number(0.0, digits)
    return f"+{text}" if is_positive else text


def interval(estimate: Estimate, digits: int = 1) -> str:
    """Write an interval as ``low to high``."""
    return f"{number(estimate.low, digits)} to {number(estimate.high, digits)}"


def signed_interval(estimate: Estimate, digits: int = 1) -> str:
    """Write the interval of a change as ``low to high``, both with their signs."""
    return f"{signed(estimate.low, digits)} to {signed(estimate.high, digits)}"


def percent(estimate: Estimate) -> Estimate:
    """Turn an estimated share into per cent, for display only."""
    return Estimate(mean=100 * estimate.mean, low=100 * estimate.low, high=100 * estimate.high)


def count(amount: int, noun: str, plural: str = "") -> str:
    """Write an amount with its noun: ``1 seed``, ``10 seeds``."""
    return f"{number(amount, 0)} {noun if amount == 1 else plural or noun + 's'}"


def clock(time_s: float) -> str:
    """Write seconds since midnight as ``07:00:00``."""
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"


def duration(time_s: float) -> str:
    """Write a time span in hours and minutes, or in seconds where they do not fit."""
    if time_s % SECONDS_PER_MINUTE:
        return f"{number(time_s, 0)} s"
    hours, rest_s = divmod(time_s, SECONDS_PER_HOUR)
    parts = [f"{hours:.0f} h"] if hours else []
    if rest_s or not hours:
        parts.append(f"{rest_s / SECONDS_PER_MINUTE:.0f} min")
    return " ".join(parts)


def seconds(value_s: float) -> str:
    """Write a controller's time: whole seconds, or tenths where there are any."""
    return number(value_s, 0 if float(value_s).is_integer() else 1)


def cycle(pattern: Pattern) -> str:
    """Write the cycle of a pattern, from shortest to longest where it follows the traffic."""
    low_s, high_s = cycle_range_s(pattern)
    return seconds(low_s) if low_s == high_s else f"{seconds(low_s)}–{seconds(high_s)}"


def shortened(name: str, length: int) -> str:
    """Cut a long name in its middle, so that both ends stay readable."""
    if len(name) <= length:
        return name
    head = (length - 1) // 2
    return f"{name[:head]}…{name[-(length - 1 - head) :]}"
