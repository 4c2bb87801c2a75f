"""Any feed to flows: picks the reader, counts, and says what was found on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from citybrain.errors import InfeasibleError, InputError
from citybrain.model.flows import Detector, FlowSnapshot
from detectors.aliveness import GAP_S
from detectors.counting import QUARTER_HOUR_S, count_pulses
from detectors.health.filling import judged
from detectors.health.timeline import HealthSpan, health_of
from detectors.pulses import SIMULATION_START, FeedRepairs, Pulses
from detectors.readers import hires, pems, sumo_e1, sumo_instant, table, utd19
from detectors.readers.aggregate import IntervalFlows
from detectors.tables import GZIP_MAGIC, column_names, first_line
from detectors.xml import root_tag

_FORMS = (
    "a SUMO E1 or instantE1 output, a pulse table (detector, on_s, off_s), a controller log "
    "(timestamp, device, event, parameter), PeMS station or UTD19 tables in CSV or Parquet; "
    "JSON lines of boxes are counted with --lines"
)
NAMES_SHOWN = 5
"""Detectors that a caveat names; the others are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedClock:
    """What a feed does not say about its own clock.

    Parameters
    ----------
    start
        Second 0 of a feed that counts seconds, timezone-aware UTC.
    assume_zone
        Zone of times that carry none, such as ``Europe/Berlin``.
    recorded
        Begin and end of the recording in UTC, where known.
    gap_s
        Longest silence of a controller, or of a feed without any, that is not a gap. [s]
    """

    start: datetime | None = None
    assume_zone: str | None = None
    recorded: tuple[datetime, datetime] | None = None
    gap_s: float = GAP_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountedFeed:
    """The flows of a feed, and what its reader found.

    Parameters
    ----------
    flows
        Flows per lane and bin.
    repairs
        What was mended.
    caveats
        What the reader of the flows must know, one sentence each.
    health
        When each detector of a feed of pulses could be believed; empty for feeds of flows.
    start
        Second 0 of the times in `health`, timezone-aware UTC.
    """

    flows: FlowSnapshot
    repairs: FeedRepairs
    caveats: tuple[str, ...] = ()
    health: tuple[HealthSpan, ...] = ()
    start: datetime = SIMULATION_START


def count_feed(
    path: Path,
    detectors: Sequence[Detector],
    *,
    bin_s: float = QUARTER_HOUR_S,
    clock: FeedClock | None = None,
) -> CountedFeed:
    """Read a feed of any known form and count it.

    Parameters
    ----------
    path
        Feed.
    detectors
        Inventory; its lanes become the columns.
    bin_s
        Length of a bin; a feed of flows keeps its own. [s]
    clock
        What the feed does not say about its clock.

    Returns
    -------
    CountedFeed
        Flows, repairs and caveats.

    Raises
    ------
    InputError
        The feed is missing, empty, broken off, of no known form, without a zone, or names no
        detector of the inventory.
    """
    clock = clock or FeedClock()
    feed = open_feed(path, detectors, clock=clock)
    if isinstance(feed, IntervalFlows):
        caveats = _caveats(feed.names, detectors, has_start=feed.has_start)
        return CountedFeed(flows=feed.flows, repairs=feed.repairs, caveats=(*caveats, *feed.notes))
    _check_detectors(path, feed.names, detectors)
    try:
        flows = count_pulses(feed, detectors, bin_s=bin_s, recorded=clock.recorded)
    except InfeasibleError as error:
        mend = "check the times of the feed and the length of the bins"
        raise InputError(path, str(error), mend) from None
    health = health_of(feed)
    known = {detector.name for detector in detectors}
    is_known = np.array([name in known for name in feed.names], dtype=np.bool_)
    unknown = FeedRepairs(unknown_detector_rows=int(np.sum(~is_known[feed.detector])))
    return CountedFeed(
        flows=judged(flows, feed, detectors, health),
        health=health,
        start=feed.start or SIMULATION_START,
        repairs=feed.repairs + unknown,
        caveats=(
            *_caveats(feed.names, detectors, has_start=feed.start is not None),
            *feed.notes,
        ),
    )


def open_feed(
    path: Path, detectors: Sequence[Detector], *, clock: FeedClock | None = None
) -> Pulses | IntervalFlows:
    """Read a feed with the reader that its content asks for.

    Parameters
    ----------
    path
        Feed.
    detectors
        Inventory; a feed of flows needs it to know the lanes.
    clock
        What the feed does not say about its clock.

    Returns
    -------
    Pulses or IntervalFlows
        SUMO E1, PeMS and UTD19 hold flows already.

    Raises
    ------
    InputError
        See `count_feed`.
    """
    clock = clock or FeedClock()
    if _begins_as_xml(path):
        root = root_tag(path)
        if root == sumo_e1.ROOT:
            return sumo_e1.read_e1(path, detectors, start=clock.start)
        if root == sumo_instant.ROOT:
            return sumo_instant.read_instant_e1(path, start=clock.start, gap_s=clock.gap_s)
        raise InputError(
            path, f"its XML is <{root}>, which is no detector output", f"give {_FORMS}"
        )
    columns = column_names(path)
    zone, gap_s = clock.assume_zone, clock.gap_s
    if table.is_pulse_table(columns):
        return table.read_pulse_table(path, start=clock.start, assume_zone=zone, gap_s=gap_s)
    if hires.is_event_log(columns):
        return hires.read_event_log(path, assume_zone=zone, gap_s=gap_s)
    if pems.is_pems(columns):
        return pems.read_pems(path, columns, detectors, assume_zone=zone)
    if utd19.is_utd19(columns):
        return utd19.read_utd19(path, columns, detectors, assume_zone=zone)
    names = ", ".join(columns[:8])[:80]
    raise InputError(
        path, f"is no feed of a known form (it begins with {names!r})", f"give {_FORMS}"
    )


def _begins_as_xml(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        raise InputError(path, "the feed does not exist", "check the path") from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "give a file") from None
    if not head.strip():
        raise InputError(path, "the feed is empty", "record it again")
    if head.startswith(GZIP_MAGIC):
        head = first_line(path).encode()
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _check_detectors(path: Path, names: Sequence[str], detectors: Sequence[Detector]) -> None:
    known = [detector.name for detector in detectors]
    if not set(names) & set(known):
        if not names:
            raise InputError(path, "the feed holds no pulse", "record it again")
        near = get_close_matches(names[0], known, n=1)
        like = f" (did you mean {near[0]!r})" if near else ""
        what = f"no detector of it is in the inventory, such as {names[0]!r}{like}"
        raise InputError(path, what, "name the detectors of the feed in the inventory")


def _caveats(
    names: Sequence[str], detectors: Sequence[Detector], *, has_start: bool
) -> tuple[str, ...]:
    known = {detector.name for detector in detectors}
    unknown = sorted(set(names) - known)
    silent = sorted(known - set(names))
    caveats = []
    if not has_start:
        caveats.append("the feed does not say when its clock started; bins count from 1970-01-01")
    if unknown:
        caveats.append(f"{len(unknown)} detectors are not in the inventory: {_some(unknown)}")
    if silent:
        caveats.append(f"{len(silent)} detectors of the inventory are silent: {_some(silent)}")
    return tuple(caveats)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMES_SHOWN]) + (" ..." if len(names) > NAMES_SHOWN else "")
