"""While many objects are made nothing is collected, and afterwards all is as it was."""

import gc

import pytest

from sim.uncollected import uncollected


@uncollected
def collects(error: Exception | None = None) -> bool:
    """Tell whether Python collects."""
    if error is not None:
        raise error
    return gc.isenabled()


def test_nothing_is_collected_meanwhile() -> None:
    assert gc.isenabled()
    assert not collects()
    assert gc.isenabled()


def test_a_failure_lets_python_collect_again() -> None:
    with pytest.raises(KeyError):
        collects(KeyError("lost"))
    assert gc.isenabled()


def test_who_has_switched_it_off_keeps_it_so() -> None:
    gc.disable()
    try:
        assert not collects()
        assert not gc.isenabled()
    finally:
        gc.enable()
