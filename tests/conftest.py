"""Options of the whole test suite."""

import signal

import pytest
from hypothesis import settings

# Shared machines are slow at times; a law does not fail because of that.
settings.register_profile("citybrain", deadline=None)
settings.load_profile("citybrain")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts its background jobs deaf to Ctrl-C, and so would be what the tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Store new results in tests/golden."
    )
