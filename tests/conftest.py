"""Options of the whole test suite."""

import pytest
from hypothesis import settings

# Shared machines are slow at times; a law does not fail because of that.
settings.register_profile("citybrain", deadline=None)
settings.load_profile("citybrain")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Store new results in tests/golden."
    )
