"""In which order subareas are searched, and how much of the time is left when one begins.

No two subareas with a common border are searched at the same time.  They get *waves*, the colours
of a greedy colouring (D. J. A. Welsh and M. B. Powell, "An upper bound for the chromatic number of
a graph and its application to timetabling problems", The Computer Journal 10, 1967): a subarea
waits for its neighbours of earlier waves, so chains of waiting stay as short as the waves are few.
A list schedule (R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM Journal on
Applied Mathematics 17, 1969) tells what each one may take so that all end in time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaOrder:
    """Order and share of the subareas of one pass.

    Parameters
    ----------
    areas
        Subareas that are searched, in the order in which they begin if they can.
    before
        Subarea → those that it waits for.
    share
        Subarea → its part of the time that is left when it begins. [-]
    """

    areas: tuple[int, ...]
    before: dict[int, frozenset[int]]
    share: dict[int, float]

    @classmethod
    def of(
        cls, sizes: Sequence[int], touching: Sequence[Collection[int]], workers: int
    ) -> "AreaOrder":
        """Plan a pass.

        Parameters
        ----------
        sizes
            Work in each subarea; those without any are left out. [-]
        touching
            For each subarea those that it has a border with.
        workers
            How many are searched side by side, at most.
        """
        wave = waves(touching)
        areas = sorted((area for area, size in enumerate(sizes) if size), key=wave.__getitem__)
        before = {
            area: frozenset(b for b in touching[area] if sizes[b] and wave[b] < wave[area])
            for area in areas
        }
        begins = _begins(areas, sizes, before, workers)
        end = max((begins[area] + sizes[area] for area in areas), default=0)
        share = {area: sizes[area] / (end - begins[area]) for area in areas}
        return cls(areas=tuple(areas), before=before, share=share)


def waves(touching: Sequence[Collection[int]]) -> tuple[int, ...]:
    """Return a number for each subarea that none of its neighbours has, as small as can be.

    Parameters
    ----------
    touching
        For each subarea those that it has a border with.
    """
    found: list[int] = []
    for others in touching:
        taken = {found[other] for other in others if other < len(found)}
        found.append(next(wave for wave in range(len(taken) + 1) if wave not in taken))
    return tuple(found)


def _begins(
    areas: Sequence[int],
    sizes: Sequence[int],
    before: dict[int, frozenset[int]],
    workers: int,
) -> dict[int, int]:
    """Return when each subarea begins if its time is as long as its size."""
    waiting, done = list(areas), set[int]()
    begins: dict[int, int] = {}
    under_way: dict[int, int] = {}
    now = 0
    while waiting:
        ready = [area for area in waiting if before[area] <= done]
        for area in ready[: workers - len(under_way)]:
            begins[area], under_way[area] = now, now + sizes[area]
            waiting.remove(area)
        now = min(under_way.values())
        ended = {area for area, end in under_way.items() if end == now}
        done |= ended
        under_way = {area: end for area, end in under_way.items() if area not in ended}
    return begins
