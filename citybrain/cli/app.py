"""The commands and their options; each imports what it needs only when it runs."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli import street_app
from citybrain.units import DAY_S

app = typer.Typer(
    name="citybrain",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From counts to a proven traffic-signal plan, on any SUMO network.",
)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Period = Annotated[
    str | None, typer.Option(help="Period of a scenario.toml, such as morning or evening.")
]
Scenario = Annotated[
    Path,
    typer.Argument(help="A .sumocfg, a scenario.toml, a folder with one, or a known name."),
]
Workers = Annotated[
    int, typer.Option(min=1, help="Simulations that run side by side; one for each core.")
]
CORES = os.cpu_count() or 1
Flows = Annotated[
    Path | None, typer.Option(help="Measured flows (Parquet, from `citybrain count`).")
]
SeedCount = Annotated[int, typer.Option("--seeds", min=2, help="Paired seeds of the proof.")]


def _show_version(*, value: bool) -> None:
    if value:
        import citybrain  # noqa: PLC0415 - kept light

        typer.echo(f"citybrain {citybrain.__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Read vehicles, estimate flow, retime signals, and prove the change in SUMO."""


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/demo"),
    period: Period = None,
    seconds_budget: Annotated[float, typer.Option(min=1, help="Time for the search. [s]")] = 12.0,
    workers: Workers = CORES,
    json: Json = False,
) -> int:
    """Retime the bundled scenario from its recorded feed, and prove the plan."""
    from citybrain.cli import retiming  # noqa: PLC0415 - loads SUMO and Numba

    request = retiming.Request(
        scenario=Path("crossing_arterials"),
        period=period,
        out=out,
        seconds_budget=seconds_budget,
        search_seed_count=4,
        workers=workers,
        is_json=json,
    )
    return retiming.run(request)


