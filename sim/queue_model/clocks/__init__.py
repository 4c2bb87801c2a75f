"""What signals show, second by second."""
