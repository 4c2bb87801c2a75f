"""Compiles the kernels once, so that compilation trips no deadline, and finds recorded feeds."""

from pathlib import Path

import numpy as np
import pytest

from detectors.batches import PulseBatch
from detectors.tally import Grid, Headways, Tally

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "hires"


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    one = np.zeros(1, np.uint32)
    batch = PulseBatch(lane=one, on_ms=one, length_ms=one, base_ms=0)
    grid = Grid(start_ms=0, bin_ms=1000)
    Tally.empty(1, 1).add_batch(batch, grid)
    Headways.empty(1, 1).add_batch(batch, grid)


@pytest.fixture(scope="session")
def recorded_log() -> Path:
    """Folder of a real controller log with its golden counts."""
    if not (RECORDED / "hires_test_data.parquet").exists():
        pytest.skip(f"the recorded controller log is not beside the repository ({RECORDED.name}/)")
    return RECORDED
