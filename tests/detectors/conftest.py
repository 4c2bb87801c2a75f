"""Compiles the kernels once, so that compilation trips no deadline, and finds recorded feeds."""

from pathlib import Path

import numpy as np
import pytest

from detectors.kernels import tally_pulses

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "hires"


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    tally_pulses(
        np.zeros(1, np.int32),
        np.zeros(1),
        np.ones(1),
        np.ones(1),
        np.zeros(1, np.int64),
        0.0,
        1.0,
        np.zeros((1, 1), np.int64),
        np.zeros((1, 1)),
        np.zeros((1, 1)),
        np.zeros((1, 1), np.int64),
    )


@pytest.fixture(scope="session")
def recorded_log() -> Path:
    """Folder of a real controller log with its golden counts."""
    if not (RECORDED / "hires_test_data.parquet").exists():
        pytest.skip(f"the recorded controller log is not beside the repository ({RECORDED.name}/)")
    return RECORDED
