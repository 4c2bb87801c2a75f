"""What people on foot wait for their greens."""
