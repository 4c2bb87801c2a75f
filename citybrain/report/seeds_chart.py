"""Chart of the paired seeds: how much each seed gained or lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from citybrain.model.verdict import Verdict
from citybrain.report import svg
from citybrain.report.markup import Markup, tag
from citybrain.report.wording import Tone, number, signed

WIDTH = 540.0
LEFT = 92.0
RIGHT = 128.0
TOP = 24.0
ROW = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedChange:
    """Mean delay with one seed under both plans [s/veh]."""

    seed: int
    before_s: float
    after_s: float

    @property
    def change_s(self) -> float:
        """Proposed minus running [s/veh]."""
        return self.after_s - self.before_s


def seed_changes(verdict: Verdict) -> tuple[SeedChange, ...]:
    """Return the change with every seed, the largest gain first."""
    pairs = zip(verdict.running, verdict.proposed, strict=True)
    changes = [
        SeedChange(seed=before.seed, before_s=before.mean_delay_s, after_s=after.mean_delay_s)
        for before, after in pairs
    ]
    return tuple(sorted(changes, key=lambda change: (change.change_s, change.seed)))


def seeds_chart(verdict: Verdict) -> Markup:
    """Draw one row for each seed: its change, and its delay before and after.

    Parameters
    ----------
    verdict
        Paired outcomes.

    Returns
    -------
    Markup
        The chart, and a sentence that names the worst seed.
    """
    changes = seed_changes(verdict)
    axis = _Axis.covering(verdict, changes)
    bottom = TOP + ROW * len(changes)
    layers = [
        *_ground(verdict, axis, bottom),
        *(_row(change, index, axis, verdict.worst_seed) for index, change in enumerate(changes)),
    ]
    title = "Change in mean delay with every seed, proposed minus running plan"
    image = svg.picture(WIDTH, bottom + 38, title, layers, "picture diagram")
    return tag("div", tag("div", image, class_="scroll"), _worst(verdict, changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """The axis of changes [s/veh]."""

    low_s: float
    high_s: float
    step_s: float

    @classmethod
    def covering(cls, verdict: Verdict, changes: Sequence[SeedChange]) -> "_Axis":
        values = [0.0, verdict.delay_change_s.mean, *(change.change_s for change in changes)]
        low_s, high_s = min(values), max(values)
        room_s = max(high_s - low_s, 1.0)
        step_s = next((s for s in (0.5, 1, 2, 5, 10, 20, 50, 100) if room_s / s <= 6), 500.0)  # noqa: PLR2004 - at most six steps
        return cls(low_s=low_s - 0.06 * room_s, high_s=high_s + 0.06 * room_s, step_s=step_s)

    def x(self, value_s: float) -> float:
        """Return the place of a value, held within the axis [px]."""
        share = (value_s - self.low_s) / (self.high_s - self.low_s)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def ticks_s(self) -> Iterable[float]:
        """Yield round values within the axis [s/veh]."""
        first, last = round(self.low_s / self.step_s), round(self.high_s / self.step_s)
        values_s = (index * self.step_s for index in range(first, last + 1))
        yield from (value_s for value_s in values_s if self.low_s <= value_s <= self.high_s)


def _ground(verdict: Verdict, axis: _Axis, bottom: float) -> Iterable[Markup]:
    change = verdict.delay_change_s
    low, mean, high = (axis.x(value_s) for value_s in (change.low, change.mean, change.high))
    yield svg.rect((low, TOP), high - low, bottom - TOP, "interval", "95 % interval of the mean")
    for value_s in axis.ticks_s():
        x = axis.x(value_s)
        yield svg.line((x, TOP), (x, bottom), "zero" if value_s == 0 else "grid")
        yield svg.words(
            (x, bottom + 15), signed(value_s, 1 if axis.step_s < 1 else 0), "tick", "middle"
        )
    yield svg.line((mean, TOP), (mean, bottom), "mean")
    yield svg.words((LEFT, bottom + 32), "change in mean delay, s/veh", "tick")
    yield svg.words((WIDTH - 4, TOP - 9), "before → after, s/veh", "tick", "end")


def _row(change: SeedChange, index: int, axis: _Axis, worst_seed: int) -> Markup:
    y = TOP + ROW * (index + 0.5)
    shade = Tone.WORSE if change.change_s > 0 else Tone.BETTER
    is_worst = change.seed == worst_seed
    name = f"seed {change.seed}" + (" ◂" if is_worst else "")
    figures = f"{number(change.before_s)} → {number(change.after_s)}"
    return svg.group(
        [
            svg.words(
                (LEFT - 10, y + 4), name, "row-name strong" if is_worst else "row-name", "end"
            ),
            svg.line((axis.x(0.0), y), (axis.x(change.change_s), y), f"stem {shade}"),
            svg.circle((axis.x(change.change_s), y), 5, f"dot {shade}", signed(change.change_s, 2)),
            svg.words((WIDTH - 4, y + 4), figures, "row-name", "end"),
        ]
    )


def _worst(verdict: Verdict, changes: Sequence[SeedChange]) -> Markup:
    worst = next((change for change in changes if change.seed == verdict.worst_seed), None)
    if worst is None:
        return tag("p", "No paired runs.", class_="note")
    return tag(
        "p",
        "Worst seed: ",
        tag("b", str(worst.seed)),
        f", with {signed(worst.change_s)} s/veh. The band is the 95 % interval of the mean change.",
        class_="note",
    )