@app.command()
def count(
    feed: Annotated[
        str,
        typer.Argument(
            help="Pulses, controller log, SUMO E1/instantE1, boxes, or a camera's clip or URL."
        ),
    ],
    *,
    detectors: Annotated[
        Path | None, typer.Option(help="Inventory of the detectors (TOML).")
    ] = None,
    camera: Annotated[Path | None, typer.Option(help="Bands and lanes of a camera (TOML).")] = None,
    lines: Annotated[
        Path | None, typer.Option(help="Lines and zones for the boxes of an edge box (TOML).")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Picture (.png) or clip (.mp4) of bands and counts.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Flows to write (Parquet).")] = Path("flows.parquet"),
    bin_s: Annotated[
        float | None,
        typer.Option(
            "--bin",
            min=1,
            max=DAY_S,
            help="Length of a bin; 300 if left out, less for a short clip. [s]",
        ),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(help="UTC instant of second 0, for feeds that count seconds."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Zone of times without one, such as Europe/Berlin.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="SUMO network; checks the inventory's lanes.")
    ] = None,
    json: Json = False,
) -> int:
    """Count a feed into flows per lane and bin."""
    from citybrain.cli import counting  # noqa: PLC0415 - loads Numba

    request = counting.Request(
        feed=feed,
        detectors=detectors,
        camera=camera,
        lines=lines,
        preview=preview,
        out=out,
        bin_s=counting.USUAL_BIN_S if bin_s is None else bin_s,
        is_bin_given=bin_s is not None,
        start=counting.in_utc(start),
        zone=zone,
        network=network,
        is_json=json,
    )
    return counting.run(request)


@app.command()
def measures(
    log: Annotated[Path, typer.Argument(help="Controller log (CSV or Parquet).")],
    *,
    config: Annotated[
        Path, typer.Option(help="Which phase each detector serves (CSV or Parquet).")
    ],
    bin_s: Annotated[
        float, typer.Option("--bin", min=1, max=DAY_S, help="Length of a bin. [s]")
    ] = 900.0,
    out: Annotated[Path | None, typer.Option(help="Measures to write (Parquet).")] = None,
    zone: Annotated[
        str | None, typer.Option(help="Zone of times without one, such as US/Pacific.")
    ] = None,
    json: Json = False,
) -> int:
    """Measure phases and lanes from a controller log."""
    from citybrain.cli import measures as command  # noqa: PLC0415 - loads Numba

    request = command.Request(log=log, config=config, out=out, bin_s=bin_s, zone=zone, is_json=json)
    return command.run(request)


@app.command()
def health(
    feed: Annotated[Path, typer.Argument(help="Pulses, controller log or SUMO instantE1.")],
    *,
    detectors: Annotated[Path, typer.Option(help="Inventory of the detectors (TOML).")],
    out: Annotated[
        Path | None, typer.Option(help="Picture of the time line to write (.svg or .html).")
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(help="UTC instant of second 0, for feeds that count seconds."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Zone of times without one, such as Europe/Berlin.")
    ] = None,
    json: Json = False,
) -> int:
    """Tell when each detector could be believed, and why not; exit 1 if one could not."""
    from citybrain.cli import counting  # noqa: PLC0415 - loads Numba
    from citybrain.cli import health as command  # noqa: PLC0415 - loads Numba

    request = command.Request(
        feed=feed,
        detectors=detectors,
        out=out,
        start=counting.in_utc(start),
        zone=zone,
        is_json=json,
    )
    return command.run(request)


@app.command()
def retime(
    scenario: Scenario,
    *,
    period: Period = None,
    flows: Flows = None,
    own_demand: Annotated[
        bool, typer.Option("--own-demand", help="Ignore a feed that the scenario brings.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/retime"),
    seconds_budget: Annotated[float, typer.Option(min=1, help="Time for the search. [s]")] = 60.0,
    evaluations: Annotated[
        int | None,
        typer.Option(min=1, help="Simulation runs for the search, instead of a time."),
    ] = None,
    actuated: Annotated[
        bool, typer.Option("--actuated", help="Greens may follow detectors, within bounds.")
    ] = False,
    safety: Annotated[
        Path | None,
        typer.Option(help="Safety data (TOML) to keep, instead of what the network tells."),
    ] = None,
    seeds: SeedCount = 10,
    workers: Workers = CORES,
    json: Json = False,
) -> int:
    """Search a better plan, prove it in SUMO, and write plan, verdict and report."""
    from citybrain.cli import retiming  # noqa: PLC0415 - loads SUMO and Numba

    request = retiming.Request(
        scenario=scenario,
        period=period,
        out=out,
        seconds_budget=None if evaluations else seconds_budget,
        evaluations=evaluations,
        flows=flows,
        safety=safety,
        uses_feed=not own_demand,
        with_actuation=actuated,
        seed_count=seeds,
        workers=workers,
        is_json=json,
    )
    return retiming.run(request)


@app.command()
def bandwidth(
    scenario: Scenario,
    *,
    along: Annotated[
        str, typer.Option(help="Signals in order, A,B,C; the chain that carries most if none.")
    ] = "",
    uniform: Annotated[
        bool, typer.Option("--uniform", help="One width for the whole arterial (MAXBAND).")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Plan with the offsets found (JSON).")] = None,
    period: Period = None,
    json: Json = False,
) -> int:
    """Find the offsets with the widest green bands along an arterial."""
    from citybrain.cli import bandwidth as command  # noqa: PLC0415 - loads SUMO and Numba

    request = command.Request(
        scenario=scenario,
        period=period,
        along=tuple(name.strip() for name in along.split(",") if name.strip()),
        is_uniform=uniform,
        out=out,
        is_json=json,
    )
    return command.run(request)


@app.command()
def validate(
    scenario: Scenario,
    *,
    plan: Annotated[Path, typer.Option(help="Plan to prove (JSON).")],
    period: Period = None,
    flows: Flows = None,
    own_demand: Annotated[
        bool, typer.Option("--own-demand", help="Ignore a feed that the scenario brings.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/validate"),
    seeds: SeedCount = 10,
    workers: Workers = CORES,
    json: Json = False,
) -> int:
    """Prove a plan against the running one, with paired seeds."""
    from citybrain.cli import validation  # noqa: PLC0415 - loads SUMO

    request = validation.Request(
        scenario=scenario,
        plan=plan,
        period=period,
        flows=flows,
        uses_feed=not own_demand,
        out=out,
        seed_count=seeds,
        workers=workers,
        is_json=json,
    )
    return validation.run(request)


@app.command()
def show(
    what: Annotated[Path, typer.Argument(help="A plan (.json), flows (.parquet) or a scenario.")],
    *,
    period: Period = None,
    json: Json = False,
) -> int:
    """Show a plan, a network or flows in the terminal."""
    from citybrain.cli import showing  # noqa: PLC0415 - loads what it shows

    return showing.run(what, period=period, is_json=json)


for _name, _group in street_app.GROUPS.items():
    app.add_typer(_group, name=_name)

camera = typer.Typer(no_args_is_help=True, help="Set cameras up, and render clips to try them on.")
app.add_typer(camera, name="camera")


@camera.command("render")
def camera_render(
    scene: Annotated[
        Path, typer.Argument(help="A scene.toml, or day, night, rain, queue, night-queue, …")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Folder for clip, camera.toml and truth.")],
    json: Json = False,
) -> int:
    """Draw a SUMO run as a street camera sees it, with the truth to the vehicle."""
    from citybrain.cli import camera as cameras  # noqa: PLC0415 - loads SUMO and OpenCV

    return cameras.render(cameras.RenderRequest(scene=scene, out=out, is_json=json))


virtual = typer.Typer(no_args_is_help=True, help="Virtual controllers, to try pushes on.")
app.add_typer(virtual, name="virtual-controller")


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
    step: Annotated[float, typer.Option(min=0.1, max=1, help="Step of SUMO. [s]")] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of SUMO.")] = 1,
    json: Json = False,
) -> int:
    """Run virtual controllers on loopback; orders on standard input switch faults."""
    from citybrain.cli import virtual_controller  # noqa: PLC0415 - loads SUMO and SNMP
    from sim.sumo.live_junction import LiveSettings  # noqa: PLC0415

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
    from citybrain.cli import virtual_controller  # noqa: PLC0415 - loads SUMO and SNMP

    return virtual_controller.show_faults(is_json=json)


@app.command()
def bench(
    what: Annotated[
        str,
        typer.Argument(
            help="optimizer, evaluator, calibration, counting, tracking, controller_log, health, "
            "intervals, fuzz, safety, controllers or virtual_controller."
        ),
    ],
    *,
    plans: Annotated[int | None, typer.Option(min=1, help="Plans of bench safety.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 and name the first target missed.")
    ] = False,
    networks: Annotated[
        str | None, typer.Option(help="Names to run, separated by commas; all if left out.")
    ] = None,
    json: Json = False,
) -> int:
    """Measure citybrain side by side with its peers."""
    from citybrain.cli import benching  # noqa: PLC0415 - loads the benchmark

    sizes = {} if plans is None else {"plans": plans}
    return benching.run(what, is_check=check, networks=networks, is_json=json, sizes=sizes)


safety = typer.Typer(no_args_is_help=True, help="Safety data, and plans held against them.")
app.add_typer(safety, name="safety")


@safety.command("draft")
def safety_draft(
    scenario: Scenario,
    *,
    period: Period = None,
    phases: Annotated[
        Path | None, typer.Option(help="Phases, rings and barriers of the units (TOML).")
    ] = None,
    out: Annotated[Path, typer.Option(help="File to write (TOML).")] = Path("safety.toml"),
    json: Json = False,
) -> int:
    """Draft safety data from a network and what runs there, for a person to sign."""
    from citybrain.cli import safety as command  # noqa: PLC0415 - loads SUMO

    request = command.DraftRequest(
        scenario=scenario, period=period, phases=phases, out=out, is_json=json
    )
    return command.draft(request)


@safety.command("check")
def safety_check(
    plan: Annotated[Path, typer.Argument(help="Plan (JSON).")],
    *,
    safety: Annotated[Path, typer.Option(help="Safety data (TOML).")] = Path("safety.toml"),
    json: Json = False,
) -> int:
    """Hold a plan against safety data, by both checkers."""
    from citybrain.cli import safety as command  # noqa: PLC0415 - loads SUMO

    return command.check(plan, safety, is_json=json)


@safety.command("nearest")
def safety_nearest(
    plan: Annotated[Path, typer.Argument(help="Plan (JSON).")],
    *,
    safety: Annotated[Path, typer.Option(help="Safety data (TOML).")] = Path("safety.toml"),
    out: Annotated[Path, typer.Option(help="Plan to write (JSON).")] = Path("nearest.plan.json"),
    json: Json = False,
) -> int:
    """Say what the units cannot show of a plan, and write the nearest that they can."""
    from citybrain.cli import safety as command  # noqa: PLC0415 - loads SUMO

    request = command.NearestRequest(plan=plan, safety=safety, out=out, is_json=json)
    return command.nearest(request)


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
    """Propose lanes and a band from the motion in a clip; a person confirms them."""
    from citybrain.cli import camera_suggestion  # noqa: PLC0415 - loads OpenCV

    request = camera_suggestion.Request(clip=clip, out=out, preview=preview, is_json=json)
    return camera_suggestion.run(request)
