"""A manager of traffic-signal controllers: NTCIP 1202 objects over SNMP."""
