"""Tracked boxes that cross the lines of lanes become pulses."""
