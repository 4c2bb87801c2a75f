"""Signal groups: the positions of a controller's state that always show the same letter."""

from collections.abc import Sequence

from sim.sumo.tls_reader import ProgramDeclaration

GroupIndices = dict[str, tuple[int, ...]]
"""Name of a signal group → its positions in the state, in ascending order."""


def signal_groups(programs: Sequence[ProgramDeclaration]) -> GroupIndices:
    """Return the signal groups of one intersection.

    Parameters
    ----------
    programs
        All its programs that patterns can say; a position that a shorter program lacks counts as
        red there.

    Returns
    -------
    dict
        Groups named 1, 2, … in the order of their first position.
    """
    width = max((program.width for program in programs), default=0)
    padded = [
        interval.state.ljust(width, "r") for program in programs for interval in program.intervals
    ]
    members: dict[tuple[str, ...], list[int]] = {}
    for index, letters in enumerate(zip(*padded, strict=True)):
        members.setdefault(letters, []).append(index)
    return {str(number): tuple(part) for number, part in enumerate(members.values(), start=1)}
