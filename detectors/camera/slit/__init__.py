"""Slit-scan counting: the band's rows over time, vehicles as blobs of edges in (x, t)."""
