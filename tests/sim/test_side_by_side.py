"""Pieces of work for several threads."""

from hypothesis import given
from hypothesis import strategies as st

from sim.queue_model.side_by_side import pieces, run_pieces


@given(plans=st.integers(1, 40), days=st.integers(1, 5), threads=st.integers(1, 4))
def test_every_plan_runs_once_on_every_day(plans: int, days: int, threads: int) -> None:
    done: list[tuple[int, int]] = []
    run_pieces(
        lambda piece: done.extend((piece.day, plan) for plan in range(piece.first, piece.end)),
        plans,
        days,
        threads,
    )
    assert sorted(done) == [(day, plan) for day in range(days) for plan in range(plans)]


@given(plans=st.integers(1, 40), days=st.integers(1, 5), threads=st.integers(2, 4))
def test_no_piece_keeps_a_thread_for_more_than_its_third_of_the_work(
    plans: int, days: int, threads: int
) -> None:
    longest = max(piece.end - piece.first for piece in pieces(plans, days, threads))
    assert longest <= max(1, -(-plans * days // (3 * threads)))


def test_one_thread_takes_a_day_at_a_time() -> None:
    assert list(pieces(7, 2, 1)) == [(0, 0, 7), (1, 0, 7)]
