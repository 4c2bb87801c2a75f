"""Adversarial plans: valid ones damaged in many ways, made up ones, and damaged bytes."""

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks._safety_junctions import Junction

Content = dict[str, Any]
VALID = "valid"
_COLOURS = "GgyYusoO"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A plan's text as it would arrive, and how it was made."""

    kind: str
    junction: str
    text: bytes


def attack(dice: Random, made: dict[str, Junction]) -> Attack:
    """Make one plan: one in ten valid, one in ten damaged bytes, one in ten made up at random.

    Parameters
    ----------
    dice
        Its draws decide everything.
    made
        Junctions by name.
    """
    name = dice.choice(sorted(made))
    content = content_of(made[name], dice)
    draw = dice.random()
    if draw < 0.1:
        return Attack(kind=VALID, junction=name, text=_bytes(content))
    if draw < 0.2:
        kind, spoil = dice.choice(_BYTES)
        return Attack(kind=kind, junction=name, text=spoil(dice, _bytes(content)))
    if draw < 0.3:
        _scatter(dice, content)
        return Attack(kind="made up", junction=name, text=_bytes(content))
    kinds = dice.sample(_DAMAGES, dice.choice((1, 1, 1, 2, 3)))
    for _, damage in kinds:
        with suppress(LookupError, TypeError, AttributeError, ValueError, ArithmeticError):
            damage(dice, content)  # what is too odd already cannot be damaged further
    return Attack(kind=kinds[0][0], junction=name, text=_bytes(content))


def content_of(junction: Junction, dice: Random) -> Content:
    """Return a valid plan of a junction as plain tables."""
    pattern = junction.valid(dice)
    return {
        "format": "citybrain plan",
        "version": 1,
        "name": "attack",
        "patterns": [
            {
                "intersection": pattern.intersection,
                "program": pattern.program,
                "cycle_s": pattern.cycle_s,
                "offset_s": pattern.offset_s,
                "groups": [
                    {
                        "group": timing.group,
                        "windows": [
                            {
                                "start_s": window.start_s,
                                "segments": [
                                    {"aspect": s.aspect.value, "duration_s": s.duration_s}
                                    for s in window.segments
                                ],
                                "red_clearance_s": window.red_clearance_s,
                            }
                            for window in timing.windows
                        ],
                    }
                    for timing in pattern.groups
                ],
            }
        ],
        "provenance": None,
    }


def _bytes(content: Content) -> bytes:
    return json.dumps(content).encode()


def _pattern(content: Content) -> Content:
    found: Content = content["patterns"][0]
    return found


def _windows(content: Content) -> list[Content]:
    return [window for timing in _pattern(content)["groups"] for window in timing["windows"]]


def _window(dice: Random, content: Content) -> Content | None:
    windows = _windows(content)
    return dice.choice(windows) if windows else None


def _step_s(dice: Random) -> float:
    size = dice.choice((0.1, 0.1, 0.2, 0.5, 1.0, 1.0, 2.0, 5.0, dice.randint(1, 300) / 10, 0.05))
    return float(dice.choice((-1, 1)) * size)


def _moved(value: object, by_s: float) -> object:
    return round(value + by_s, 3) if isinstance(value, int | float) else value


