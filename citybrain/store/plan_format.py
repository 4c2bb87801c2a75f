"""The plan file as a published format: what it holds, in which units, and its JSON Schema."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.aspects import Aspect
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan, Provenance
from citybrain.model.signals import GroupTiming, Segment, Window
from citybrain.reading import FilePart

VERSION = 1
"""Version of the format; a file of another version is refused."""

Name = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, strict=True)]
Duration = Annotated[float, Field(gt=0, strict=True)]


class SegmentPart(FilePart):
    """A time during which a group shows one aspect."""

    aspect: Aspect = Field(description="G g y Y u s o O, as in SUMO; red lies between windows")
    duration_s: Duration = Field(description="[s]")


class WindowPart(FilePart):
    """One uninterrupted showing of anything other than red."""

    start_s: Seconds = Field(description="local cycle time at which red ends [s]")
    segments: tuple[SegmentPart, ...] = Field(min_length=1)
    red_clearance_s: Seconds = Field(description="red before any conflicting group starts [s]")


class TimingPart(FilePart):
    """The windows of one signal group."""

    group: Name
    windows: tuple[WindowPart, ...]


class StretchPart(FilePart):
    """An interval that may end early or late."""

    start_s: Seconds = Field(description="local time at which the pattern shows it [s]")
    minimum_s: Duration = Field(description="[s]")
    maximum_s: Duration = Field(description="[s]")


class ActuationPart(FilePart):
    """How detectors move the ends of stretches."""

    stretches: tuple[StretchPart, ...]
    gap_s: Duration = Field(description="longest gap between vehicles that keeps a stretch [s]")
    detector_s: Seconds = Field(description="travel time from detector to stop line [s]")
    is_coordinated: bool = Field(description="stretches end at times of a fixed cycle")

    @classmethod
    def of(cls, actuation: Actuation) -> Self:
        """Return an actuation as a part of the file."""
        return cls(
            stretches=tuple(
                StretchPart(start_s=s.start_s, minimum_s=s.minimum_s, maximum_s=s.maximum_s)
                for s in actuation.stretches
            ),
            gap_s=actuation.gap_s,
            detector_s=actuation.detector_s,
            is_coordinated=actuation.is_coordinated,
        )

    def actuation(self) -> Actuation:
        """Return the actuation that the part describes."""
        return Actuation(
            stretches=tuple(
                Stretch(start_s=s.start_s, minimum_s=s.minimum_s, maximum_s=s.maximum_s)
                for s in self.stretches
            ),
            gap_s=self.gap_s,
            detector_s=self.detector_s,
            is_coordinated=self.is_coordinated,
        )


class PatternPart(FilePart):
    """What all signal groups of one intersection show, cycle after cycle."""

    intersection: Name
    program: str = Field(description="name under which the controller stores the pattern")
    cycle_s: Duration = Field(description="[s]")
    offset_s: Seconds = Field(description="lag of local time 0 behind master time 0 [s]")
    groups: tuple[TimingPart, ...]
    actuation: ActuationPart | None = Field(
        default=None,
        exclude_if=lambda part: part is None,
        description="only where greens follow the traffic",
    )

    @classmethod
    def of(cls, pattern: Pattern) -> Self:
        """Return a pattern as a part of the file."""
        return cls.model_validate(
            {
                "intersection": pattern.intersection,
                "program": pattern.program,
                "cycle_s": pattern.cycle_s,
                "offset_s": pattern.offset_s,
                "groups": [_timing_content(timing) for timing in pattern.groups],
                "actuation": ActuationPart.of(pattern.actuation)
                if isinstance(pattern, ActuatedPattern)
                else None,
            }
        )

    def pattern(self) -> Pattern:
        """Return the pattern that the part describes.

        Raises
        ------
        InfeasibleError
            Its windows do not fit its cycle, or its stretches are no intervals of it.
        """
        pattern = Pattern(
            intersection=self.intersection,
            program=self.program,
            cycle_s=self.cycle_s,
            offset_s=self.offset_s,
            groups=tuple(_timing(part) for part in self.groups),
        )
        if self.actuation is None:
            return pattern
        return ActuatedPattern.of(pattern, self.actuation.actuation())


class ProvenancePart(FilePart):
    """What the plan was made from."""

    inputs: dict[str, str] = Field(description="role of a file → its SHA-256")
    settings: dict[str, str | int | float]
    versions: dict[str, str]
    seeds: tuple[int, ...] = Field(description="simulation seeds that the search saw")
    evaluations: int = Field(ge=0, description="simulation runs that the search used")

    def provenance(self) -> Provenance:
        """Return the record that the part describes."""
        return Provenance(
            inputs=self.inputs,
            settings=self.settings,
            versions=self.versions,
            seeds=self.seeds,
            evaluations=self.evaluations,
        )


class PlanFile(FilePart):
    """A plan of citybrain: one pattern for each intersection, meant to run together."""

    format: Literal["citybrain plan"] = "citybrain plan"
    version: Literal[1] = 1
    name: Name
    patterns: tuple[PatternPart, ...]
    provenance: ProvenancePart | None

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return a plan as the content of its file."""
        record = plan.provenance
        return cls(
            name=plan.name,
            patterns=tuple(PatternPart.of(pattern) for pattern in plan.patterns),
            provenance=None
            if record is None
            else ProvenancePart(
                inputs=record.inputs,
                settings=record.settings,
                versions=record.versions,
                seeds=record.seeds,
                evaluations=record.evaluations,
            ),
        )


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of the plan file, published as ``docs/plan.schema.json``."""
    schema = PlanFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _timing_content(timing: GroupTiming) -> dict[str, Any]:
    windows = [
        {
            "start_s": window.start_s,
            "segments": [
                {"aspect": segment.aspect, "duration_s": segment.duration_s}
                for segment in window.segments
            ],
            "red_clearance_s": window.red_clearance_s,
        }
        for window in timing.windows
    ]
    return {"group": timing.group, "windows": windows}


def _timing(part: TimingPart) -> GroupTiming:
    return GroupTiming(
        group=part.group,
        windows=tuple(
            Window(
                start_s=window.start_s,
                segments=tuple(
                    Segment(aspect=segment.aspect, duration_s=segment.duration_s)
                    for segment in window.segments
                ),
                red_clearance_s=window.red_clearance_s,
            )
            for window in part.windows
        ),
    )
