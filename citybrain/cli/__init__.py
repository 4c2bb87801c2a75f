"""Commands: they parse, call one use case, print and exit."""
