"""One reader for each form of feed; `detectors.feed` picks the right one."""
