"""One line of an edge box's JSON: the frame's time and its detections, however they are named."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

TIMES = ("timestamp", "time", "ts", "datetime", "utctime", "ntptimestamp", "t", "times")
TIMES_SCALED = {"timestampms": 1e-3, "timems": 1e-3, "timestampus": 1e-6, "timestampns": 1e-9}
"""Name of a time in another unit → that unit. [s]"""
FRAMES = ("frame", "frameid", "framenum", "framenumber", "frameindex")
LISTS = ("objects", "detections", "tracks", "boxes", "observations", "object", "trackedobjects")
BOXES = ("bbox", "box", "boundingbox", "rect", "rectparams", "xyxy", "xywh", "tlwh", "tlbr")
TRACKS = ("trackid", "trackingid", "objecttrackid", "trackerid", "track", "objectid", "id")
KINDS = ("classname", "label", "class", "type", "category", "kind", "typeid", "classid")
SCORES = ("confidence", "score", "conf", "probability")
SENSORS = ("sensorid", "sensor", "cameraid", "camera", "sourceid", "channelid")
"""What edge boxes call a time, the number of a frame, a list of boxes, a box, a track, a kind, a
score and a camera, in small letters without gaps and signs; the first that is there counts."""
CORNER_NAMES = (
    ("left", "top", "right", "bottom"),
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("topleftx", "toplefty", "bottomrightx", "bottomrighty"),
)
SIZE_NAMES = (
    ("left", "top", "width", "height"),
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
)
"""The same for the two corners of a box, and for its upper left corner and its size."""
NO_TRACK = {"", "-1", "none", "null", "18446744073709551615"}
"""What edge boxes write for a box without a track; the last one is 2^64 - 1."""
_PIPED = 6
_EXACT = 2.0**53
Corners = tuple[float, float, float, float]


class BoxForm(StrEnum):
    """What a list of four numbers means."""

    CORNERS = "corners"
    """Left, top, right, bottom."""
    CORNER_SIZE = "corner_size"
    """Left, top, width, height."""
    CENTRE_SIZE = "centre_size"
    """Middle, width, height."""


class UnreadableError(ValueError):
    """A line, or a detection in it, cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One box: corners, identity or none, word for its kind, and score."""

    corners: Corners
    track: str | None
    kind: str
    score: float


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """What a line holds.

    Parameters
    ----------
    time
        A text, or a number of seconds; none if the line has no time.
    frame
        Number of the frame, if it is given.
    sensor
        Camera, if it is named.
    is_list
        The line is a whole frame; otherwise it is one detection of several.
    detections
        Those that can be read.
    faults
        Why the others cannot.
    """

    time: str | float | None
    frame: int | None
    sensor: str | None
    is_list: bool
    detections: tuple[Detection, ...]
    faults: tuple[str, ...]


def read_line(text: str, form: BoxForm = BoxForm.CORNERS) -> EdgeLine:
    """Read one line.

    Parameters
    ----------
    text
        A JSON object: a frame with a list of detections, or one detection.
    form
        What a list of four numbers means, where its name does not say.

    Raises
    ------
    UnreadableError
        It is no JSON object, or holds nothing that can be read.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("no JSON") from None  # noqa: EM101 - a reason to be counted
    if not isinstance(content, dict):
        raise UnreadableError("no JSON object")  # noqa: EM101 - a reason to be counted
    row = _plain(content)
    for name in ("frame", "object"):
        if isinstance(row.get(name), dict):
            row = {**row, **_plain(row.pop(name))}
    listed = next((row[name] for name in LISTS if isinstance(row.get(name), list)), None)
    found, faults = _all(listed, form) if listed is not None else ([_detection(row, form)], [])
    sensor = _first(row, SENSORS)
    return EdgeLine(
        _time(row),
        _whole(_first(row, FRAMES)),
        None if sensor is None or isinstance(sensor, dict | list) else str(sensor),
        listed is not None,
        tuple(found),
        tuple(faults),
    )


def _all(listed: Sequence[Any], form: BoxForm) -> tuple[list[Detection], list[str]]:
    found, faults = [], []
    for one in listed:
        try:
            found.append(_piped(one) if isinstance(one, str) else _detection(_plain(one), form))
        except UnreadableError as error:
            faults.append(str(error))
    return found, faults


