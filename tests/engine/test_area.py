"""Reading a scenario: what runs in the studied time, and what is left alone."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area

SCENARIO = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"


def area_with_day_plan(folder: Path, begin_s: int, end_s: int) -> StudyArea:
    """Open the bundled morning with its day plan: ``running`` until 600 s, then ``evening``."""
    additional = ",".join(str(SCENARIO / f"{name}.add.xml") for name in ("common", "dayplan"))
    config = folder / "day.sumocfg"
    config.write_text(
        f"""<configuration>
        <net-file value="{SCENARIO / "crossing_arterials.net.xml"}"/>
        <route-files value="{SCENARIO / "morning.rou.xml"}"/>
        <additional-files value="{additional}"/>
        <begin value="{begin_s}"/><end value="{end_s}"/>
        </configuration>""",
        encoding="utf-8",
    )
    return open_area(config, None, SafetyLimits())


@pytest.mark.parametrize(
    ("begin_s", "end_s", "program"), [(0, 600, "running"), (600, 1200, "evening")]
)
def test_the_day_plan_names_the_running_program(
    tmp_path: Path, begin_s: int, end_s: int, program: str
) -> None:
    area = area_with_day_plan(tmp_path, begin_s, end_s)
    assert {pattern.program for pattern in area.running.patterns} == {program}
    assert len(area.running.patterns) == 8


def test_a_switch_within_the_studied_time_leaves_the_signal_alone(tmp_path: Path) -> None:
    area = area_with_day_plan(tmp_path, 0, 601)
    assert not area.network.intersections
    reasons = {signal.reason for signal in area.network.untouched}
    assert reasons == {"day plan 'day_plan' changes its program within the studied time"}


def test_a_known_period_is_opened_with_its_feed() -> None:
    area = open_area(SCENARIO, "evening", SafetyLimits())
    assert area.scenario.name == "crossing_arterials (evening)"
    assert area.scenario.feed is not None
    assert area.scenario.feed_start is not None
    assert area.scenario.feed_start.isoformat() == "2026-03-17T15:30:00+00:00"


def test_departures_at_one_instant_leave_time_for_a_rate(tmp_path: Path) -> None:
    routes = tmp_path / "once.rou.xml"
    routes.write_text('<routes><trip id="a" depart="60"/></routes>', encoding="utf-8")
    config = tmp_path / "once.sumocfg"
    config.write_text(
        f"""<configuration>
        <net-file value="{SCENARIO / "crossing_arterials.net.xml"}"/>
        <route-files value="{routes}"/><begin value="60"/>
        </configuration>""",
        encoding="utf-8",
    )
    area = open_area(config, None, SafetyLimits())
    assert (area.scenario.end_s, area.hours) == (960.0, 1 / 60)
