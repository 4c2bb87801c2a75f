"""The commands and their options; each imports what it needs only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from citybrain.cli import feed_app, plan_app, safety_app, street_app, trial_app
from citybrain.cli.options import CORES, Flows, Json, Period, Scenario, SeedCount, Workers

app = typer.Typer(
    name="citybrain",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: loading rich doubles its time
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From counts to a proven traffic-signal plan, on any SUMO network.",
)


def _show_version(*, value: bool) -> None:
    if value:
        import citybrain

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
    seconds_budget: Annotated[float, typer.Option(min=1, help="Seconds for the search.")] = 12.0,
    workers: Workers = CORES,
    json: Json = False,
) -> int:
    """Retime the bundled scenario and prove the plan.

    Flows come from its recorded feed.
    """
    from citybrain.cli import retiming

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


for _command in feed_app.COMMANDS:
    app.command()(_command)


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
    seconds_budget: Annotated[float, typer.Option(min=1, help="Seconds for the search.")] = 60.0,
    evaluations: Annotated[
        int | None,
        typer.Option(min=1, help="Simulation runs for the search, instead of a time."),
    ] = None,
    actuated: Annotated[
        bool,
        typer.Option("--actuated", help="Greens may follow detectors, in actuated signals too."),
    ] = False,
    safety: Annotated[
        Path | None,
        typer.Option(
            help="Safety data (TOML) to keep, instead of what the network tells; where they tell a "
            "unit's phases, only plans that it can run are searched."
        ),
    ] = None,
    keep_storage: Annotated[
        bool,
        typer.Option(
            "--keep-storage",
            help="No red between close signals lasts longer than the street holds its queue.",
        ),
    ] = False,
    stop_cost: Annotated[
        float, typer.Option(min=0, help="Seconds of delay that a stop counts as.")
    ] = 0.0,
    walking_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the delay of people on foot.")
    ] = 1.0,
    bus_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the delay of buses and trams.")
    ] = 1.0,
    worst_movement: Annotated[
        float | None,
        typer.Option(min=0, help="Mean delay that no movement should exceed, in seconds."),
    ] = None,
    seeds: SeedCount = 10,
    workers: Workers = CORES,
    json: Json = False,
) -> int:
    """Search a better plan and prove it in SUMO.

    Writes plan, verdict and report.

    Ctrl-C ends the search and has its best plan proven; a second one ends the command.

    More than 60 signals are searched subarea by subarea on the fast model; SUMO then judges a few
    plans of the whole network (up to 2,500 signals) and proves the chosen one.
    """
    from citybrain.cli import retiming
    from citybrain.config import Objective

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
        keeps_storage=keep_storage,
        objective=Objective(
            stop_s=stop_cost,
            walking_weight=walking_weight,
            bus_weight=bus_weight,
            worst_movement_s=worst_movement,
        ),
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
    """Find the offsets with the widest green bands.

    The bands run along one arterial, both ways.
    """
    from citybrain.cli import bandwidth as command

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
    """Prove a plan against the running one in SUMO.

    Both run with the same seeds.
    """
    from citybrain.cli import validation

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
    from citybrain.cli import showing

    return showing.run(what, period=period, is_json=json)


@app.command()
def bench(
    what: Annotated[
        str,
        typer.Argument(
            help="optimizer, evaluator, following, scale, calibration, counting, tracking, "
            "turning, controller_log, health, intervals, fuzz, video, safety, controllers, "
            "virtual_controller or reliability."
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
    from citybrain.cli import benching

    sizes = {} if plans is None else {"plans": plans}
    return benching.run(what, is_check=check, networks=networks, is_json=json, sizes=sizes)


for _part in (plan_app, street_app, trial_app, safety_app):
    for _name, _group in _part.GROUPS.items():
        app.add_typer(_group, name=_name)
