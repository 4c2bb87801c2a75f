"""The report: one HTML file that shows a verdict with its evidence."""
