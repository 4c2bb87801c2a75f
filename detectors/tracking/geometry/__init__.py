"""Boxes beside lines."""
