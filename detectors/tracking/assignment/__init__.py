"""Which box belongs to which track: the cheapest assignment, exact, group by group."""
