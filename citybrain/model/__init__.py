"""The domain: signals, patterns, plans, networks, flows and verdicts; standard library only."""
