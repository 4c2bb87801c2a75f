"""Traffic drawn as a street camera sees it, for tests and demonstrations whose truth is known."""
