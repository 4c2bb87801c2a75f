"""A queue model that prices plans a thousand times faster than a microscopic simulation."""
