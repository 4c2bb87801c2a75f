"""Plan to verdict: everything that talks to SUMO."""
