"""Boxes that a model or an edge box saw: tracks, and the lanes' lines that they cross."""
