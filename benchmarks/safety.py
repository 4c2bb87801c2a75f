"""Unsafe plans against both checkers: how many slip through, and how many good ones are refused."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from rich.table import Table

from benchmarks._names import check_names
from benchmarks._printing import print_whole
from benchmarks._safety_junctions import Junction, junctions
from benchmarks._safety_monitor import watched
from benchmarks._safety_plans import DAMAGED_BYTES, VALID, Attack, attack
from citybrain.cli.console import OUTPUT, print_json
from citybrain.errors import InputError
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.decoding import decode
from citybrain.model.nema.encoding import Refusal, encode
from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.safety_rules import check_plan_safety
from citybrain.model.violations import Rule
from citybrain.second_opinion import (
    Finding,
    Ground,
    Numbers,
    judge,
    judge_unit,
    patterns_of,
    read_grounds,
)
from citybrain.store.plans import plan_of, plan_text
from citybrain.store.safety import safety_text

PLANS = 20_000
SEED = 20_260
WRONGLY_REFUSED = 0.001
"""Share of valid plans that may be refused wrongly."""

NUMBERS: Mapping[Rule, int] = {
    Rule.INTERSECTION: 1,
    Rule.GROUPS: 2,
    Rule.CYCLE: 3,
    Rule.STEP: 4,
    Rule.CONFLICT: 5,
    Rule.INTERGREEN: 6,
    Rule.YIELDING: 7,
    Rule.PROTECTION: 8,
    Rule.OVERLAP: 9,
    Rule.MINIMUM_GREEN: 10,
    Rule.PEDESTRIAN_CLEARANCE: 11,
    Rule.CHANGE: 12,
    Rule.YELLOW: 13,
    Rule.RED_AMBER: 14,
    Rule.RED_CLEARANCE: 15,
    Rule.MAXIMUM_RED: 16,
    Rule.CONTROLLER: 17,
}
"""Rule of the first checker → its number in docs/safety.md."""

UNREADABLE, CONFLICT, CONTROLLER = 0, 5, 17
FORM = frozenset({0, 1, 2, 3, 4})
"""Rules of form: where one is broken, a checker may stop and say no more."""
BESIDE_CONFLICT = frozenset({6, 11, 15})
"""Times between greens, of which neither checker need speak where the greens meet."""

Monitor = Callable[[ControllerPlan, SafetyData], str]
"""Runs a unit with a plan and returns what its conflict monitor saw; empty for nothing."""


@dataclass(kw_only=True)
class Tally:
    """What became of the plans."""

    plans: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    accepted: int = 0
    encoded: int = 0
    watched: int = 0
    tripped: int = 0
    unsafe: list[str] = field(default_factory=list)
    valid: int = 0
    wrongly_refused: list[str] = field(default_factory=list)
    disagreements: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    first_s: float = 0.0
    second_s: float = 0.0

    @property
    def bound(self) -> float:
        """Upper end of the 95 % interval of the share of unsafe plans that slip through: 3/N.

        It holds when none did; N counts the unsafe plans alone, without damaged bytes.
        """
        return min(1.0, 3 / self.attempts) if self.attempts else 1.0

    @property
    def monitor_bound(self) -> float:
        """Upper end of the 95 % interval of the share of accepted plans on which a monitor trips.

        It holds when it tripped on none of those that it watched.
        """
        return min(1.0, 3 / self.watched) if self.watched and not self.tripped else 1.0

    @property
    def refused_share(self) -> float:
        """Share of the valid plans that were refused."""
        return len(self.wrongly_refused) / self.valid if self.valid else 0.0


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Junctions in both forms."""

    made: Mapping[str, Junction]
    safety: Mapping[str, SafetyData]
    grounds: Mapping[str, Ground]
    monitor: Monitor | None = None


