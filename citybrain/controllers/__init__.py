"""From an approved plan to the street: NTCIP 1202 over SNMP, and controllers that are not there."""
