"""Feed to flow: readers of detector feeds and the counting core."""
