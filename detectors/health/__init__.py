"""Tells, for each detector and quarter of an hour, whether what it says can be believed."""
