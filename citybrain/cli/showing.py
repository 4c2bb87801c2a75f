"""The command ``show``: plans, networks and flows in the terminal."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from citybrain.cli.console import OUTPUT, headline, print_json
from citybrain.cli.sources import open_study
from citybrain.config import SafetyLimits
from citybrain.engine.actuated import LEFT, actuated_signals
from citybrain.engine.area import open_network
from citybrain.errors import InputError
from citybrain.model.actuation import ActuatedPattern, cycle_range_s
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.signals import GroupTiming
from citybrain.store.flows import read_flows
from citybrain.store.plans import plan_text, read_plan

_WIDTH = 72
_FILES = (".json", ".parquet")
_NETWORKS = (".net.xml", ".net.xml.gz")
_COLOURS = {
    "G": "white on green",
    "g": "black on bright_green",
    "y": "black on yellow",
    "Y": "black on yellow",
    "u": "black on dark_orange",
    "r": "red",
}
_SHOWN_RED = "·"


def run(what: Path, *, period: str | None, is_json: bool) -> int:
    """Show a file and return the exit code.

    Raises
    ------
    InputError
        It cannot be read, or has no periods to choose from.
    """
    is_scenario = what.suffix not in _FILES and not what.name.endswith(_NETWORKS)
    if period and not is_scenario:
        mend = "leave the period out, or name a scenario"
        raise InputError(what, f"has no period {period!r}", mend)
    if what.suffix == ".json":
        _show_plan(read_plan(what), is_json=is_json)
    elif what.suffix == ".parquet":
        _show_flows(what, is_json=is_json)
    elif what.name.endswith(_NETWORKS):
        _show_network(*open_network(what, SafetyLimits()), is_json=is_json)
    else:
        area = open_study(what, period)
        _show_network(area.network, area.running, is_json=is_json)
    return 0


def _show_plan(plan: Plan, *, is_json: bool) -> None:
    if is_json:
        OUTPUT.file.write(plan_text(plan))
        return
    headline(f"plan {plan.name}", f": {len(plan.patterns)} intersections")
    if plan.provenance is not None:
        versions = ", ".join(f"{n} {v}" for n, v in sorted(plan.provenance.versions.items()))
        OUTPUT.print(
            f"made with {versions}; {plan.provenance.evaluations} simulation runs", style="dim"
        )
    for pattern in plan.patterns:
        times = f"cycle {pattern.cycle_s:g} s, offset {pattern.offset_s:g} s"
        headline(f"\n{pattern.intersection}", f"  {times}")
        if isinstance(pattern, ActuatedPattern):
            OUTPUT.print(f"  {pattern.actuation}")
        for timing in pattern.groups:
            OUTPUT.print(_row(pattern, timing), no_wrap=True)
    OUTPUT.print(
        "\nG protected, g permissive, y yellow, u red-amber, · red; one column is "
        f"a {_WIDTH}th of the cycle",
        style="dim",
    )


def _row(pattern: Pattern, timing: GroupTiming) -> Text:
    """Draw what one group shows over the cycle."""
    row = Text(f"  {timing.group:>4} ")
    timeline = timing.timeline(pattern.cycle_s)
    index = 0
    for column in range(_WIDTH):
        at_s = (column + 0.5) * pattern.cycle_s / _WIDTH
        while index + 1 < len(timeline) and timeline[index + 1][0] <= at_s:
            index += 1
        letter = timeline[index][1].value
        row.append(_SHOWN_RED if letter == "r" else letter, style=_COLOURS.get(letter, "dim"))
    greens = ", ".join(f"{g.start_s:g}-{g.end_s:g}" for g in timing.greens(pattern.cycle_s))
    return row.append(f"  {greens} s" if greens else "  no green", style="dim")


def _show_network(network: Network, running: Plan, *, is_json: bool) -> None:
    following = actuated_signals(running)
    if is_json:
        print_json(_network_content(network) | {"actuated": list(following)})
        return
    more = f", {len(following)} more with --actuated" if following else ""
    headline(
        network.name,
        f": {len(network.intersections) - len(following)} intersections to retime{more}, "
        f"{len(network.movements)} movements, {len(network.lanes)} lanes",
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("intersection", "groups", "conflicts", "cycle, s", "offset, s"):
        table.add_column(title, justify="left" if title == "intersection" else "right")
    for name, intersection in network.intersections.items():
        pattern = running.pattern(name)
        table.add_row(
            name,
            str(len(intersection.groups)),
            str(len(intersection.conflicts)),
            "-".join(f"{time_s:g}" for time_s in dict.fromkeys(cycle_range_s(pattern))),
            f"{pattern.offset_s:g}",
        )
    OUTPUT.print(table)
    for name in following:
        OUTPUT.print(f"left as it is: {name}, {LEFT}")
    for signal in network.untouched:
        OUTPUT.print(f"left as it is: {signal.intersection}, {signal.reason}")
    for intersection in network.intersections.values():
        for caveat in intersection.caveats:
            OUTPUT.print(f"caveat: {intersection.name}: {caveat}", style="dim")


def _network_content(network: Network) -> dict[str, object]:
    return {
        "intersections": {
            name: {
                "groups": [group.name for group in intersection.groups],
                "conflicts": sorted(intersection.conflicts),
                "caveats": list(intersection.caveats),
            }
            for name, intersection in network.intersections.items()
        },
        "untouched": {s.intersection: s.reason for s in network.untouched},
        "movements": sorted(network.movements),
    }


def _show_flows(path: Path, *, is_json: bool) -> None:
    from citybrain.cli.lane_table import lane_table  # noqa: PLC0415 - loads NumPy

    flows = read_flows(path)
    if is_json:
        counts = {
            lane: float(sum(flows.count_veh[:, column])) for column, lane in enumerate(flows.lanes)
        }
        print_json({"bins": flows.bin_count, "bin_s": flows.bin_s, "count_veh": counts})
        return
    headline(
        path,
        f": {len(flows.lanes)} lanes, {flows.bin_count} bins of "
        f"{flows.bin_s:g} s from {flows.start:%Y-%m-%d %H:%M} UTC",
    )
    OUTPUT.print(lane_table(flows))
