"""When lanes wake up."""
