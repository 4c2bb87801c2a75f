"""Demand per movement as JSON: how each figure was found, and which are only priors."""

import json
from collections.abc import Sequence
from pathlib import Path

from citybrain.files import atomic_write_text
from citybrain.model.flows import TurningDemand
from citybrain.model.verdict import DetectorFit


def write_turning_demand(
    demand: TurningDemand, fits: Sequence[DetectorFit], description: str, path: Path
) -> None:
    """Write the demand that a plan was made for.

    Parameters
    ----------
    demand
        Demand per movement. [veh/h]
    fits
        Agreement of the simulated demand with the feed.
    description
        Where the demand comes from, in words.
    path
        File to write or to replace.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    content = {
        "description": description,
        "movements": {
            name: {
                "flow_vph": round(movement.flow_vph, 3),
                "source": movement.source.value,
                "note": movement.note,
            }
            for name, movement in demand.movements.items()
        },
        "stations": {
            fit.detector: {
                "geh": round(fit.geh, 3),
                "measured_vph": round(fit.measured_vph, 3),
                "modelled_vph": round(fit.modelled_vph, 3),
            }
            for fit in fits
        },
    }
    atomic_write_text(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
