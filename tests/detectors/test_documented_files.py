"""The files that the documentation shows are files that the readers take."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from detectors.camera.model.settings import read_model
from detectors.camera.settings import read_camera
from detectors.inventory import read_inventory
from detectors.tracking.lines_file import read_lines

PAGE = Path(__file__).parents[2] / "docs" / "detectors.md"
READERS: dict[str, Callable[[Path], object]] = {
    "[[detector]]": read_inventory,
    "[band]": read_camera,
    "[model]": read_model,
    "[[line]]": read_lines,
}


@pytest.mark.parametrize("table", READERS)
def test_a_file_that_the_page_shows_can_be_read(table: str, tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = (each for each in shown if table in each.splitlines() or f"\n{table}  " in each)
    path = tmp_path / "shown.toml"
    path.write_text(text)
    READERS[table](path)
