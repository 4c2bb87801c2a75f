"""Measures per phase and detector from a high-resolution controller log, in one pass."""
