"""The records that the tracking kernel reads and changes; what each field means stands here."""

import numpy as np

TARGET = np.dtype(
    [
        ("id", "i8"),
        ("at_s", "f8"),  # time to which the rest was predicted [s]
        ("seen_s", "f8"),  # last time that it was seen [s]
        ("x", "f8"),  # middle of the box [px]
        ("y", "f8"),
        ("width", "f8"),  # [px]
        ("height", "f8"),
        ("speed_x", "f8"),  # [px/s]
        ("speed_y", "f8"),
        ("var_place", "f8"),  # variances of place and speed, in sizes of the box, of each axis
        ("var_both", "f8"),
        ("var_speed", "f8"),
        ("sightings", "i8"),
        ("misses", "i8"),  # frames since it was seen
    ]
)
"""A vehicle that is followed."""

LIMITS = np.dtype(
    [
        ("noise", "f8"),
        ("acceleration", "f8"),
        ("first_speed", "f8"),
        ("size_noise", "f8"),
        ("gate", "f8"),
        ("reach", "f8"),
        ("near", "f8"),
        ("miss_cost", "f8"),
        ("start_score", "f8"),
        ("overlap", "f8"),
        ("sightings", "i8"),
        ("new_misses", "i8"),
        ("coast_s", "f8"),
    ]
)
"""See `TrackRules`."""

STATE = np.dtype(
    [
        ("targets", "i8"),  # targets in use
        ("next_id", "i8"),
    ]
)
"""What the kernel keeps from frame to frame."""
