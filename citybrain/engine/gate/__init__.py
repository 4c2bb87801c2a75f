"""The gate: the one process that writes to controllers."""
