"""Boxes of consecutive frames become tracks: predict, assign, confirm, coast."""
