"""Labels on a map that keep out of each other's way."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from citybrain.model.network import Point

PX_PER_LETTER = 7.4
LINE_PX = 13.0
SPARE_PX = 3.0


@dataclass(frozen=True, slots=True)
class Box:
    """The room that a label takes; the upper edge has the smaller y [px]."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Tell whether two labels would cover each other."""
        is_beside = self.right < other.left or other.right < self.left
        return not (is_beside or self.bottom < other.top or other.bottom < self.top)


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels already on the map."""

    taken: list[Box] = field(default_factory=list)

    def place(self, text: str, candidates: Iterable[Point]) -> Point | None:
        """Return the first place where a text fits, and keep it; none where it fits nowhere.

        Parameters
        ----------
        text
            What will be written.
        candidates
            Middles of the text's baseline, the best first. [px]
        """
        half = PX_PER_LETTER * len(text) / 2 + SPARE_PX
        for x, y in candidates:
            box = Box(x - half, y - LINE_PX + 2, x + half, y + 2)
            if not any(box.overlaps(other) for other in self.taken):
                self.taken.append(box)
                return x, y
        return None

    def keep_free(self, at: Point, radius: float) -> None:
        """Let no label cover a point [px]."""
        x, y = at
        self.taken.append(Box(x - radius, y - radius, x + radius, y + radius))
