"""The boxes of a clip for the command ``count``: by a detector of the user's own, or by motion."""

from pathlib import Path

from citybrain.cli.count_request import Request
from detectors.camera.blobs.turning import count_clip
from detectors.camera.model.settings import has_model, read_model
from detectors.tracking.edge_count import BoxCount
from detectors.tracking.lines_file import LinesFile


def count(request: Request, lines_path: Path, lines: LinesFile) -> BoxCount:
    """Count a clip or stream on lines and between zones.

    Parameters
    ----------
    request
        Options of the command.
    lines_path
        Lines file, which may have a ``[model]`` table.
    lines
        The same, read.

    Raises
    ------
    InputError
        The clip, the model or the lines file cannot be used.
    """
    plan = read_model(lines_path) if has_model(lines_path) else None
    return count_clip(request.feed, lines, plan, start=request.start)
