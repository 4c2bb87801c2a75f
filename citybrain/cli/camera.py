"""``citybrain camera``: clips of simulated streets."""

import json
from dataclasses import dataclass
from pathlib import Path

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.sources import find_scenario
from citybrain.engine.scene_file import read_scene
from citybrain.engine.scene_render import render_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """What ``citybrain camera render`` was asked for.

    Parameters
    ----------
    scene
        Scene file or the name of a known scene.
    out
        Folder to write.
    is_json
        Print the result as JSON.
    """

    scene: Path
    out: Path
    is_json: bool


def render(request: RenderRequest) -> int:
    """Render a scene and tell where it lies.

    Raises
    ------
    InputError, SimulationError
        The scene cannot be read, driven or drawn.
    """
    scene = read_scene(request.scene)
    with Stages() as stages:
        stages.begin("render", scene.name)
        video = render_scene(scene, request.out, find=find_scenario, on_progress=stages)
    truth = json.loads((request.out / "truth.json").read_text(encoding="utf-8"))
    told: dict[str, object] = {
        "camera": str(request.out / "camera.toml"),
        "frames": truth["frames"],
        "lanes": truth["lanes"],
        "truth": str(request.out / "truth.json"),
        "vehicles": len(truth["events"]),
        "video": str(video),
    }
    if request.is_json:
        print_json(told)
        return 0
    headline(
        scene.name,
        f": {told['frames']} frames, {told['vehicles']} vehicles pass "
        f"the band on {len(truth['lanes'])} lanes",
    )
    for what in ("video", "camera", "truth"):
        OUTPUT.print(f"{what:<9} {told[what]}")
    return 0
