"""Verdicts on disk: one JSON file, lossless, the same bytes for the same verdict."""

import json
import math
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from citybrain.errors import InputError
from citybrain.files import atomic_write_text
from citybrain.model.audit import parsed_json
from citybrain.model.verdict import Verdict
from citybrain.reading import fault_of, read_text

FORMAT = "citybrain verdict 1"
"""Name and version of the format, the value of ``format`` in every file."""

_VERDICT = TypeAdapter(Verdict)


def write_verdict(verdict: Verdict, path: Path) -> None:
    """Write a verdict; the file appears whole or not at all.

    Parameters
    ----------
    verdict
        What to write.
    path
        File to create or replace.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    atomic_write_text(path, verdict_text(verdict))


def verdict_text(verdict: Verdict) -> str:
    """Return a verdict as JSON with sorted keys; numbers without end become words."""
    content = {"format": FORMAT, **_VERDICT.dump_python(verdict, mode="json")}
    return json.dumps(_finite(content), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_verdict(path: Path) -> Verdict:
    """Read a verdict that ``write_verdict`` wrote.

    Parameters
    ----------
    path
        File to read.

    Returns
    -------
    Verdict
        Equal to the one that was written.

    Raises
    ------
    InputError
        The file is missing, is no JSON, or is no verdict of this format.
    """
    return verdict_of(read_text(path), path)


def verdict_of(text: str, path: object) -> Verdict:
    """Return the verdict that a text holds.

    Parameters
    ----------
    text
        What ``verdict_text`` gave.
    path
        File or place that the text is from, for errors.

    Raises
    ------
    InputError
        The text is no JSON, or no verdict of this format.
    """
    content = _content(text, path)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        mend = "give a verdict.json of this version of citybrain"
        raise InputError(path, f"is not in the format '{FORMAT}'", mend)
    try:
        return _VERDICT.validate_python(content)
    except ValidationError as error:
        raise fault_of(error, path, "write the file anew") from None


def _content(text: str, path: object) -> Any:  # noqa: ANN401 - known only after reading
    try:
        return parsed_json(text)
    except ValueError as error:
        raise InputError(path, f"is not JSON ({error})", "write the file anew") from None


def _finite(value: Any) -> Any:  # noqa: ANN401 - walks whatever JSON can hold
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
