"""Counts from cameras without a model; the only part that reads pictures."""