def _move_window(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    if window:
        at_s = _moved(window["start_s"], _step_s(dice))
        cycle_s = _pattern(content)["cycle_s"]
        is_number = isinstance(at_s, float) and isinstance(cycle_s, int | float) and cycle_s > 0
        window["start_s"] = round(at_s % cycle_s, 3) if is_number else at_s
        _sort(dice, content)


def _resize(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    if window and window["segments"]:
        segment = dice.choice(window["segments"])
        segment["duration_s"] = _moved(segment["duration_s"], _step_s(dice))


def _swap_time(dice: Random, content: Content) -> None:
    """Give time from one segment of a window to the next: the window keeps its length."""
    window = _window(dice, content)
    if window and len(window["segments"]) > 1:
        at = dice.randrange(len(window["segments"]) - 1)
        by_s = _step_s(dice)
        for place, sign in ((at, 1), (at + 1, -1)):
            segment = window["segments"][place]
            segment["duration_s"] = _moved(segment["duration_s"], sign * by_s)


def _recolour(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    if window and window["segments"]:
        dice.choice(window["segments"])["aspect"] = dice.choice(_COLOURS)


def _drop_segment(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    if window and window["segments"]:
        window["segments"].pop(dice.randrange(len(window["segments"])))


def _split_segment(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    if window and window["segments"]:
        at = dice.randrange(len(window["segments"]))
        segment = window["segments"][at]
        if isinstance(segment["duration_s"], float) and segment["duration_s"] > 1:
            part_s = float(dice.randint(1, int(segment["duration_s"] * 10) - 1)) / 10
            rest = dict(segment, duration_s=round(segment["duration_s"] - part_s, 3))
            segment["duration_s"] = part_s
            if dice.random() < 0.5:
                rest["aspect"] = dice.choice(_COLOURS)
            window["segments"].insert(at + 1, rest)


def _drop_window(dice: Random, content: Content) -> None:
    timing = dice.choice(_pattern(content)["groups"])
    if timing["windows"]:
        timing["windows"].pop()


def _copy_window(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    timing = dice.choice(_pattern(content)["groups"])
    if window:
        copy = deepcopy(window)
        copy["start_s"] = _moved(copy["start_s"], dice.choice((0.0, _step_s(dice) * 10)))
        timing["windows"].append(copy)
        _sort(dice, content)


def _swap_groups(dice: Random, content: Content) -> None:
    groups = _pattern(content)["groups"]
    one, other = dice.choice(groups), dice.choice(groups)
    one["windows"], other["windows"] = other["windows"], one["windows"]


def _misname(dice: Random, content: Content) -> None:
    groups = _pattern(content)["groups"]
    act = dice.randrange(4)
    if act == 0:
        groups.pop(dice.randrange(len(groups)))
    elif act == 1:
        groups.append(deepcopy(dice.choice(groups)))
    elif act == 2:
        dice.choice(groups)["group"] = dice.choice(("", "x", "1", 1, None))
    else:
        dice.shuffle(groups)


def _recycle(dice: Random, content: Content) -> None:
    pattern = _pattern(content)
    key = dice.choice(("cycle_s", "offset_s"))
    by_s = dice.choice((_step_s(dice), _step_s(dice) * 20, float(pattern["cycle_s"])))
    pattern[key] = _moved(pattern[key], by_s)


def _promise(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    if window:
        window["red_clearance_s"] = _moved(window["red_clearance_s"], _step_s(dice))


def _odd_value(dice: Random, content: Content) -> None:
    pattern = _pattern(content)
    window = _window(dice, content)
    places: list[tuple[Any, Any]] = [(pattern, "cycle_s"), (pattern, "offset_s")]
    places += [(pattern, "groups"), (content, "patterns"), (content, "version")]
    if window:
        places += [(window, "start_s"), (window, "segments"), (window, "red_clearance_s")] * 2
        places += [(segment, "duration_s") for segment in window["segments"]]
    table, key = dice.choice(places)
    table[key] = dice.choice(
        (None, True, "12.0", -1.0, -0.0, 0, float("nan"), float("inf"), 1e-9, 1e308, 10**30, [], {})
    )


def _odd_key(dice: Random, content: Content) -> None:
    window = _window(dice, content)
    table = dice.choice([content, _pattern(content), *([window] if window else [])])
    if dice.random() < 0.5:
        table[dice.choice(("note", "actuation", "start", ""))] = dice.choice((None, 1, "x"))
    else:
        table.pop(dice.choice(sorted(table)))


def _shift_all(dice: Random, content: Content) -> None:
    """Move one group's windows and all that follow it, as a careless retiming would."""
    by_s = _step_s(dice)
    groups = _pattern(content)["groups"]
    for timing in dice.sample(groups, dice.randint(1, len(groups))):
        for window in timing["windows"]:
            window["start_s"] = _moved(window["start_s"], by_s)


def _sort(dice: Random, content: Content) -> None:
    if dice.random() < 0.95:
        for timing in _pattern(content)["groups"]:
            timing["windows"].sort(key=lambda w: str(w["start_s"]).zfill(20))


def _scatter(dice: Random, content: Content) -> None:
    """Make every window up anew, often close to what is usual."""
    pattern = _pattern(content)
    cycle_s = float(dice.choice((dice.randint(30, 180), pattern["cycle_s"])))
    pattern["cycle_s"], pattern["offset_s"] = cycle_s, float(dice.randrange(int(cycle_s)))
    for timing in pattern["groups"]:
        count = dice.choice((0, 1, 1, 1, 1, 2))
        starts_s = sorted(dice.randrange(int(cycle_s * 10)) / 10 for _ in range(count))
        timing["windows"] = []
        for start_s, next_s in zip(
            starts_s, [*starts_s[1:], cycle_s + sum(starts_s[:1])], strict=False
        ):
            room_s = next_s - start_s
            yellow_s = dice.choice((0.0, 3.0, 4.0))
            green_s = round(room_s * dice.choice((0.2, 0.3, 0.5)) - yellow_s, 1)
            shown = [("G", green_s), ("y", yellow_s)]
            segments = [{"aspect": a, "duration_s": t} for a, t in shown if t > 0]
            if segments:
                window = {"start_s": start_s, "segments": segments, "red_clearance_s": 0.0}
                timing["windows"].append(window)


def _flip(dice: Random, text: bytes) -> bytes:
    damaged = bytearray(text)
    for _ in range(dice.choice((1, 1, 2, 8))):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _digit(dice: Random, text: bytes) -> bytes:
    damaged = bytearray(text)
    places = [at for at, byte in enumerate(damaged) if chr(byte).isdigit()]
    damaged[dice.choice(places)] = ord(dice.choice("0123456789.-e"))
    return bytes(damaged)


def _cut(dice: Random, text: bytes) -> bytes:
    return text[: dice.randrange(len(text))]


def _insert(dice: Random, text: bytes) -> bytes:
    at = dice.randrange(len(text))
    more = dice.choice(
        (b"[", b"]", b"{", b'"', b",", b"\x00", b"\xff\xfe", b"[" * 100_000, b"9" * 5000)
    )
    return text[:at] + more + text[at:]


def _double(dice: Random, text: bytes) -> bytes:
    key = dice.choice(
        (b'"cycle_s": ', b'"start_s": ', b'"duration_s": ', b'"windows": ', b'"version": ')
    )
    value = dice.choice((b"1", b"90.0", b"0.0", b"[]"))
    return text.replace(key, key + value + b", " + key, 1)


Damage = Callable[[Random, Content], None]
_DAMAGES: list[tuple[str, Damage]] = [
    ("window moved", _move_window),
    ("segment resized", _resize),
    ("time moved in a window", _swap_time),
    ("colour changed", _recolour),
    ("segment dropped", _drop_segment),
    ("segment divided", _split_segment),
    ("window dropped", _drop_window),
    ("window copied", _copy_window),
    ("groups swapped", _swap_groups),
    ("groups misnamed", _misname),
    ("cycle or offset changed", _recycle),
    ("promise changed", _promise),
    ("odd value", _odd_value),
    ("odd key", _odd_key),
    ("groups shifted", _shift_all),
]
_BYTES: list[tuple[str, Callable[[Random, bytes], bytes]]] = [
    ("bits flipped", _flip),
    ("digit changed", _digit),
    ("text cut", _cut),
    ("bytes put in", _insert),
    ("name doubled", _double),
]
DAMAGED_BYTES = frozenset(kind for kind, _ in _BYTES)
"""Kinds of plans that were damaged as text, not in what they say."""
