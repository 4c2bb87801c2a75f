"""Detectors that hold greens."""
