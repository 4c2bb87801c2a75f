"""Signal groups as NEMA phases, rings, barriers and splits: a view of a pattern, exact both ways.

References
----------
NEMA TS 2 (2003), section 3 (phases, rings, barriers, overlaps); NTCIP 1202 (patterns and splits).
"""
