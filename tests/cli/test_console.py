"""Names are printed as they are, whatever brackets and colons they hold."""

import pytest
from rich.table import Table

from citybrain.cli.console import OUTPUT, Stages, headline

NAME = "feed[/b]:car:[red].csv"


def test_a_name_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None)
    table.add_column("lane", no_wrap=True)
    table.add_row(NAME)
    headline(NAME, f": 3 lanes of {NAME}")
    OUTPUT.print(f"flows     {NAME}")
    OUTPUT.print(table)
    with Stages() as stages:
        stages.begin("count", NAME)
    told = capsys.readouterr()
    assert told.out.splitlines()[:2] == [f"{NAME}: 3 lanes of {NAME}", f"flows     {NAME}"]
    assert NAME in told.out.splitlines()[-1]
    assert told.err == f"count: {NAME}\n"