def run(
    *,
    networks: Sequence[str],
    is_check: bool,
    is_json: bool,
    plans: int = PLANS,
    seed: int = SEED,
    monitor: Monitor | None = watched,
) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        Only these junctions; all if none.
    is_check
        Return 1 if an unsafe plan is accepted or too many valid ones are refused.
    is_json
        Print JSON.
    plans
        How many plans to make.
    seed
        Of the dice that make them.
    monitor
        Conflict monitor of a unit, which watches every plan that is encoded.
    """
    known = junctions()
    check_names(networks, sorted(known), "junction")
    made = {name: each for name, each in known.items() if not networks or name in networks}
    bench = prepared(made, monitor)
    dice, tally = Random(seed), Tally()
    begin_s = time.perf_counter()
    for _ in range(plans):
        try_one(attack(dice, made), bench, tally)
    seconds = time.perf_counter() - begin_s
    missed = first_miss(tally)
    if is_json:
        print_json(content_of(tally, seconds, missed))
    else:
        _show(tally, seconds, missed)
    return 1 if is_check and missed else 0


def prepared(made: Mapping[str, Junction], monitor: Monitor | None = None) -> Bench:
    """Return junctions as each checker reads them: the second one from the file's text."""
    safety = {name: junction.safety for name, junction in made.items()}
    grounds = read_grounds(safety_text(safety))
    return Bench(made=made, safety=safety, grounds=grounds, monitor=monitor)


def try_one(made: Attack, bench: Bench, tally: Tally) -> None:
    """Send one plan through both checkers and the view of its unit, and note what they said."""
    tally.plans += 1
    tally.kinds[made.kind] += 1
    begin_s = time.perf_counter()
    plan, first = _first(made.text, bench)
    middle_s = time.perf_counter()
    second = _second(made.text, bench)
    tally.first_s += middle_s - begin_s
    tally.second_s += time.perf_counter() - middle_s
    if plan is not None and not first:
        tally.accepted += 1
        second = second or _as_the_unit_shows(plan, made, bench, tally)
        if second:
            tally.unsafe.append(f"{made.kind}: {second[0]}")
    if (first or second) and made.kind not in {VALID, *DAMAGED_BYTES}:
        tally.attempts += 1
    if made.kind == VALID:
        tally.valid += 1
        if first or second:
            tally.wrongly_refused.append(str([*first.values(), *second][0]))
    _compare(set(first), {found.rule for found in second}, made, tally)


def _first(text: bytes, bench: Bench) -> tuple[Plan | None, dict[int, str]]:
    """Return the plan and the rules that it breaks, as the first checker has them."""
    try:
        plan = plan_of(text.decode("utf-8"), "plan")
    except UnicodeDecodeError as error:
        return None, {UNREADABLE: str(error)}
    except InputError as error:
        return None, {UNREADABLE: str(error)}
    found = check_plan_safety(plan, bench.safety)
    return plan, {NUMBERS[violation.rule]: str(violation) for violation in found}


def _second(text: bytes, bench: Bench) -> tuple[Finding, ...]:
    try:
        return judge(text.decode("utf-8"), bench.grounds)
    except UnicodeDecodeError as error:
        return (Finding(intersection="", rule=UNREADABLE, what=str(error)),)


def _as_the_unit_shows(plan: Plan, made: Attack, bench: Bench, tally: Tally) -> tuple[Finding, ...]:
    """Encode every pattern, decode it, and have the second checker judge what the unit shows."""
    tables = {table["intersection"]: table for table in patterns_of(made.text.decode("utf-8"))}
    found: list[Finding] = []
    for pattern in plan.patterns:
        name = pattern.intersection
        phase_map = bench.safety[name].phase_map
        if phase_map is None:
            continue
        encoded = encode(pattern, phase_map)
        if isinstance(encoded, Refusal):
            found.append(Finding(intersection=name, rule=CONTROLLER, what=str(encoded)))
            continue
        tally.encoded += 1
        back = Plan(name="back", patterns=(decode(encoded, phase_map),))
        found += judge(plan_text(back), bench.grounds)
        numbers = Numbers(
            cycle_s=encoded.cycle_s,
            offset_s=encoded.offset_s,
            splits_s=encoded.split_s,
            sequence=encoded.sequence,
        )
        found += judge_unit(tables[name], numbers, bench.grounds[name])
        if bench.monitor is not None:
            tally.watched += 1
            seen = bench.monitor(encoded, bench.safety[name])
            tally.tripped += bool(seen)
            found += [Finding(intersection=name, rule=CONTROLLER, what=seen)] if seen else []
    return tuple(found)


