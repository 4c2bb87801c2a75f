"""Lines across lanes in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, isfinite, radians, sin

import numpy as np

from citybrain.errors import InfeasibleError
from detectors.tracking.crossing.records import LINE
from detectors.tracking.geometry.kernels import Records

Point = tuple[float, float]
MOST_KINDS = 64
"""Kinds are numbered from 0 to below this: a line has a bit for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLine:
    """A line across one lane; vehicles are counted when their ground contact has crossed it.

    Parameters
    ----------
    lane
        Lane that it counts.
    from_px, to_px
        Its ends in the picture; the first belongs to it, the last does not, so that lines laid
        end to end count each vehicle once. [px]
    heading_deg
        Where the lane's vehicles go in the picture, clockwise from up; without it, both ways
        count.
    kinds
        Kinds of boxes that are counted, 0 to 63; all if none.

    Raises
    ------
    InfeasibleError
        It has no length or no finite ends, a kind is not 0 to 63, or vehicles go along it.
    """

    lane: str
    from_px: Point
    to_px: Point
    heading_deg: float | None = None
    kinds: frozenset[int] | None = None

    def __post_init__(self) -> None:
        """Refuse a line without a length, or along which vehicles go."""
        if not all(isfinite(value) for value in (*self.from_px, *self.to_px)):
            msg = f"{self.lane}: an end of the line is no point"
            raise InfeasibleError(msg)
        if self.from_px == self.to_px:
            msg = f"{self.lane}: the line has no length"
            raise InfeasibleError(msg)
        if self.kinds is not None and any(not 0 <= kind < MOST_KINDS for kind in self.kinds):
            msg = f"{self.lane}: kinds go from 0 to {MOST_KINDS - 1}"
            raise InfeasibleError(msg)
        if self.heading_deg is not None and abs(self._towards(self._down)) < sin(radians(5.0)):
            msg = f"{self.lane}: the heading goes along the line, not across it"
            raise InfeasibleError(msg)

    @property
    def length_px(self) -> float:
        """Length in the picture [px]."""
        return hypot(self.to_px[0] - self.from_px[0], self.to_px[1] - self.from_px[1])

    @property
    def along(self) -> Point:
        """Direction from begin to end, of length 1."""
        x, y = (self.to_px[at] - self.from_px[at] for at in (0, 1))
        return x / self.length_px, y / self.length_px

    @property
    def ahead(self) -> Point:
        """Direction of length 1 across it in which vehicles go; if unknown, down or right."""
        x, y = self._down
        if self.heading_deg is None or self._towards((x, y)) > 0:
            return x, y
        return -x, -y

    @property
    def _down(self) -> Point:
        x, y = self.along
        is_down = x > 0 or (x == 0 and y < 0)
        return (-y, x) if is_down else (y, -x)

    def _towards(self, direction: Point) -> float:
        heading = radians(self.heading_deg or 0.0)
        return sin(heading) * direction[0] - cos(heading) * direction[1]


def line_records(lines: Sequence[CountLine]) -> Records:
    """Return lines as the crossing kernel takes them, one record each."""
    records = np.zeros(len(lines), LINE)
    for record, line in zip(records, lines, strict=True):
        record["x"], record["y"] = line.from_px
        record["along_x"], record["along_y"] = line.along
        record["ahead_x"], record["ahead_y"] = line.ahead
        record["length_px"] = line.length_px
        xs, ys = zip(line.from_px, line.to_px, strict=True)
        record["left"], record["right"] = min(xs), max(xs)
        record["top"], record["bottom"] = min(ys), max(ys)
        kinds = range(MOST_KINDS) if line.kinds is None else line.kinds
        record["takes"] = np.uint64(sum(1 << kind for kind in kinds))
    records["recent_s"] = -np.inf
    return records
