"""``citybrain camera suggest``: lanes and a band from the motion in a clip."""

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.errors import InputError
from citybrain.files import atomic_write_bytes
from detectors.camera.counting import count_stream
from detectors.camera.preview import marks_of, write_preview
from detectors.camera.settings import CameraSettings
from detectors.camera.suggest import as_toml, suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    clip: str
    out: Path
    preview: Path | None
    is_json: bool


def run(request: Request) -> int:
    """Run the command and return its exit code.

    Raises
    ------
    InputError
        Nothing can be proposed, or the camera file exists: it may be somebody's work.
    """
    if request.out.exists():
        raise InputError(request.out, "exists already", "choose another name with --out")
    with Stages() as stages:
        stages.begin("look", request.clip)
        settings, vehicles = suggest(request.clip, Path(request.clip).stem)
        atomic_write_bytes(request.out, as_toml(settings).encode())
        if request.preview is not None:
            stages.begin("preview", str(request.preview))
            marks = marks_of(count_stream(request.clip, settings))
            write_preview(request.preview, request.clip, settings, marks)
    if request.is_json:
        print_json(
            {"file": str(request.out), "lanes": _content(settings, vehicles)},
        )
    else:
        _print(request, settings, vehicles)
    return 0


def _content(settings: CameraSettings, vehicles: list[int]) -> list[dict[str, object]]:
    return [
        {
            "heading_deg": lane.heading_deg,
            "limits_px": list(lane.limits_px),
            "name": lane.name,
            "vehicles": count,
        }
        for lane, count in zip(settings.lane, vehicles, strict=True)
    ]


def _print(request: Request, settings: CameraSettings, vehicles: list[int]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("lane", "limits, px", "heading", "seen"):
        table.add_column(title, justify="left" if title == "lane" else "right")
    for lane, count in zip(settings.lane, vehicles, strict=True):
        heading = "?" if lane.heading_deg is None else f"{lane.heading_deg:.0f} deg"
        begin_px, end_px = lane.limits_px
        table.add_row(lane.name, f"{begin_px:.0f}-{end_px:.0f}", heading, str(count))
    OUTPUT.print(table)
    OUTPUT.print(f"camera    {request.out}: look at it before it counts")
    if request.preview is not None:
        OUTPUT.print(f"preview   {request.preview}")
