"""Which lane behind a junction a vehicle takes."""
