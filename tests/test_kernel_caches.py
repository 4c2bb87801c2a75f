"""Numba keeps compiled kernels by the text of their own file: what they use must be in that text.

Otherwise a changed callee or constant leaves the compiled caller as it was, after an update without
a word.
"""

import ast
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("citybrain", "detectors", "optimizer", "sim")
TYPES = {"Arrays", "Cells", "Counts", "Flags", "Floats", "Ints", "Whole", "Words"}
"""Names that are for mypy alone; the compiler sees none of them."""


def imported(path: Path) -> Iterator[Path]:
    """Yield the files of which a file takes more than types."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            is_own = node.module.split(".")[0] in LAYERS
            if is_own and {name.name for name in node.names} - TYPES:
                yield ROOT / f"{node.module.replace('.', '/')}.py"


def callees(path: Path) -> set[Path]:
    """Return what a file compiles in of other files, and what these do."""
    direct = set(imported(path))
    return direct.union(*map(callees, direct))


CALLERS = sorted(
    path
    for layer in LAYERS
    for path in (ROOT / layer).rglob("*.py")
    if "@njit" in path.read_text(encoding="utf-8") and callees(path)
)


def test_kernels_that_call_kernels_of_another_file_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in CALLERS}
    assert {"detectors/kernels.py", "detectors/pace.py", "sim/queue_model/kernels.py"} <= names


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_of_kernels_changes_with_those_that_it_calls(path: Path) -> None:
    told = re.search(r'^CALLEES = "(\w+)"$', path.read_text(), re.MULTILINE)
    digest = sha256(b"".join(each.read_bytes() for each in sorted(callees(path)))).hexdigest()[:16]
    assert told is not None, f'{path}: write CALLEES = "{digest}"'
    assert told.group(1) == digest, f'{path}: write CALLEES = "{digest}"'
