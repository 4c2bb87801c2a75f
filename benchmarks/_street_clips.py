"""Recorded street clips with their lanes and truth, and which of them the counter was tuned on.

The clips themselves are not part of the project: they are looked for beside it, in
``../shared/data/video``.  Eight clips of camera 625 and a rural one come with a truth of their own;
of the other four the counts here were read by eye from the band over time, before the counter had
ever run on them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detectors.camera.settings import CameraSettings

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "video"
TUNING = ("625_201707211410", "625_201709042122", "625_201709141356", "625_201709281436",
          "rural_road")  # fmt: skip
"""Clips with truth that the counter was tuned on."""
HELD_OUT = ("625_201709042126", "625_201709211027", "625_201709211426", "625_201709211516")
"""Clips with truth that it has not seen."""
LANES = ("LA", "LB", "LC", "LD", "R")
OWN_COUNTS: dict[str, tuple[int, ...]] = {
    "625_201708101531": (2, 0, 3, 4, 17),
    "625_201709141306": (1, 2, 0, 1, 7),
    "625_201709210946": (2, 5, 7, 7, 7),
    "625_201709211551": (5, 5, 5, 4, 16),
}
"""Vehicles per lane at the line y = 225 px; those on the line in the first frame are left out."""
OWN_LIMITS_PX: dict[str, tuple[tuple[int, int], ...]] = {
    "625_201708101531": ((0, 28), (28, 70), (70, 114), (114, 155), (190, 350)),
    "625_201709141306": ((0, 39), (39, 80), (80, 122), (122, 157), (188, 350)),
    "625_201709210946": ((0, 38), (38, 79), (79, 121), (121, 156), (190, 350)),
    "625_201709211551": ((0, 40), (40, 81), (81, 123), (123, 158), (190, 350)),
}
"""Limits of the lanes along that line. [px]"""


LINE_Y_PX = 225
FRAME_PX = (352, 288)
HEADINGS_DEG = {"LA": 0.0, "LB": 0.0, "LC": 0.0, "LD": 0.0, "R": 180.0}
"""Where vehicles of camera 625 go in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip whose vehicles are known.

    Parameters
    ----------
    name
        Its name.
    path
        Video file.
    settings
        Camera file.
    truth_veh
        Vehicles of each lane. [veh]
    """

    name: str
    path: Path
    settings: CameraSettings
    truth_veh: tuple[int, ...]


def clips(names: tuple[str, ...], folder: Path = FOLDER) -> Iterator[Clip]:
    """Give recorded clips with their lanes and truth.

    Parameters
    ----------
    names
        Of `TUNING`, `HELD_OUT` or `OWN_COUNTS`.
    folder
        Where they lie.
    """
    for name in names:
        path = folder / f"{name}.mp4"
        if name in OWN_COUNTS:
            lanes = dict(zip(LANES, OWN_LIMITS_PX[name], strict=True))
            settings = _settings(name, FRAME_PX, lanes, LINE_Y_PX)
            truth_veh = OWN_COUNTS[name]
        else:
            settings, truth_veh = _with_truth(name, folder)
        yield Clip(name=name, path=path, settings=settings, truth_veh=truth_veh)


def _with_truth(name: str, folder: Path) -> tuple[CameraSettings, tuple[int, ...]]:
    told = json.loads((folder / f"{name}.truth.json").read_text(encoding="utf-8"))
    lanes = {lane: (at["p1"][0], at["p2"][0]) for lane, at in told["lanes"].items()}
    size = (told.get("width", FRAME_PX[0]), told.get("height", FRAME_PX[1]))
    events = [event["lane"] for event in told["events"]]
    return _settings(name, size, lanes, told["line_y"]), tuple(map(events.count, lanes))


def _settings(
    name: str, size: tuple[int, int], lanes: dict[str, tuple[int, int]], line_y: int
) -> CameraSettings:
    begin = min(left for left, _ in lanes.values())
    end = max(right for _, right in lanes.values())
    return CameraSettings.model_validate(
        {
            "camera": name,
            "frame_px": size,
            "band": {"from_px": (begin, line_y), "to_px": (end, line_y)},
            "lane": [
                {
                    "name": lane,
                    "limits_px": (left - begin, right - begin),
                    "heading_deg": HEADINGS_DEG.get(lane),
                }
                for lane, (left, right) in lanes.items()
            ],
        }
    )