def _compare(first: set[int], second: set[int], made: Attack, tally: Tally) -> None:
    """Note rules on which the checkers disagree."""
    judged = first - {CONTROLLER}
    if bool(judged) == bool(second) and (judged & FORM or second & FORM):
        return
    apart = judged ^ second
    if CONFLICT in judged & second:
        apart -= BESIDE_CONFLICT
    for rule in sorted(apart):
        who = "first" if rule in first else "second"
        key = f"rule {rule}, broken by the {who} only"
        tally.disagreements[key] += 1
        tally.examples.setdefault(key, f"{made.kind}: {made.text[:4000]!r}")


def first_miss(tally: Tally) -> str:
    """Return the first target that is missed; empty if none is."""
    if tally.unsafe:
        return f"{len(tally.unsafe)} unsafe plans accepted, the first: {tally.unsafe[0]}"
    if tally.refused_share > WRONGLY_REFUSED:
        return (
            f"{tally.refused_share:.2%} of the valid plans refused, the target is at most "
            f"{WRONGLY_REFUSED:.1%}; the first: {tally.wrongly_refused[0]}"
        )
    if tally.disagreements:
        key, count = tally.disagreements.most_common(1)[0]
        return f"the checkers disagree {count} times on {key}"
    return ""


def content_of(tally: Tally, seconds: float, missed: str) -> dict[str, Any]:
    """Return all figures for programs."""
    return {
        "plans": tally.plans,
        "kinds": dict(sorted(tally.kinds.items())),
        "unsafe_tried": tally.attempts,
        "accepted": tally.accepted,
        "encoded_and_decoded": tally.encoded,
        "watched_by_a_monitor": tally.watched,
        "monitor_bound": tally.monitor_bound,
        "unsafe_accepted": len(tally.unsafe),
        "unsafe_bound": tally.bound,
        "valid": tally.valid,
        "valid_refused": len(tally.wrongly_refused),
        "valid_refused_share": tally.refused_share,
        "disagreements": dict(tally.disagreements),
        "examples": tally.examples,
        "first_checker_s": tally.first_s,
        "second_checker_s": tally.second_s,
        "seconds": seconds,
        "first_target_missed": missed,
    }


def _show(tally: Tally, seconds: float, missed: str) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    rows = (
        ("plans", f"{tally.plans:,}"),
        ("… unsafe, damaged bytes not counted", f"{tally.attempts:,}"),
        ("accepted by the first checker", f"{tally.accepted:,}"),
        ("… and encoded, decoded, painted from the unit's numbers", f"{tally.encoded:,}"),
        ("… and watched by a conflict monitor", f"{tally.watched:,}"),
        ("… which tripped", f"{tally.tripped} (bound 3/N = {tally.monitor_bound:.1e})"),
        ("unsafe accepted", f"{len(tally.unsafe)} (bound 3/N = {tally.bound:.1e})"),
        ("valid plans refused", f"{len(tally.wrongly_refused)} of {tally.valid:,}"),
        ("disagreements on a rule", f"{tally.disagreements.total():,}"),
        ("first checker, ms per plan", f"{1e3 * tally.first_s / tally.plans:.2f}"),
        ("second checker, ms per plan", f"{1e3 * tally.second_s / tally.plans:.2f}"),
        ("seconds", f"{seconds:.0f}"),
    )
    for row in rows:
        table.add_row(*row)
    print_whole(table)
    for key, count in tally.disagreements.most_common():
        OUTPUT.print(f"{key}: {count}")
    if missed:
        OUTPUT.print(f"missed: {missed}")