def _detection(row: Mapping[str, Any], form: BoxForm) -> Detection:
    kind, score = _first(row, KINDS), _first(row, SCORES)
    if isinstance(kind, dict):
        inner = _plain(kind)
        kind, score = _first(inner, KINDS), _first(inner, SCORES) if score is None else score
    track = _first(row, TRACKS)
    known_score = _number(score) if score is not None else 1.0
    return Detection(
        _corners(row, form),
        None if track is None or str(track).strip().lower() in NO_TRACK else str(track),
        "" if kind is None else str(kind),
        known_score if math.isfinite(known_score) else 1.0,
    )


def _piped(text: str) -> Detection:
    """Read ``id|left|top|right|bottom|class``, as DeepStream's minimal schema has it."""
    parts = text.split("|")
    if len(parts) < _PIPED:
        raise UnreadableError("no box")  # noqa: EM101 - a reason to be counted
    track = None if parts[0].strip().lower() in NO_TRACK else parts[0]
    return Detection(_checked(parts[1:5]), track, parts[5], 1.0)


def _corners(row: Mapping[str, Any], form: BoxForm) -> Corners:
    name = next((name for name in BOXES if isinstance(row.get(name), dict | list)), None)
    box = row if name is None else row[name]
    if isinstance(box, list):
        own = {"xyxy": BoxForm.CORNERS, "tlbr": BoxForm.CORNERS, "tlwh": BoxForm.CORNER_SIZE}
        return _FORMS[own.get(name or "", form)](_checked(box))
    sides = _plain(box)
    for names in CORNER_NAMES:
        if all(side in sides for side in names):
            return _checked([sides[side] for side in names])
    for names in SIZE_NAMES:
        if all(side in sides for side in names):
            return _from_size(_checked([sides[side] for side in names]))
    raise UnreadableError("no box")  # noqa: EM101 - a reason to be counted


def _from_size(box: Corners) -> Corners:
    return (box[0], box[1], box[0] + box[2], box[1] + box[3])


def _from_centre(box: Corners) -> Corners:
    left, top = box[0] - box[2] / 2, box[1] - box[3] / 2
    return (left, top, left + box[2], top + box[3])


_FORMS: Mapping[BoxForm, Callable[[Corners], Corners]] = {
    BoxForm.CORNERS: lambda box: box,
    BoxForm.CORNER_SIZE: _from_size,
    BoxForm.CENTRE_SIZE: _from_centre,
}


def _checked(values: Sequence[Any]) -> Corners:
    numbers = [_number(value) for value in values]
    if len(numbers) != 4 or not all(math.isfinite(n) and abs(n) < 1e6 for n in numbers):  # noqa: PLR2004
        raise UnreadableError("no box")  # noqa: EM101 - a reason to be counted
    left, top, right, bottom = numbers
    return left, top, right, bottom


def _time(row: Mapping[str, Any]) -> str | float | None:
    value = _first(row, TIMES)
    if value is not None:
        number = _number(value)
        if math.isfinite(number):
            return number
        return value.strip() if isinstance(value, str) and value.strip() else None
    for name, scale in TIMES_SCALED.items():
        number = _number(row.get(name))
        if math.isfinite(number):
            return number * scale
    return None


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:  # noqa: ANN401 - JSON
    return next((row[name] for name in names if row.get(name) is not None), None)


def _number(value: Any) -> float:  # noqa: ANN401 - JSON
    """Return a number, or one that is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _whole(value: Any) -> int | None:  # noqa: ANN401 - JSON
    number = _number(value)
    return int(number) if abs(number) < _EXACT else None


def _plain(row: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(row, dict):
        raise UnreadableError("no JSON object")  # noqa: EM101 - a reason to be counted
    return {_plain_name(str(name)): value for name, value in row.items()}


@lru_cache(maxsize=4096)
def _plain_name(name: str) -> str:
    """Return a name in small letters without gaps and signs: ``trackId`` and ``track_id`` agree."""
    return "".join(sign for sign in name.lower() if sign.isalnum())
