"""Networks that cannot be retimed, or should not run as they are."""

import re
from pathlib import Path

from tests.cli.towns import PERIOD, SHORT, Terminal, digests

NET = "crossing_arterials.net.xml"


def rewritten(net: Path, pattern: str, new: str, count: int = 0) -> None:
    text, found = re.subn(pattern, new, net.read_text("utf-8"), count=count, flags=re.DOTALL)
    assert found
    net.write_text(text, encoding="utf-8")


def test_a_network_without_signals_is_refused(terminal: Terminal, town: Path, out: Path) -> None:
    net = town / NET
    rewritten(net, "<tlLogic.*?</tlLogic>", "")
    rewritten(net, ' tl="[^"]*" linkIndex="[0-9]+"', "")
    rewritten(net, 'type="traffic_light"', 'type="priority"')
    before = digests(town)
    told = terminal("retime", town, *SHORT, "--out", out)
    assert told.code == 2
    assert f"{NET}: has no signals; name a network with traffic lights" in told.complaint
    assert digests(town) == before
    assert not out.exists()


def test_greens_that_already_conflict_are_named(terminal: Terminal, town: Path, out: Path) -> None:
    rewritten(town / NET, '(<tlLogic id="J1".*?state=")[^"]*', r"\1GGGGGGGGGGGGGG", count=1)
    for command in (("retime", town, *SHORT, "--out", out), ("show", town, "--period", PERIOD)):
        told = terminal(*command)
        assert told.code == 2
        assert f"{NET}: tlLogic 'J1' program 'running' phase 0: greens of link" in told.complaint
        assert "conflict" in told.complaint
        assert "show one of them red" in told.complaint
    assert not out.exists()


def test_signals_that_must_stay_are_a_refusal(terminal: Terminal, town: Path, out: Path) -> None:
    rewritten(town / NET, '(<tlLogic id="[^"]*" type=")static', r"\1delay_based")
    told = terminal("retime", town, *SHORT, "--out", out)
    assert told.code == 1
    assert f"{NET}: no signal can be retimed (J1: " in told.complaint
    assert "S1: its program 'running' is delay_based, neither static nor" in told.complaint
    assert not out.exists()
