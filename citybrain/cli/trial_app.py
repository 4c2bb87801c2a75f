"""The commands to try cameras and controllers on; each imports its worker only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli.options import Json, Period

camera = typer.Typer(no_args_is_help=True, help="Set cameras up, and render clips to try them on.")


@camera.command("render")
def camera_render(
    scene: Annotated[
        Path, typer.Argument(help="A scene.toml, or day, night, rain, queue, night-queue, …")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Folder for clip, camera.toml and truth.")],
    json: Json = False,
) -> int:
    """Draw a SUMO run as a street camera sees it.

    Writes the truth, vehicle by vehicle, beside the clip.
    """
    from citybrain.cli import camera as cameras

    return cameras.render(cameras.RenderRequest(scene=scene, out=out, is_json=json))


@camera.command("suggest")
def camera_suggest(
    clip: Annotated[str, typer.Argument(help="Clip of some minutes with traffic.")],
    *,
    out: Annotated[Path, typer.Option(help="Camera file to write (TOML).")] = Path("camera.toml"),
    preview: Annotated[
        Path | None, typer.Option(help="Picture (.png) of the proposal, to be confirmed.")
    ] = None,
    json: Json = False,
) -> int:
    """Propose lanes and a band from the motion in a clip.

    A person confirms them.
    """
    from citybrain.cli import camera_suggestion

    request = camera_suggestion.Request(clip=clip, out=out, preview=preview, is_json=json)
    return camera_suggestion.run(request)


virtual = typer.Typer(no_args_is_help=True, help="Virtual controllers, to try pushes on.")


@virtual.command("run")
def virtual_run(
    units: Annotated[list[Path], typer.Argument(help="Unit files (TOML).")],
    *,
    copies: Annotated[int, typer.Option(min=1, max=5000, help="How many of each unit.")] = 1,
    drive: Annotated[
        Path | None, typer.Option(help="Scenario whose junctions the units drive.")
    ] = None,
    period: Period = None,
    speed: Annotated[
        float, typer.Option(min=0.1, max=100, help="Simulated seconds for each real one.")
    ] = 1.0,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Time after which to end, in simulated seconds.")
    ] = None,
    step: Annotated[float, typer.Option(min=0.1, max=1, help="Step of SUMO, in seconds.")] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of SUMO.")] = 1,
    json: Json = False,
) -> int:
    """Run virtual controllers on loopback.

    Orders on standard input switch faults.
    """
    from citybrain.cli import virtual_controller
    from sim.sumo.live_junction import LiveSettings

    request = virtual_controller.Request(
        units=tuple(units),
        copies=copies,
        drive=drive,
        period=period,
        speed=speed,
        seconds=seconds,
        settings=LiveSettings(step_s=step, seed=seed),
        is_json=json,
    )
    return virtual_controller.run(request)


@virtual.command("faults")
def virtual_faults(*, json: Json = False) -> int:
    """List the faults of virtual controllers."""
    from citybrain.cli import virtual_controller

    return virtual_controller.show_faults(is_json=json)


GROUPS = {"camera": camera, "virtual-controller": virtual}
