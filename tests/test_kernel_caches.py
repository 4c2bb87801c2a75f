"""Numba keeps compiled kernels by the text of their own file: what they use must be in that text.

Otherwise a changed callee leaves the compiled caller as it was, after an update without a word.
"""

import re
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IMPORT = re.compile(
    r"^from ((?:detectors|optimizer|sim)[\w.]*\.(?:kernels|inputs|state)|citybrain\.ports\.tables)"
    r" import",
    re.MULTILINE,
)
CALLERS = sorted(
    path
    for layer in ("detectors", "optimizer", "sim")
    for path in (ROOT / layer).rglob("kernels.py")
    if IMPORT.search(path.read_text())
)


def callees(path: Path) -> set[Path]:
    """Return what a file compiles in of other files, and what these do."""
    direct = {ROOT / f"{name.replace('.', '/')}.py" for name in IMPORT.findall(path.read_text())}
    return direct.union(*map(callees, direct))


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: str(path.relative_to(ROOT).parent))
def test_a_file_of_kernels_changes_with_those_that_it_calls(path: Path) -> None:
    told = re.search(r'^CALLEES = "(\w+)"$', path.read_text(), re.MULTILINE)
    digest = sha256(b"".join(each.read_bytes() for each in sorted(callees(path)))).hexdigest()[:16]
    assert told is not None, f'{path}: write CALLEES = "{digest}"'
    assert told.group(1) == digest, f'{path}: write CALLEES = "{digest}"'
