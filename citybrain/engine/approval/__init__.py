"""Proposing, proving and approving plans, by persons or within bounds."""
