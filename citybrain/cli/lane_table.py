"""Flows as a table, one row for each lane."""

import numpy as np
from rich.table import Table

from citybrain.model.flows import FlowSnapshot


def lane_table(flows: FlowSnapshot) -> Table:
    """Return a table of the mean flow and occupancy of every lane, over its covered time."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("lane")
    for title in ("veh/h", "95 %", "occupancy", "speed, m/s", "coverage", "imputed", "quality"):
        table.add_column(title, justify="right")
    coverage, occupancy = np.asarray(flows.coverage), np.asarray(flows.occupancy)
    hours = np.maximum(coverage.sum(axis=0) * flows.bin_s / 3600.0, 1e-9)
    occupied = (occupancy * coverage).sum(axis=0) * flows.bin_s / 3600.0 / hours
    grids = (flows.count_veh, flows.low_veh, flows.high_veh)
    sums = [np.asarray(grid).sum(axis=0) / hours for grid in grids]
    counts = np.asarray(flows.count_veh)
    speeds = np.asarray(flows.speed_mps)
    imputed = np.zeros(counts.shape) if flows.imputed is None else np.asarray(flows.imputed)
    for column, lane in enumerate(flows.lanes):
        known = np.isfinite(speeds[:, column]) & (counts[:, column] > 0)
        speed = (
            f"{np.average(speeds[known, column], weights=counts[known, column]):.1f}"
            if known.any()
            else "-"
        )
        table.add_row(
            lane,
            f"{sums[0][column]:.0f}",
            f"{sums[1][column]:.0f}-{sums[2][column]:.0f}",
            f"{occupied[column]:.2f}",
            speed,
            f"{coverage[:, column].mean():.0%}",
            f"{imputed[:, column].mean():.0%}",
            flows.quality[column].value,
        )
    return table
