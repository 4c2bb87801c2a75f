"""The commands ``controllers status``, ``probe`` and ``read``."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.controllers.settings import ControllerSettings, read_controllers
from citybrain.engine.gate.questions import ask_units
from citybrain.engine.gate.records import plain
from citybrain.engine.gate.street_fleet import open_readers
from citybrain.engine.street.settings import read_street
from citybrain.errors import CitybrainError, InputError
from citybrain.ports.controllers import (
    Capabilities,
    ControllerReader,
    PhaseSafety,
    UnitPlan,
    UnitStatus,
)

Answer = TypeVar("Answer", UnitStatus, Capabilities, UnitPlan)
Asked = TypeVar("Asked")


def status(street: Path, units: str | None, *, is_json: bool) -> int:
    """Tell what units say of themselves."""
    found = _ask(street, units, lambda reader: reader.status())
    lines = {unit: _status_line(s) for unit, s in found.items() if isinstance(s, UnitStatus)}
    _print(found, lines, is_json=is_json)
    return 0 if all(_is_well(answer) for answer in found.values()) else 1


def probe(street: Path, units: str | None, *, is_json: bool) -> int:
    """Tell what units are and what they lack."""
    found = _ask(street, units, lambda reader: reader.probe())
    lines = {unit: _probe_line(c) for unit, c in found.items() if isinstance(c, Capabilities)}
    _print(found, lines, is_json=is_json)
    return _code(found)


def read(street: Path, units: str | None, pattern: int, *, is_json: bool) -> int:
    """Read one pattern of units."""
    found = _ask(street, units, lambda reader: reader.read_plan(pattern))
    lines = {unit: _plan_line(p) for unit, p in found.items() if isinstance(p, UnitPlan)}
    _print(found, lines, is_json=is_json)
    return _code(found)


def chosen(settings: ControllerSettings, units: str | None) -> tuple[str, ...]:
    """Return the names of the units that are meant: all, or those that are given.

    Raises
    ------
    InputError
        A name is none of a unit.
    """
    return tuple(settings.unit(name).name for name in named(units)) or tuple(sorted(settings.units))


def named(units: str | None) -> tuple[str, ...]:
    """Return the names that the option ``--units`` gives; nothing only where it was left out.

    Raises
    ------
    InputError
        A name is empty: whoever gave it did not mean all units.
    """
    if units is None:
        return ()
    names = tuple(name.strip() for name in units.split(","))
    if not all(names):
        where, mend = f"--units '{units}'", "write names between commas, or leave it out for all"
        raise InputError(where, "holds an empty name", mend)
    return names


def _ask(
    street: Path, units: str | None, question: Callable[[ControllerReader], Awaitable[Answer]]
) -> dict[str, Answer | CitybrainError]:
    settings = read_controllers(read_street(street).controllers)
    return asked(settings, chosen(settings, units), question, "asking")


def asked(
    settings: ControllerSettings,
    names: Sequence[str],
    question: Callable[[ControllerReader], Awaitable[Asked]],
    stage: str,
) -> dict[str, Asked | CitybrainError]:
    """Ask units through links that can only read, and show how far it has come.

    Parameters
    ----------
    settings
        All units.
    names
        Those to ask.
    question
        What is asked.
    stage
        One word for it.

    Raises
    ------
    InputError
        The settings name credentials that may write.
    """
    _check_reading_only(settings)
    done: list[str] = []
    with Stages() as stages:
        stages.begin(stage, f"{len(names)} units")

        def progress(unit: str) -> None:
            done.append(unit)
            stages(len(done) / len(names), unit)

        async def ask() -> dict[str, Asked | CitybrainError]:
            async with open_readers(settings, names) as readers:
                return await ask_units(readers, question, progress)

        return asyncio.run(ask())


def _check_reading_only(settings: ControllerSettings) -> None:
    """Raise if a unit may be written to: that stands in the file of the gate's user alone."""
    for unit in settings.units.values():
        if unit.write is not None:
            where, what = f"{settings.path}: units.{unit.name}", "names credentials that write"
            raise InputError(where, what, "keep write in the file of the gate alone")


def _print(
    found: dict[str, Answer | CitybrainError], lines: dict[str, str], *, is_json: bool
) -> None:
    if is_json:
        content = {
            unit: {"error": str(answer)} if isinstance(answer, CitybrainError) else plain(answer)
            for unit, answer in found.items()
        }
        print_json({"units": content})
        return
    for unit, answer in found.items():
        OUTPUT.print(f"{unit:<12} {lines.get(unit, str(answer))}")


def _is_well(answer: UnitStatus | CitybrainError) -> bool:
    return isinstance(answer, UnitStatus) and answer.is_well


def _code(found: dict[str, Answer | CitybrainError]) -> int:
    return 1 if any(isinstance(answer, CitybrainError) for answer in found.values()) else 0


def _status_line(status: UnitStatus) -> str:
    flash = "" if status.is_lit else f"FLASHES ({status.flash.lower()}), "
    alarms = f"shortAlarmStatus {status.alarms}, " if status.alarms else ""
    where = f"pattern {status.pattern} ({status.control.lower()}), {status.free.lower()}"
    times = f"{status.cycle_s} s into its cycle, backup after {status.backup_time_s} s"
    return f"{flash}{alarms}{where}, {times}"


def _probe_line(found: Capabilities) -> str:
    what = f"{found.make} {found.model} {found.version}".strip() or "does not say what it is"
    holds = f"{found.phases} phases, {found.rings} rings, {found.patterns} patterns"
    lacks = [f"  lacks {each.object_name}: {each.consequence}" for each in found.limitations]
    return "\n".join((f"{what}: {holds}", *lacks))


def _plan_line(plan: UnitPlan) -> str:
    splits = ", ".join(f"{split.phase}: {split.split_s}" for split in plan.splits)
    timing = f"cycle {plan.cycle_s} s, offset {plan.offset_s} s, splits {splits}"
    return "\n".join((timing, *(f"  {_safety_line(safety)}" for safety in plan.safety)))


def _safety_line(safety: PhaseSafety) -> str:
    green = f"minimum green {safety.minimum_green_s} s, walk {safety.walk_s} s"
    clearance = f"pedestrian clearance {safety.pedestrian_clear_s} s"
    changes = f"yellow {safety.yellow_s:.1f} s, red clearance {safety.red_clear_s:.1f} s"
    return f"phase {safety.phase}: {green}, {clearance}, {changes}"
