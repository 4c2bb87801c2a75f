"""What the command ``count`` is asked for, whatever it counts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

USUAL_BIN_S = 300.0
"""Length of a bin where none is asked for. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    feed: str
    detectors: Path | None
    camera: Path | None
    preview: Path | None
    out: Path
    bin_s: float
    start: datetime | None
    zone: str | None
    network: Path | None
    is_json: bool
    lines: Path | None = None
    is_bin_given: bool = True


def in_utc(start: datetime | None) -> datetime | None:
    """Return an instant in UTC, which it is in unless it carries an offset."""
    if start is None:
        return None
    return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
