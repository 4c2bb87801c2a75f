"""Where the state of a track lies, by its identity."""
