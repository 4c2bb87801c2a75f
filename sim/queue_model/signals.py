"""The signals of a network in the order of the tables: those that plans retime, then the others."""

from dataclasses import dataclass, field

from citybrain.model.network import Network
from citybrain.ports.blocks import Block
from sim.sumo.groups import signal_groups
from sim.sumo.programs import pattern_of
from sim.sumo.scenario import SumoScenario
from sim.sumo.tls_reader import Declarations, read_declarations


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Signals and their groups, numbered.

    Parameters
    ----------
    names
        Signals that plans retime, then those that always run their own program.
    groups
        For each its signal groups.
    fixed
        Tables of the latter.
    rows
        (signal, position in its state) → number of the group, counted over all signals.
    """

    names: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    fixed: tuple[Block, ...]
    rows: dict[tuple[str, int], int] = field(repr=False)


def number_signals(scenario: SumoScenario, network: Network) -> Signals:
    """Give every signal of a scenario its number.

    Signals without a program that a pattern can say are left out: their links run by right of way
    alone.

    Parameters
    ----------
    scenario
        Names the files that declare programs.
    network
        Knows which signals can be retimed.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    declared = read_declarations((scenario.net_file, *scenario.additional_files))
    members: list[tuple[str, dict[str, tuple[int, ...]]]] = [
        (name, {group.name: group.indices for group in intersection.groups})
        for name, intersection in network.intersections.items()
    ]
    fixed = []
    for name in declared.intersections:
        if name not in network.intersections and declared.patterns_of(name):
            groups, block = _own_program(declared, name)
            members.append((name, groups))
            fixed.append(block)
    rows: dict[tuple[str, int], int] = {}
    number = 0
    for name, groups in members:
        for indices in groups.values():
            rows.update({(name, index): number for index in indices})
            number += 1
    return Signals(
        names=tuple(name for name, _ in members),
        groups=tuple(tuple(groups) for _, groups in members),
        fixed=tuple(fixed),
        rows=rows,
    )


def _own_program(declared: Declarations, name: str) -> tuple[dict[str, tuple[int, ...]], Block]:
    programs = declared.patterns_of(name)
    groups = signal_groups(programs)
    active = declared.active.get(name)
    program = next((p for p in programs if p.program == active), programs[-1])
    return groups, Block.of(pattern_of(program, groups), tuple(groups))
