"""Memory on disk: plans, flows and verdicts as files that are whole or not there."""
