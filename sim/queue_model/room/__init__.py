"""How much room lanes have."""
