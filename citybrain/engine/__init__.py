"""Use cases: they wire the ports together and hand one part's result to the next."""
