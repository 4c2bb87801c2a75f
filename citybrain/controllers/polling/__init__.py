"""Status of many units, every second: a lean SNMP v3 reader that cannot write at all."""
