"""A gate with three units and an approved plan, for the tests of gates."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from citybrain.engine.approval.acts import approve, propose
from citybrain.engine.gate.gate import Carried, Gate
from citybrain.engine.gate.pushing import UnitResult
from citybrain.engine.street.desk import find_plan, signed_by
from citybrain.model.approval import State
from citybrain.model.network import Network
from citybrain.model.statements import Act, Signed
from citybrain.store.ledger.pushes import open_alarms, running
from tests.engine.approval_kit import Office, better_plan, office, proposal
from tests.engine.fake_units import FakeFleet, FakeUnit
from tests.model.crossroads import Crossroads
from tests.report import builders

UNITS = ("K1", "K2", "K3")


@dataclass
class Yard:
    """A gate with three units, and an approved plan."""

    at_work: Office
    fleet: FakeFleet
    gate: Gate
    key: str

    def order(
        self, act: Act = Act.PUSH, key: str = "", who: str = "dora", units: tuple[str, ...] = ()
    ) -> Signed:
        plan = find_plan(self.at_work.desk, key or self.key)
        return signed_by(self.at_work.desk, self.at_work.keys[who], act, plan, ("go", units))

    def carry_out(self, order: Signed) -> Carried:
        return asyncio.run(self.gate.carry_out(order, quiet))

    def state(self, key: str = "") -> State:
        return find_plan(self.at_work.desk, key or self.key).state

    def runs(self) -> dict[str, str]:
        with self.at_work.desk.ledger.reading() as connection:
            return {unit: row.plan_hash for unit, row in running(connection).items()}

    def alarms(self) -> list[tuple[object, object]]:
        with self.at_work.desk.ledger.reading() as connection:
            return [(alarm["unit"], alarm["kind"]) for alarm in open_alarms(connection)]


def quiet(unit: str, what: str, result: UnitResult | None = None) -> None:
    """Hear nothing."""


def network() -> Network:
    roads = Crossroads()
    asked = replace(
        roads.intersection(), minimum_cycle_s=30.0, maximum_cycle_s=120.0, maximum_reds_s={}
    )
    return replace(builders.arterial(()), intersections={"J": asked})


def approved(at_work: Office, green_s: float = 23.0) -> str:
    plan = proposal(better_plan(green_s=green_s))
    key = propose(at_work.desk, plan, at_work.keys["anna"], "less delay").hash
    approve(at_work.desk, key, at_work.keys["berta"], "looks right")
    return key


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with office(tmp_path) as at_work:
        fleet = FakeFleet({unit: FakeUnit(unit) for unit in UNITS}, network())
        yield Yard(at_work, fleet, Gate(desk=at_work.desk, fleet=fleet), approved(at_work))
