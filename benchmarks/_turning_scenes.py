"""Rendered junctions with zones drawn by eye, and the movements that really were."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks._camera_scenes import make_scene
from benchmarks._environment import FOLDER as CACHE
from detectors.tracking.lines_file import LinesFile

Corners = tuple[tuple[int, int], ...]
NORTH_IN: Corners = ((425, 168), (588, 168), (563, 45), (447, 45))
NORTH_OUT: Corners = ((592, 168), (775, 168), (640, 45), (550, 45))
_CROSSING: Mapping[str, tuple[str, Corners]] = {
    "north in": ("entry", NORTH_IN),
    "north out": ("exit", NORTH_OUT),
    "south out": ("exit", ((472, 262), (625, 262), (745, 540), (470, 540))),
    "south in": ("entry", ((635, 268), (960, 268), (960, 540), (755, 540))),
    "west": ("both", ((0, 172), (300, 172), (270, 250), (0, 250))),
    "east": ("both", ((850, 172), (960, 172), (960, 265), (890, 250))),
}
_T_JUNCTION: Mapping[str, tuple[str, Corners]] = {
    "north in": ("entry", NORTH_IN),
    "north out": ("exit", NORTH_OUT),
    "south out": ("exit", ((428, 295), (635, 295), (730, 540), (400, 540))),
    "south in": ("entry", ((645, 300), (850, 300), (960, 400), (960, 540), (745, 540))),
    "east": ("both", ((800, 178), (960, 178), (960, 290), (880, 290))),
}
_AT_CROSSING = {
    "J2_J1_bay": "north in",
    "J1_J2": "north out",
    "J1_W": "south out",
    "W_J1_bay": "south in",
    "J1_J1n": "west",
    "J1n_J1": "west",
    "J1_J1s": "east",
    "J1s_J1": "east",
}
_AT_T_JUNCTION = {
    "J3_J2_bay": "north in",
    "J2_J3": "north out",
    "J2_J1": "south out",
    "J1_J2": "south in",
    "J2s_J2": "east",
    "J2_J2s": "east",
}
_VIEWS = {
    "junction": (_CROSSING, _AT_CROSSING),
    "junction_rain": (_T_JUNCTION, _AT_T_JUNCTION),
    "junction_dusk": (_CROSSING, _AT_CROSSING),
    "held_junction": (_T_JUNCTION, _AT_T_JUNCTION),
    "held_junction_rain": (_CROSSING, _AT_CROSSING),
    "held_junction_dusk": (_T_JUNCTION, _AT_T_JUNCTION),
}
TUNING = ("junction", "junction_rain", "junction_dusk")
HELD_OUT = ("held_junction", "held_junction_rain", "held_junction_dusk")


@dataclass(frozen=True, slots=True)
class Turn:
    """A vehicle that went from one zone to another at a time [s]."""

    time_s: float
    entry: str
    exit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningScene:
    """A clip of a junction.

    Parameters
    ----------
    clip
        The video.
    lines
        Its zones.
    truth
        Who went where, in time.
    """

    clip: Path
    lines: LinesFile
    truth: tuple[Turn, ...]

    @classmethod
    def of(cls, name: str) -> "TurningScene":
        """Return a scene, which is rendered if it is not there."""
        folder = make_scene(name, CACHE / "scenes")
        zones, place = _VIEWS[name]
        rows = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["movements"]
        lines = {
            "zone": [
                {"name": zone, "kind": kind, "corners_px": corners}
                for zone, (kind, corners) in zones.items()
            ]
        }
        return cls(
            clip=folder / "clip.mp4",
            lines=LinesFile.model_validate(lines),
            truth=tuple(
                Turn(row["time_s"], place[row["from_street"]], place[row["to_street"]])
                for row in rows
                if row["from_street"] in place and row["to_street"] in place
            ),
        )
