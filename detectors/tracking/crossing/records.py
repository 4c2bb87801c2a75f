"""The records that the crossing kernel reads and changes; what each field means stands here."""

import numpy as np

RECENT = 16
"""Counts of each line that are kept, to tell whether a track that ended was another one's."""

LINE = np.dtype(
    [
        ("x", "f8"),  # where it begins, in the picture [px]
        ("y", "f8"),
        ("along_x", "f8"),  # direction from begin to end, of length 1
        ("along_y", "f8"),
        ("ahead_x", "f8"),  # direction across it in which vehicles go, of length 1
        ("ahead_y", "f8"),
        ("length_px", "f8"),
        ("left", "f8"),  # rectangle around it [px]
        ("top", "f8"),
        ("right", "f8"),
        ("bottom", "f8"),
        ("takes", "u8"),  # bit k is set if boxes of kind k are counted
        ("recent_s", "f8", (RECENT,)),  # when vehicles left it last [s]
        ("recent_at", "i8"),  # where the next one is written
    ]
)
"""A line across one lane."""

TRACK = np.dtype(
    [
        ("id", "i8"),
        ("seen_s", "f8"),  # last time that it was seen [s]
        ("safe_left", "f4"),  # while its foot is in here and it is no larger, nothing happens [px]
        ("safe_top", "f4"),
        ("safe_right", "f4"),
        ("safe_bottom", "f4"),
        ("most_width", "f4"),
        ("most_height", "f4"),
        ("left", "f4"),  # box when it was last seen [px]
        ("top", "f4"),
        ("right", "f4"),
        ("bottom", "f4"),
        ("frame", "i8"),  # number of the frame in which it was last seen
        ("sightings", "i4"),
        ("kind", "i4"),
    ]
)
"""A track that was seen not long ago."""

NEAR = np.dtype(
    [
        ("is_near", "?"),  # the track is near the line; without this the rest means nothing
        ("is_counted", "?"),  # it was counted on this line and never will be again
        ("side", "i1"),  # side on which it was clear of the line last; 0: born upon it
        ("on_s", "f8"),  # when its foot came upon the line; NaN before [s]
        ("off_s", "f8"),  # when its foot was clear of the line on the other side; NaN before [s]
        ("place_px", "f8"),  # where along the line its ground contact crossed last [px]
        ("pace_pxps", "f8"),  # speed of the middle of its foot across the line [px/s]
    ]
)
"""A track beside a line."""

BOOK = np.dtype(
    [
        ("tracks", "i8"),  # tracks in use
        ("frame", "i8"),  # number of the next frame
        ("look_s", "f8"),  # before this time no track ends [s]
        ("found", "i8"),  # crossings in the list
        ("untracked", "i8"),  # boxes without a track
        ("doubled", "i8"),  # boxes of a track that has another one in the frame
        ("swallowed", "i8"),  # tracks that ended upon a line just before another one was counted
    ]
)
"""What the kernel keeps from frame to frame."""

RULES = np.dtype(
    [
        ("foot", "f8"),
        ("slack", "f8"),
        ("slack_px", "f8"),
        ("patience_s", "f8"),
        ("swallow_s", "f8"),
        ("sightings", "i8"),
        ("right_px", "f8"),  # size of the picture; infinite where it is not known [px]
        ("bottom_px", "f8"),
    ]
)
"""See `CrossingRules`."""

CROSSING = np.dtype(
    [
        ("on_s", "f8"),
        ("off_s", "f8"),
        ("line", "i8"),
        ("way", "i8"),  # 1: ahead, -1: against
        ("track", "i8"),
        ("kind", "i8"),
    ]
)
"""A vehicle that crossed a line."""
