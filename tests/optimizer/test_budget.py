"""A budget never lets a search spend more than it was given."""

from hypothesis import given
from hypothesis import strategies as st

from optimizer.budget import Budget


class Clock:
    """Tells a time that the test sets."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


@given(st.integers(1, 500), st.lists(st.integers(1, 50), max_size=40))
def test_no_more_runs_than_given(evaluations: int, wishes: list[int]) -> None:
    budget = Budget(Clock(), None, evaluations)
    for runs in wishes:
        if budget.allows(runs):
            budget.spent += runs
        assert budget.spent <= evaluations
        assert budget.left() == budget.runs_left() == evaluations - budget.spent
        assert not budget.allows(budget.left() + 1)


@given(
    st.integers(1, 600),
    st.integers(1, 40),
    st.lists(st.integers(1, 30), max_size=40),
    st.integers(-1000, 1000),
)
def test_no_more_seconds_than_given(
    seconds: int, pace_s: int, wishes: list[int], start_s: int
) -> None:
    clock = Clock(start_s)
    budget = Budget(clock, seconds, None)
    budget.spent, clock.now_s = 1, clock.now_s + pace_s
    for runs in wishes:
        is_allowed = budget.allows(runs)
        assert is_allowed == (budget.elapsed_s + runs * pace_s <= seconds)
        if is_allowed:
            budget.spent += runs
            clock.now_s += runs * pace_s
            assert budget.elapsed_s <= seconds


@given(
    st.none() | st.floats(0.1, 1e4),
    st.none() | st.integers(1, 1000),
    st.integers(0, 2000),
    st.floats(0, 2e4),
)
def test_what_is_left_and_used_stays_in_range(
    seconds: float | None, evaluations: int | None, spent: int, elapsed_s: float
) -> None:
    clock = Clock()
    budget = Budget(clock, seconds, evaluations, spent=spent)
    clock.now_s = elapsed_s
    assert budget.left() >= 0
    assert 0.0 <= budget.used <= 1.0
    assert budget.allows(0)
    if evaluations is not None:
        assert budget.left() <= max(0, evaluations - spent)
    if seconds is not None and spent and elapsed_s > seconds:
        assert budget.left() == 0


def test_the_tighter_of_two_limits_counts() -> None:
    clock = Clock()
    budget = Budget(clock, 100.0, 8, spent=4)
    clock.now_s = 60.0
    assert budget.left() == 2
    clock.now_s = 20.0
    assert budget.left() == 4


def test_a_stopped_search_has_nothing_left() -> None:
    budget = Budget(Clock(), 60.0, 100, lambda: True)
    assert (budget.left(), budget.used) == (0, 1.0)
    assert not budget.allows(1)
