"""The calendar of a run: lanes wake, and vehicles cross."""
