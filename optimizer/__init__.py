"""Flow to plan: demand ratios, cycle, greens, offsets and the search."""
