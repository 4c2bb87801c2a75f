"""Commands: they parse, call one use case, print and exit."""

from citybrain.cli.main import main

__all__ = ["main"]
