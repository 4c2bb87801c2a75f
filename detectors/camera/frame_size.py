"""Pictures that are larger or smaller than the file that tells places on them."""

from citybrain.errors import InputError

SHAPE_SHARE = 0.02
"""Share of the height by which the shape of the pictures may differ..."""
SHAPE_PX = 1.0
"""... and pixels beside that. [px]"""


def zoom_of(
    frame_px: tuple[float, float], told_px: tuple[float, float], where: str, mend: str
) -> float:
    """Return how much larger the pictures are than a file says [-].

    Parameters
    ----------
    frame_px
        Width and height of the pictures. [px]
    told_px
        Width and height in the file. [px]
    where, mend
        Names the file, and what to set in it.

    Raises
    ------
    InputError
        They have another shape.
    """
    zoom = frame_px[0] / told_px[0]
    if abs(frame_px[1] - told_px[1] * zoom) > SHAPE_SHARE * frame_px[1] + SHAPE_PX:
        size, told = ("{:g} x {:g}".format(*one) for one in (frame_px, told_px))
        raise InputError(where, f"frames are {size}, the file says {told}", mend)
    return zoom
