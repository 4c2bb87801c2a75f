"""Plans on disk: one JSON file, lossless, the same bytes for the same plan."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from citybrain.errors import InfeasibleError, InputError
from citybrain.files import atomic_write_text
from citybrain.model.audit import sha256_hex
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.reading import read_text
from citybrain.store.plan_format import VERSION, PatternPart, PlanFile

_MEND = "write the plan anew with citybrain retime, or mend it by docs/plan.schema.json"


def plan_text(plan: Plan) -> str:
    """Return a plan as JSON with sorted keys; equal plans give equal text.

    Parameters
    ----------
    plan
        What to write.
    """
    content = PlanFile.of(plan).model_dump(mode="json")
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def plan_hash(plan: Plan) -> str:
    """Return the SHA-256 of a plan's text: what a verdict and an approval are bound to."""
    return sha256_hex(plan_text(plan))


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan; the file appears whole or not at all.

    Parameters
    ----------
    plan
        What to write.
    path
        File to create or replace.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    atomic_write_text(path, plan_text(plan))


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path
        File that ``write_plan`` wrote, or one by its schema.

    Returns
    -------
    Plan
        Equal to the one that was written.

    Raises
    ------
    InputError
        The file is missing, truncated, of another version, or describes no possible plan.
    """
    return plan_of(read_text(path), path)


def plan_of(text: str, path: object) -> Plan:
    """Return the plan that a text describes.

    Parameters
    ----------
    text
        JSON of a plan.
    path
        File or place that the text is from, for errors.

    Raises
    ------
    InputError
        The text is truncated, of another version, or describes no possible plan.
    """
    content = _content(text, path)
    if not isinstance(content, dict) or content.get("format") != "citybrain plan":
        raise InputError(path, "is no plan of citybrain", "give a plan.json")
    if content.get("version") != VERSION:
        what = f"version is {content.get('version')!r}, this citybrain reads {VERSION}"
        raise InputError(path, what, "write the plan anew with this citybrain")
    try:
        file = PlanFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{path}: {_element(content, first['loc'])}"
        raise InputError(where, first["msg"], _MEND) from None
    return _plan(file, path)


def _plan(file: PlanFile, path: object) -> Plan:
    patterns = tuple(_pattern(part, path) for part in file.patterns)
    provenance = file.provenance.provenance() if file.provenance else None
    try:
        return Plan(name=file.name, patterns=patterns, provenance=provenance)
    except InfeasibleError as error:
        where = f"{path}: patterns"
        raise InputError(where, str(error), _MEND) from None


def _pattern(part: PatternPart, path: object) -> Pattern:
    try:
        return part.pattern()
    except InfeasibleError as error:
        where = f"{path}: pattern of {part.intersection}"
        raise InputError(where, str(error), _MEND) from None


def _content(text: str, where: object) -> Any:  # noqa: ANN401 - known only after reading
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise InputError(where, "is nested too deeply for a plan", _MEND) from None
    except ValueError as error:
        raise InputError(where, f"is no complete JSON ({error})", _MEND) from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: which of its two values was meant, nobody knows."""
    content = dict(pairs)
    if len(content) < len(pairs):
        msg = "a name stands twice in one object"
        raise ValueError(msg)
    return content


def _element(content: dict[str, Any], place: Sequence[int | str]) -> str:
    """Name an element by its intersection and group rather than by its number."""
    names = []
    part: Any = content
    for step in place:
        part = _inside(part, step)
        known = part.get("intersection") or part.get("group") if isinstance(part, dict) else None
        names.append(f"{step} ({known})" if known and isinstance(step, int) else str(step))
    return " ".join(names)


def _inside(part: Any, step: int | str) -> Any:  # noqa: ANN401 - walks whatever JSON can hold
    try:
        return part[step]
    except (KeyError, IndexError, TypeError):
        return None
