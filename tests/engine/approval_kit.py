"""A desk for tests: a ledger, keys of some people, a plan and its verdict."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from citybrain.controllers.signatures import SigningKey, new_key, read_key
from citybrain.engine.approval.acts import Proposal, propose
from citybrain.engine.approval.checks import check_approved
from citybrain.engine.street.desk import Desk, find_plan, open_desk
from citybrain.engine.street.seals import open_seal
from citybrain.engine.street.settings import read_street
from citybrain.model.plan import Plan
from citybrain.model.verdict import PROPOSED_PLAN, Decision, Verdict
from citybrain.store.plans import plan_hash
from sim.judgement import delay_change, judge, mean_delay, saving, worst_seed
from tests.model.crossroads import Crossroads
from tests.report import builders

PATTERNS = 7, 8
AUTOMATIC = """
[approval.automatic]
enabled = true
junctions = ["J"]
cycle_s = 3
offset_s = 4
split_s = 3
seeds = 3
saving = 0.2
"""
INSTANT = datetime(2026, 3, 17, 6, 30, tzinfo=UTC)

PEOPLE = {
    "anna": ("Anna Ng", '"propose", "approve", "push", "stop"'),
    "berta": ("Berta Oz", '"approve"'),
    "berta2": ("Berta Oz", '"approve"'),
    "carl": ("Carl Pohl", '"approve"'),
    "batch": ("night batch", '"propose", "automatic"'),
    "dora": ("Dora Quist", '"push"'),
}


@dataclass
class Office:
    """A desk with the keys of the people around it, and a clock that can be moved."""

    desk: Desk
    keys: dict[str, SigningKey]
    clock: "Clock"


@dataclass
class Clock:
    instant: datetime = INSTANT

    def __call__(self) -> datetime:
        return self.instant

    def pass_days(self, days: float) -> None:
        self.instant += timedelta(days=days)


def write_office(folder: Path, approval: str = "") -> Path:
    """Write settings, register and keys; return the settings' path."""
    lines = []
    for name, (person, roles) in PEOPLE.items():
        public = new_key(folder / f"{name}.key").public
        lines += ["[[key]]", f'name = "{name}"', f'person = "{person}"']
        lines += [f'public = "{public}"', f"roles = [{roles}]"]
    (folder / "keys.toml").write_text("\n".join(lines))
    street = folder / "street.toml"
    street.write_text(f"[approval]\n{approval}")
    return street


@contextmanager
def office(folder: Path, approval: str = "") -> Iterator[Office]:
    path = write_office(folder, approval)
    path.write_text(f"patterns = {list(PATTERNS)}\n{path.read_text()}")
    street = read_street(path)
    clock = Clock()
    with open_desk(street, clock, open_seal(folder / "gate.seal")) as desk:
        keys = {name: read_key(folder / f"{name}.key") for name in PEOPLE}
        yield Office(desk=desk, keys=keys, clock=clock)


def running_plan() -> Plan:
    return Plan(name="running", patterns=(Crossroads().pattern(),))


def better_plan(green_s: float = 23.0, offset_s: float = 4.0) -> Plan:
    """A plan that changes cycle, offset and one green by 3 s and 4 s."""
    pattern = replace(Crossroads(green_s=green_s).pattern(), offset_s=offset_s)
    return Plan(name=f"morning {green_s:g} {offset_s:g}", patterns=(pattern,))


def verdict_on(plan: Plan, decision: Decision = Decision.ACCEPT) -> Verdict:
    """Return a verdict on a plan that follows from its runs."""
    verdict = builders.verdict(builders.arterial(("J",)), decision)
    better, worse = verdict.proposed, verdict.running
    runs = {
        Decision.ACCEPT: (worse, better),
        Decision.REJECT: (better, worse),
        Decision.INCONCLUSIVE: (worse, worse),
    }
    running, proposed = runs[decision]
    return replace(
        verdict,
        running=running,
        proposed=proposed,
        reasons=judge(running, proposed).reasons,
        delay_before_s=mean_delay(running),
        delay_after_s=mean_delay(proposed),
        worst_seed=worst_seed(running, proposed),
        delay_change_s=delay_change(running, proposed),
        saving=saving(running, proposed),
        hashes={PROPOSED_PLAN: plan_hash(plan)},
    )


def proposal(plan: Plan | None = None) -> Proposal:
    plan = plan or better_plan()
    return Proposal(plan=plan, verdict=verdict_on(plan), reference=running_plan())


def tamper(desk: Desk, statement: str, **values: str) -> None:
    """Change the database past citybrain."""
    with desk.ledger.writing("mallory") as writing:
        writing.connection.execute(text(statement), values)


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as opened:
        yield opened


def proven(at_work: Office) -> str:
    """Propose a plan with its proof, and return its hash."""
    return propose(at_work.desk, proposal(), at_work.keys["anna"], "less delay").hash


def may_go(at_work: Office, key: str) -> None:
    """Raise unless a plan may go to the street."""
    check_approved(at_work.desk, find_plan(at_work.desk, key), running_plan)
