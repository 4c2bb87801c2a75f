"""Draft safety data and a better plan for the corridor, to be judged by people.

Run it after ``build.py`` with the interpreter of citybrain::

    .venv/bin/python scenarios/corridor/draft.py

The signature below stands for a person who has compared the numbers with controller and street:
there is neither, since all of this is invented.
"""

from dataclasses import replace
from pathlib import Path

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.model.nema.controller_plan import ControllerPlan, Split
from citybrain.model.nema.decoding import decode
from citybrain.model.nema.encoding import encode
from citybrain.model.plan import Plan
from citybrain.model.safety_draft import draft_safety
from citybrain.store.phase_maps import read_phase_maps
from citybrain.store.plans import write_plan
from citybrain.store.safety import write_safety

HERE = Path(__file__).resolve().parent
CYCLE_S, MAIN_SPLIT_S = 60, 38
OFFSETS_S = {"J1": 0, "J2": 27, "J3": 51}
"""By the time that a vehicle needs from the first signal at 13.9 m/s. [s]"""


def better(plan: ControllerPlan, offset_s: int) -> ControllerPlan:
    """Return the same phases with another cycle, offset and splits."""
    splits_s = {2: MAIN_SPLIT_S, 4: CYCLE_S - MAIN_SPLIT_S}
    splits: list[Split] = [replace(split, split_s=splits_s[split.phase]) for split in plan.splits]
    frame = replace(plan.frame, program="progression")
    return replace(plan, cycle_s=CYCLE_S, offset_s=offset_s, splits=tuple(splits), frame=frame)


def main() -> None:
    """Write safety data, the running plan and a better one."""
    area = open_area(HERE / "corridor.sumocfg", None, SafetyLimits())
    maps = read_phase_maps(HERE / "phases.toml")
    safety, patterns = {}, []
    for pattern in area.running.patterns:
        name = pattern.intersection
        draft = draft_safety(area.network.intersections[name], pattern, maps[name])
        safety[name] = replace(draft, signed_by="nobody: an example", signed_on="2026-03-01")
        encoded = encode(pattern, maps[name])
        if not isinstance(encoded, ControllerPlan):
            raise SystemExit(str(encoded))
        patterns.append(decode(better(encoded, OFFSETS_S[name]), maps[name]))
    write_safety(safety, HERE / "safety.toml")
    write_plan(replace(area.running, name="running"), HERE / "running.json")
    write_plan(Plan(name="progression", patterns=tuple(patterns)), HERE / "plan.json")


if __name__ == "__main__":
    main()
