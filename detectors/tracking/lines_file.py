"""The lines file: lines of lanes, zones of movements, and what a feed does not say about itself."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from citybrain.errors import InfeasibleError
from citybrain.reading import FilePart
from detectors.settings_file import read_settings
from detectors.tracking.kinds import CLASSES, VEHICLES
from detectors.tracking.lines import CountLine
from detectors.tracking.zones import Zone, ZoneKind

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Point = tuple[Number, Number]
Name = Annotated[str, Field(min_length=1)]


class LineTable(FilePart):
    """One ``[[line]]``.

    Parameters
    ----------
    lane
        Lane that it counts.
    from_px, to_px
        Its ends in the picture. [px]
    heading_deg
        Where the lane's vehicles go in the picture, clockwise from up: 180 comes towards the
        camera.
    classes
        Kinds that are counted; all vehicles if left out.
    """

    lane: Name
    from_px: Point
    to_px: Point
    heading_deg: Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)] | None = None
    classes: tuple[Literal[CLASSES], ...] | None = None  # type: ignore[valid-type]

    def line(self) -> CountLine:
        """Return it as the counter takes it.

        Raises
        ------
        InfeasibleError
            It is no line that counts, see `CountLine`; `read_lines` has refused such a file.
        """
        return CountLine(
            lane=self.lane,
            from_px=self.from_px,
            to_px=self.to_px,
            heading_deg=self.heading_deg,
            kinds=frozenset(map(CLASSES.index, self.classes)) if self.classes else VEHICLES,
        )


class ZoneTable(FilePart):
    """One ``[[zone]]``; see `detectors.tracking.zones.Zone`."""

    name: Name
    kind: ZoneKind
    corners_px: tuple[Point, ...] = Field(min_length=3)


class MovementTable(FilePart):
    """One ``[[movement]]``: a name for the way from one zone to another."""

    name: Name
    from_zone: Name
    to_zone: Name


class FeedTable(FilePart):
    """``[feed]``: what an edge box's feed does not say about itself.

    Parameters
    ----------
    box
        What a list of four numbers means.
    relative
        Boxes are parts of the picture, 0 to 1.
    rate_hps
        Frames per second, for frames with a number but without a time. [1/s]
    sensor
        Camera that is read, where the feed names several.
    ids
        ``given``: identities are those of the feed; ``own``: citybrain follows the boxes; ``auto``:
        citybrain does so only if the feed has none.
    gap_s
        Longest silence that is not a gap; 10 s if left out and the feed has frames without a box,
        else 300 s. [s]
    """

    box: Literal["corners", "corner_size", "centre_size"] = "corners"
    relative: bool = False
    rate_hps: Positive | None = None
    sensor: Name | None = None
    ids: Literal["auto", "given", "own"] = "auto"
    gap_s: Positive | None = None


class LinesFile(FilePart):
    """A lines file.

    Parameters
    ----------
    frame_px
        Width and height of the picture, where known. [px]
    feed
        What the feed does not say.
    classes
        What the feed's words for kinds mean: a known kind, another name, or ``none``.
    line, zone, movement
        Lines of lanes, zones, and names for ways between zones.
    """

    frame_px: tuple[Positive, Positive] | None = None
    feed: FeedTable = FeedTable()
    classes: dict[str, str] = Field(default_factory=dict)
    line: tuple[LineTable, ...] = ()
    zone: tuple[ZoneTable, ...] = ()
    movement: tuple[MovementTable, ...] = ()

    @property
    def lines(self) -> tuple[CountLine, ...]:
        """Lines as the counter takes them."""
        return tuple(table.line() for table in self.line)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Zones as the counter takes them."""
        return tuple(Zone(**table.model_dump()) for table in self.zone)

    def movement_name(self, entry: str, leave: str) -> str:
        """Return the name of a way, ``entry > leave`` if it has none."""
        names = {(one.from_zone, one.to_zone): one.name for one in self.movement}
        return names.get((entry, leave), f"{entry} > {leave}")

    @model_validator(mode="after")
    def _is_whole(self) -> "LinesFile":
        if not self.line and not self.zone:
            msg = "names neither a [[line]] nor a [[zone]]"
            raise ValueError(msg)
        if self.feed.relative and self.frame_px is None:
            msg = "boxes that are parts of the picture need frame_px"
            raise ValueError(msg)
        self._check_names()
        try:
            _ = self.lines, self.zones
        except InfeasibleError as error:
            raise ValueError(str(error)) from None
        return self

    def _check_names(self) -> None:
        lanes = [line.lane for line in self.line]
        if len(set(lanes)) < len(lanes):
            msg = "a lane stands twice"
            raise ValueError(msg)
        names = [zone.name for zone in self.zone]
        if len(set(names)) < len(names):
            msg = "a zone stands twice"
            raise ValueError(msg)
        for movement in self.movement:
            for name in (movement.from_zone, movement.to_zone):
                if name not in names:
                    msg = f"movement {movement.name!r} names the zone {name!r}, which is not there"
                    raise ValueError(msg)


def read_lines(path: Path) -> LinesFile:
    """Read a lines file.

    Parameters
    ----------
    path
        TOML with ``[[line]]``, ``[[zone]]``, ``[[movement]]``, ``[feed]``, ``[classes]`` and
        ``frame_px``; see ``docs/detectors.md``.  A ``[model]`` table is for
        `detectors.camera.model`.

    Raises
    ------
    InputError
        The file is missing or no TOML; a key is missing, unknown or wrong.
    """
    return read_settings(path, LinesFile, "lines file")
