"""Which route drivers choose."""
