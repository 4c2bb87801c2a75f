"""What becomes of a vehicle that crosses, and of who is behind it."""
