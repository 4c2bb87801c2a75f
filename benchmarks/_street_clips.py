"""Hand counts of recorded street clips, and which of them the camera counter was tuned on.

The clips themselves are not part of the project.  Eight clips of camera 625 come with a truth of
their own; of the other four the counts here were read by eye from the band over time, before the
counter had ever run on them.
"""

TUNING = ("625_201707211410", "625_201709042122", "625_201709141356", "625_201709281436")
"""Clips with truth that the counter was tuned on, beside ``rural_road``."""
HELD_OUT = ("625_201709042126", "625_201709211027", "625_201709211426", "625_201709211516")
"""Clips with truth that it has not seen."""
LANES = ("LA", "LB", "LC", "LD", "R")
OWN_COUNTS: dict[str, tuple[int, ...]] = {
    "625_201708101531": (2, 0, 3, 4, 17),
    "625_201709141306": (1, 2, 0, 1, 7),
    "625_201709210946": (2, 5, 7, 7, 7),
    "625_201709211551": (5, 5, 5, 4, 16),
}
"""Vehicles per lane at the line y = 225 px; those on the line in the first frame are left out."""
OWN_LIMITS_PX: dict[str, tuple[tuple[int, int], ...]] = {
    "625_201708101531": ((0, 28), (28, 70), (70, 114), (114, 155), (190, 350)),
    "625_201709141306": ((0, 39), (39, 80), (80, 122), (122, 157), (188, 350)),
    "625_201709210946": ((0, 38), (38, 79), (79, 121), (121, 156), (190, 350)),
    "625_201709211551": ((0, 40), (40, 81), (81, 123), (123, 158), (190, 350)),
}
"""Limits of the lanes along that line. [px]"""
