"""Compiled loops over the rows of slits; shapes and units are checked by the callers."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Rows = NDArray[np.uint16]
Counts = NDArray[np.int32]
Flags = NDArray[np.bool_]

REACH = 2
"""Half the base of the gradient along the band. [units]"""
DARK_LEVEL = 12.0
"""Grey levels added before the logarithm, so that noise in the dark is not taken for structure."""


def log_table(scale: int) -> Singles:
    """Return the logarithm for each brightness, so that light and shadow become sums.

    Parameters
    ----------
    scale
        Steps of brightness per grey level.

    Returns
    -------
    array of shape (256 * scale,)
        Logarithms of the grey level and `DARK_LEVEL`. [-]
    """
    levels = np.arange(256 * scale) / scale
    return np.log(levels + DARK_LEVEL).astype(np.float32)


@njit(cache=True, nogil=True)
def log_gradients(
    rows: Rows, table: Singles, shift: Singles, along: Singles, across: Singles
) -> None:
    """Fill the gradients of the log brightness, along and across the band.

    Parameters
    ----------
    rows
        Brightness ``[frame, 3 * slit, x]``: before, on and behind each slit.
    table
        Logarithm for each brightness.
    shift
        How far each frame lies to the right of the background. [units]
    along, across
        Results ``[frame, slit, x]``.
    """
    frames, slits, width = along.shape
    line = np.empty((3, width), dtype=np.float32)
    for frame in range(frames):
        whole = int(np.floor(shift[frame]))
        part = np.float32(shift[frame] - whole)
        for slit in range(slits):
            for row in range(3):
                for x in range(width):
                    left = min(max(x + whole, 0), width - 1)
                    right = min(max(x + whole + 1, 0), width - 1)
                    value = table[rows[frame, 3 * slit + row, left]]
                    if part > 0:
                        other = table[rows[frame, 3 * slit + row, right]]
                        value += part * (other - value)
                    line[row, x] = value
            for x in range(width):
                across[frame, slit, x] = line[2, x] - line[0, x]
                if REACH <= x < width - REACH:
                    along[frame, slit, x] = line[1, x + REACH] - line[1, x - REACH]
                else:
                    along[frame, slit, x] = 0.0


@njit(cache=True, nogil=True)
def half_sample_mode(ordered: Singles) -> float:
    """Return the mode of ordered values: the densest half, again and again.

    Parameters
    ----------
    ordered
        At least one value, ascending.

    References
    ----------
    D. R. Bickel, R. Fruehwirth, "On a fast, robust estimator of the mode", Computational
    Statistics and Data Analysis 50, 2006.
    """
    low, count = 0, len(ordered)
    while count > 2:  # noqa: PLR2004 - the middle of two is the mode
        half = (count + 1) // 2
        best, narrowest = low, np.inf
        for begin in range(low, low + count - half + 1):
            span = ordered[begin + half - 1] - ordered[begin]
            if span < narrowest:
                best, narrowest = begin, span
        low, count = best, half
    return float(0.5 * (ordered[low] + ordered[low + count - 1]))


@njit(cache=True, nogil=True)
def settle(samples: Singles, kept: Counts, share: float, mode: Singles, floor: Singles) -> None:
    """Fill the background of each column and the level of its noise.

    Parameters
    ----------
    samples
        Gradients ``[2, slit, x, sample]``: along and across the band.
    kept
        Number of samples ``[slit, x]``.
    share
        Share of a column's samples that are at most as far from the background as its noise.
    mode
        Result ``[2, slit, x]``: the most common gradients.
    floor
        Result ``[slit, x]``: noise.
    """
    _, slits, width, _ = samples.shape
    for slit in range(slits):
        for x in range(width):
            count = kept[slit, x]
            if count == 0:
                continue
            for way in range(2):
                mode[way, slit, x] = half_sample_mode(np.sort(samples[way, slit, x, :count]))
            far = np.hypot(
                samples[0, slit, x, :count] - mode[0, slit, x],
                samples[1, slit, x, :count] - mode[1, slit, x],
            )
            far.sort()
            floor[slit, x] = far[int(share * (count - 1))]


@njit(cache=True, nogil=True)
def edge_strength(
    along: Singles, across: Singles, mode: Singles, floor: Singles, most: float
) -> Singles:
    """Return how far the gradients are from the background's, without noise.

    Parameters
    ----------
    along, across
        Gradients ``[frame, slit, x]``.
    mode
        Background ``[2, slit, x]``.
    floor
        Noise that is taken off ``[slit, x]``.
    most
        Largest result.

    Returns
    -------
    array ``[frame, slit, x]``
        0 where nothing but the background and its noise is seen.
    """
    frames, slits, width = along.shape
    strength = np.empty_like(along)
    for frame in range(frames):
        for slit in range(slits):
            for x in range(width):
                far = np.hypot(
                    along[frame, slit, x] - mode[0, slit, x],
                    across[frame, slit, x] - mode[1, slit, x],
                )
                strength[frame, slit, x] = min(max(far - floor[slit, x], 0.0), most)
    return strength


@njit(cache=True, nogil=True)
def remember(
    samples: Singles, kept: Counts, at: Counts, along: Singles, across: Singles, wanted: Flags
) -> None:
    """Put the gradients of one frame into the samples of the background.

    Parameters
    ----------
    samples
        ``[2, slit, x, sample]``; the oldest of a column is replaced.
    kept, at
        Number of samples of a column, and the place of the next ``[slit, x]``.
    along, across
        Gradients ``[slit, x]``.
    wanted
        Columns that take them ``[slit, x]``.
    """
    _, slits, width, size = samples.shape
    for slit in range(slits):
        for x in range(width):
            if wanted[slit, x]:
                place = at[slit, x]
                samples[0, slit, x, place] = along[slit, x]
                samples[1, slit, x, place] = across[slit, x]
                at[slit, x] = (place + 1) % size
                kept[slit, x] = min(kept[slit, x] + 1, size)


@njit(cache=True, nogil=True)
def gather(
    along: Singles, across: Singles, before: Singles, total: Singles, steps: Singles, weight: float
) -> None:
    """Add the gradients of one frame to their sums and to the sums of their steps.

    Parameters
    ----------
    along, across
        Gradients ``[slit, x]``.
    before
        Those of the frame before ``[2, slit, x]``; becomes those of this one.
    total, steps
        Sums ``[2, slit, x]`` and ``[slit, x]``.
    weight
        Of the step from the frame before: 0 where there is none.
    """
    slits, width = along.shape
    for slit in range(slits):
        for x in range(width):
            one, other = along[slit, x], across[slit, x]
            far = abs(one - before[0, slit, x]) + abs(other - before[1, slit, x])
            steps[slit, x] += weight * far
            total[0, slit, x] += one
            total[1, slit, x] += other
            before[0, slit, x] = one
            before[1, slit, x] = other


@njit(cache=True, nogil=True)
def best_shift(line: Singles, background: Singles, trusted: Flags, most: int) -> float:
    """Return how far a line lies to the right of the background, in units.

    Parameters
    ----------
    line, background
        Gradients along the band, ``[x]`` each.
    trusted
        Columns where the background is seen ``[x]``.
    most
        Largest shift looked for. [units]
    """
    width = len(line)
    costs = np.full(2 * most + 1, np.inf)
    for at in range(2 * most + 1):
        total, seen = 0.0, 0
        for x in range(most + REACH, width - most - REACH):
            if trusted[x]:
                far = abs(line[x + at - most] - background[x])
                total += min(far, 0.5)
                seen += 1
        if seen > width // 5:
            costs[at] = total / seen
    best = int(np.argmin(costs))
    if not costs[best] < 0.7 * costs[most]:
        return 0.0
    if 0 < best < 2 * most:
        below, above = costs[best - 1], costs[best + 1]
        bend = below - 2 * costs[best] + above
        if bend > 0:
            return float(best - most + 0.5 * (below - above) / bend)
    return float(best - most)


@njit(cache=True, nogil=True)
def fill_holes(mask: Flags) -> None:
    """Add to a mask what it encloses: all that cannot be reached from the border.

    Parameters
    ----------
    mask
        Pixels ``[row, x]``; neighbours share a side.
    """
    rows, width = mask.shape
    outside = np.zeros((rows, width), dtype=np.bool_)
    waiting = np.empty(rows * width, dtype=np.int32)
    count = 0
    for row in range(rows):
        for x in range(width):
            is_border = row in (0, rows - 1) or x in (0, width - 1)
            if is_border and not mask[row, x]:
                outside[row, x] = True
                waiting[count] = row * width + x
                count += 1
    while count > 0:
        count -= 1
        row, x = divmod(waiting[count], width)
        for way in range(4):
            other = row + (way == 0) - (way == 1)
            beside = x + (way == 2) - (way == 3)  # noqa: PLR2004 - four neighbours
            if not (0 <= other < rows and 0 <= beside < width):
                continue
            if not mask[other, beside] and not outside[other, beside]:
                outside[other, beside] = True
                waiting[count] = other * width + beside
                count += 1
    for row in range(rows):
        for x in range(width):
            mask[row, x] = not outside[row, x]
