"""A signal controller without a cabinet: machine, database, SNMP agent and faults.

Times inside this package are whole tenths of a second, as on the wire of NTCIP 1202; their names
end in ``_ds`` (deciseconds).  Sets of phases are bit masks: bit 0 is phase 1.  Nothing here reads
a clock: the caller says how late it is.
"""
