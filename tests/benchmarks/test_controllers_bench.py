"""The benchmark of the manager finds what it looks for."""

import asyncio
import random

import pytest

from benchmarks import _manager_fuzz
from benchmarks._forged_replies import Witness
from benchmarks._fuzz_tally import Fuzz, unintended
from benchmarks._manager_fuzz import Way, fuzz_manager
from benchmarks._manager_load import Polling, Pushes
from benchmarks._mutated_replies import defective
from benchmarks._poller_fuzz import fuzz_poller
from benchmarks._virtual_units import virtual_unit
from benchmarks.controllers import Results, misses, run
from citybrain.controllers.ntcip.wire import Answer
from citybrain.errors import InputError
from citybrain.ports.controllers import Former, Outcome, PhaseSplit, Receipt, UnitPlan

PLAN = UnitPlan(
    pattern=_manager_fuzz.SPARE,
    cycle_s=90,
    offset_s=7,
    splits=(PhaseSplit(phase=2, split_s=30),),
)


def polling(*, missed: int, growth_mb: float) -> Polling:
    return Polling(
        units=1, seconds=1.0, answered=1000, missed=missed, p50_s=0.0, p99_s=0.0, cores=0.1,
        growth_mb=growth_mb,
    )  # fmt: skip


def test_mutated_replies_do_not_harm_the_poller() -> None:
    fuzz = fuzz_poller(3000, 20.0)
    assert fuzz.fault == ""
    assert fuzz.operations > 10


@pytest.mark.parametrize("way", Way)
def test_mutated_replies_do_not_harm_the_manager(way: Way) -> None:
    fuzz = fuzz_manager(way, 300, 20.0)
    assert fuzz.fault == ""
    assert fuzz.replies >= 300
    assert fuzz.operations >= 4


def test_a_set_that_no_plan_names_is_unintended() -> None:
    allowed = _manager_fuzz._allowed([PLAN])
    cycle, walk = "1.3.6.1.4.1.1206.4.2.1.4.7.1.2.3", "1.3.6.1.4.1.1206.4.2.1.1.2.1.2.2"
    responder = defective(virtual_unit("k1"), [], random.Random(1))
    responder.written = [(cycle, 90), (cycle, 91), (walk, 0)]
    told = unintended(responder, allowed)
    assert told == ["patternCycleTime.3 = 91", "phaseWalk.2 = 0"]


def test_a_receipt_that_tells_of_a_plan_which_the_unit_does_not_hold_is_a_lie() -> None:
    responder = defective(virtual_unit("k1"), [], random.Random(1))
    former = Former(unit="k1", values=(), system_pattern=0, pattern=1)
    for outcome, told in ((Outcome.RUNS, "patternOffsetTime.3 is 45, not 7"), (Outcome.KEPT, "")):
        receipt = Receipt(
            unit="k1", outcome=outcome, reason="", changes=(), former=former, status=None, steps=()
        )
        assert told in _manager_fuzz._lie(responder, receipt, PLAN)
        assert bool(_manager_fuzz._lie(responder, receipt, PLAN)) == bool(told)


def test_an_answer_that_was_never_signed_is_noted() -> None:
    class Credulous:
        async def get(self, instances: object, timeout_s: float) -> Answer:
            return Answer(error="", index=0, oids=("1.3.6",), values=(1,))

        set = get

    noted = list[str]()
    responder = defective(virtual_unit("k1"), [], random.Random(1))
    asyncio.run(Witness(Credulous(), responder, noted.append).get([], 1.0))
    assert len(noted) == 1


def test_targets_that_are_missed_are_named() -> None:
    bad = Results(
        fuzzes=[Fuzz(what="manager", hangs=1)],
        push=Pushes(verified_s=(6.0,), proven_s=(7.0,), others={"KEPT": 2}),
        polling=polling(missed=9, growth_mb=50.0),
    )
    told = " ".join(misses(bad))
    assert "1 operations did not end" in told
    assert "'KEPT': 2" in told
    assert "p99 6.0 s is above 5 s" in told
    assert "of the turns without an answer" in told
    assert "memory grew by 50 MB" in told
    good = Results(
        fuzzes=[Fuzz(what="manager")],
        push=Pushes(verified_s=(1.0,), proven_s=(2.0,)),
        polling=polling(missed=0, growth_mb=1.0),
    )
    assert list(misses(good)) == []


def test_a_broken_unit_that_is_said_to_run_is_a_miss() -> None:
    fleet = Pushes(verified_s=(1.0,), proven_s=(2.0,), broken={"silent: RUNS": 1})
    assert list(misses(Results(fleet=fleet))) == [
        "fleet: a broken unit is said to run the plan (silent: RUNS)"
    ]


@pytest.mark.parametrize("name", ["units", "units0", "unitsx"])
def test_a_number_of_units_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"there is no part {name}"):
        run(networks=[name], is_check=True, is_json=False)


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(InputError, match="there is no part nothing"):
        run(networks=["nothing"], is_check=True, is_json=False)
