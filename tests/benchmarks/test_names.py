"""A check that was told to look at nothing does not pass."""

import pytest

from benchmarks import calibration, counting, fuzz, intervals, safety, tracking, virtual_controller
from citybrain.errors import InputError

BENCHMARKS = (calibration, counting, fuzz, intervals, safety, tracking, virtual_controller)


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda module: module.__name__)
def test_a_name_that_nothing_answers_to_is_refused(benchmark: object) -> None:
    run = benchmark.run  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="--networks"):
        run(networks=["atlantis"], is_check=True, is_json=False)
