"""Phase maps on disk: which signal group follows which phases of its unit, in which rings (TOML).

An example, of two streets that cross::

    [J]
    coordinated = [2]
    sequences.1 = [[[2]], [[4]]]    # between barriers, for each ring, the phases in order

    [J.phases.2]
    minimum_green_s = 5
    yellow_s = 3.0
    red_clearance_s = 2.0

    [J.phases.4]
    minimum_green_s = 5
    yellow_s = 3.0
    red_clearance_s = 2.0

    [J.groups]                      # in the intersection's order of groups
    main = { phases = { 2 = "G" } }
    side = { phases = { 4 = "G" } }
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from citybrain.errors import InfeasibleError, InputError
from citybrain.model.aspects import Aspect
from citybrain.model.nema.phases import Output, Phase, PhaseMap, RingOrder
from citybrain.reading import FilePart, fault_of, read_toml

Number = Annotated[int, Field(ge=1, le=255)]
WholeSeconds = Annotated[int, Field(ge=0, le=255)]
Tenths = Annotated[float, Field(ge=0, le=25.5, multiple_of=0.1)]


class _PhasePart(FilePart):
    minimum_green_s: WholeSeconds
    yellow_s: Tenths
    red_clearance_s: Tenths
    walk_s: WholeSeconds = 0
    pedestrian_clearance_s: WholeSeconds = 0
    rests_in_walk: bool = False


class _GroupPart(FilePart):
    phases: dict[Number, Aspect]
    is_walk: bool = False


class UnitPart(FilePart):
    """Phases, rings and barriers of one unit, and what its signal groups follow."""

    coordinated: tuple[Number, ...]
    sequences: dict[Number, tuple[RingOrder, ...]]
    phases: dict[Number, _PhasePart]
    groups: dict[str, _GroupPart]

    def phase_map(self) -> PhaseMap:
        """Return the phase map that the part describes."""
        return PhaseMap(
            phases=tuple(
                Phase(number=number, **part.model_dump())
                for number, part in sorted(self.phases.items())
            ),
            sequences=self.sequences,
            coordinated=self.coordinated,
            outputs=tuple(
                Output(group=name, phases=part.phases, is_walk=part.is_walk)
                for name, part in self.groups.items()
            ),
        )


_FILE = TypeAdapter(dict[str, UnitPart])
_MEND = "docs/approval.md shows a phase map"


def read_phase_maps(path: Path) -> dict[str, PhaseMap]:
    """Read the phase maps of all units, by intersection.

    Parameters
    ----------
    path
        File (TOML).

    Raises
    ------
    InputError
        The file is missing, is no TOML, or describes rings and phases that cannot be.
    """
    parts = _parts(path)
    found = {}
    for intersection, part in parts.items():
        try:
            found[intersection] = part.phase_map()
        except InfeasibleError as error:
            where = f"{path}: {intersection}"
            raise InputError(where, str(error), _MEND) from None
    return found


def _parts(path: Path) -> dict[str, UnitPart]:
    content = read_toml(path)
    try:
        return _FILE.validate_python(content)
    except ValidationError as error:
        raise fault_of(error, path, _MEND) from None
