"""The file of safety data as a published format: what it holds, in which units."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Annotated, Literal

from pydantic import Field

from citybrain.model.intersection import Intersection, SignalGroup, pair
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.safety import Basis, SafetyData
from citybrain.reading import FilePart
from citybrain.store.phase_maps import UnitPart

FORMAT = "citybrain safety"
VERSION = 1
"""Version of the format; a file of another version is refused."""

Name = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, strict=True)]
Duration = Annotated[float, Field(gt=0, strict=True)]
Pair = tuple[Name, Name]
Timed = tuple[Name, Name, Seconds]
Change = Annotated[str, Field(pattern="^[GgyYruosO]{2}$")]


class GroupPart(FilePart):
    """What one signal group keeps."""

    walks: bool = Field(default=False, description="shows people on foot")
    indices: tuple[Annotated[int, Field(ge=0)], ...] = ()
    minimum_green_s: Seconds = Field(description="shortest green, or walk [s]")
    yellow_s: Seconds = 0.0
    red_amber_s: Seconds = 0.0
    red_clearance_s: Seconds = 0.0
    pedestrian_clearance_s: Seconds = 0.0
    maximum_red_s: Seconds | None = None
    speed_mps: Seconds = 0.0
    way_m: Seconds = 0.0
    grade: Annotated[float, Field(gt=-0.5, lt=0.5)] = 0.0


class IntersectionPart(FilePart):
    """Safety data of one intersection."""

    signed_by: str = ""
    signed_on: str = ""
    notes: tuple[str, ...] = Field(default=(), description="what the signer should know")
    cycle_s: tuple[Duration, Duration] = Field(description="shortest and longest cycle [s]")
    plan_step_s: Annotated[float, Field(ge=0.1, strict=True)] = 1.0
    change_step_s: Annotated[float, Field(ge=0.1, strict=True)] = 0.1
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Pair, ...]
    yielding: tuple[Pair, ...] = ()
    intergreens_s: tuple[Timed, ...]
    protections_s: tuple[Timed, ...] = ()
    overlaps_s: tuple[Timed, ...] = ()
    groups: Annotated[dict[Name, GroupPart], Field(min_length=1)]
    controller: UnitPart | None = None

    def safety(self, name: str) -> SafetyData:
        """Return the safety data that the part describes.

        Raises
        ------
        InfeasibleError, ValueError
            They contradict themselves.
        """
        return SafetyData(
            intersection=self._intersection(name),
            red_clearances_s=self._times("red_clearance_s"),
            pedestrian_clearances_s=self._times("pedestrian_clearance_s"),
            overlaps_s={pair(one, other): time_s for one, other, time_s in self.overlaps_s},
            changes=frozenset(self.changes),
            plan_step_s=self.plan_step_s,
            change_step_s=self.change_step_s,
            phase_map=self.controller.phase_map() if self.controller else None,
            bases={
                group: Basis(speed_mps=part.speed_mps, way_m=part.way_m, grade=part.grade)
                for group, part in self.groups.items()
                if part.speed_mps or part.way_m
            },
            signed_by=self.signed_by,
            signed_on=self.signed_on,
        )

    def _intersection(self, name: str) -> Intersection:
        return Intersection(
            name=name,
            groups=tuple(
                SignalGroup(
                    name=group,
                    indices=part.indices,
                    is_pedestrian=part.walks,
                    minimum_green_s=part.minimum_green_s,
                )
                for group, part in self.groups.items()
            ),
            links=(),
            conflicts=frozenset(pair(*names) for names in self.conflicts),
            yielding=frozenset(pair(*names) for names in self.yielding),
            intergreens_s={(one, other): time_s for one, other, time_s in self.intergreens_s},
            protections_s={(one, other): time_s for one, other, time_s in self.protections_s},
            yellows_s={group: part.yellow_s for group, part in self.groups.items()},
            red_ambers_s={group: part.red_amber_s for group, part in self.groups.items()},
            maximum_reds_s={
                group: inf if part.maximum_red_s is None else part.maximum_red_s
                for group, part in self.groups.items()
            },
            minimum_cycle_s=self.cycle_s[0],
            maximum_cycle_s=self.cycle_s[1],
            caveats=self.notes,
        )

    def _times(self, name: str) -> dict[str, float]:
        times = {group: float(getattr(part, name)) for group, part in self.groups.items()}
        return {group: time_s for group, time_s in times.items() if time_s}


class SafetyFile(FilePart):
    """Safety data of some intersections."""

    format: Literal["citybrain safety"]
    version: Literal[1]
    intersections: Annotated[dict[Name, IntersectionPart], Field(min_length=1)]


def lines_of(safety: SafetyData) -> Iterable[str]:
    """Yield the TOML of one intersection's safety data, in the order in which a person reads it.

    Parameters
    ----------
    safety
        What to write.
    """
    intersection = safety.intersection
    name = f"intersections.{_text(intersection.name)}"
    longest = intersection.maximum_cycle_s
    yield f"[{name}]"
    yield f"signed_by = {_text(safety.signed_by)}"
    yield f"signed_on = {_text(safety.signed_on)}"
    yield f"notes = {_list(map(_text, intersection.caveats))}"
    yield f"cycle_s = [{intersection.minimum_cycle_s or 1.0!r}, {min(longest, 255.0)!r}]"
    yield f"plan_step_s = {safety.plan_step_s!r}"
    yield f"change_step_s = {safety.change_step_s!r}"
    yield f"changes = {_list(map(_text, sorted(safety.changes)))}"
    for key, pairs in (("conflicts", intersection.conflicts), ("yielding", intersection.yielding)):
        yield f"{key} = {_list(_list(map(_text, names)) for names in sorted(pairs))}"
    for key, timed in (
        ("intergreens_s", intersection.intergreens_s),
        ("protections_s", intersection.protections_s),
        ("overlaps_s", safety.overlaps_s),
    ):
        yield f"{key} = {_timed(timed)}"
    for group in intersection.groups:
        yield from _group_lines(name, safety, group)
    if safety.phase_map is not None:
        yield from _controller_lines(f"{name}.controller", safety.phase_map)


def _group_lines(name: str, safety: SafetyData, group: SignalGroup) -> Iterable[str]:
    intersection, key = safety.intersection, group.name
    basis = safety.bases.get(key, Basis())
    longest_s = intersection.maximum_reds_s.get(key, inf)
    yield ""
    yield f"[{name}.groups.{_text(key)}]"
    if group.is_pedestrian:
        yield "walks = true"
    yield f"indices = {list(group.indices)}"
    yield f"minimum_green_s = {group.minimum_green_s!r}"
    for word, time_s in (
        ("yellow_s", intersection.yellows_s.get(key, 0.0)),
        ("red_amber_s", intersection.red_ambers_s.get(key, 0.0)),
        ("red_clearance_s", safety.red_clearances_s.get(key, 0.0)),
        ("pedestrian_clearance_s", safety.pedestrian_clearances_s.get(key, 0.0)),
        ("maximum_red_s", 0.0 if longest_s == inf else longest_s),
        ("speed_mps", basis.speed_mps),
        ("way_m", basis.way_m),
        ("grade", basis.grade),
    ):
        if time_s:
            yield f"{word} = {time_s!r}"


def _controller_lines(name: str, phase_map: PhaseMap) -> Iterable[str]:
    yield ""
    yield f"[{name}]"
    yield f"coordinated = {list(phase_map.coordinated)}"
    yield ""
    yield f"[{name}.sequences]"
    for number, stretches in phase_map.sequences.items():
        yield f"{number} = {[[list(ring) for ring in stretch] for stretch in stretches]}"
    for phase in phase_map.phases:
        yield ""
        yield f"[{name}.phases.{phase.number}]"
        for word in ("minimum_green_s", "yellow_s", "red_clearance_s"):
            yield f"{word} = {getattr(phase, word)!r}"
        if phase.walk_s or phase.pedestrian_clearance_s:
            yield f"walk_s = {phase.walk_s}"
            yield f"pedestrian_clearance_s = {phase.pedestrian_clearance_s}"
        if phase.rests_in_walk:
            yield "rests_in_walk = true"
    yield ""
    yield f"[{name}.groups]"
    for output in phase_map.outputs:
        phases = ", ".join(f"{n} = {_text(a.value)}" for n, a in output.phases.items())
        walk = ", is_walk = true" if output.is_walk else ""
        yield f"{_text(output.group)} = {{ phases = {{ {phases} }}{walk} }}"


_ESCAPES = str.maketrans(
    {'"': '\\"', "\\": "\\\\", **{chr(code): f"\\u{code:04x}" for code in (*range(32), 127)}}
)


def _text(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _timed(times_s: Mapping[tuple[str, str], float]) -> str:
    rows = (f"  [{_text(a)}, {_text(b)}, {times_s[a, b]!r}],\n" for a, b in sorted(times_s))
    return f"[\n{''.join(rows)}]" if times_s else "[]"
