"""What signal groups show."""
