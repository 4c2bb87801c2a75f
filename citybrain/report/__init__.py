"""The report on a proof: one HTML file that opens from disk."""

from citybrain.report.page import render_report

__all__ = ["render_report"]
