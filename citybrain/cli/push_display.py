"""What a person sees of a push: a bar while it runs, then a line for every unit."""

import re
from collections.abc import Callable, Iterable, Mapping

from citybrain.cli.console import OUTPUT
from citybrain.engine.gate.pushing import UnitResult
from citybrain.ports.controllers import Step

_STEPS = {step.value: at for at, step in enumerate(Step, 1)}
_LAST = _STEPS[Step.PROVE.value] + 1


class Course:
    """Follows many units at once, step by step: most of a push passes before the first has ended.

    Parameters
    ----------
    count
        Units that are ordered.
    show
        Takes the share that is done [0-1] and a text.
    """

    def __init__(self, count: int, show: Callable[[float, str], None]) -> None:
        self._count, self._show = count, show
        self._shares: dict[str, float] = {}
        self._ended = 0

    def hear(self, line: Mapping[str, object]) -> None:
        """Take a line of the gate: a step that begins at a unit, or how a unit ended."""
        result, told = line.get("result"), ""
        if isinstance(result, Mapping):
            self._ended += 1
            self._shares[str(result["unit"])] = 1.0
        else:
            unit, step = str(line["unit"]), str(line["step"])
            come = min(_STEPS.get(step, 0), _LAST - 1) / _LAST
            self._shares[unit] = max(come, self._shares.get(unit, 0.0))
            told = f", {unit} {step}"
        share = min(1.0, sum(self._shares.values()) / max(1, self._count))
        self._show(share, f"{self._ended} of {self._count} ended{told}")


def print_results(results: Iterable[UnitResult]) -> None:
    """Print how each unit ended: by name, those that are not as ordered last."""
    ordered = sorted(results, key=lambda each: (not each.is_done, _by_number(each.unit)))
    for each in ordered:
        reason = each.reason.removeprefix(f"{each.unit}: ")
        line = f"{each.unit:<12} {each.outcome:<12}  {reason}".rstrip()
        OUTPUT.print(line)
    done = sum(each.is_done for each in ordered)
    OUTPUT.print(f"{done} of {len(ordered)} units are as ordered")


def _by_number(name: str) -> list[tuple[str, int]]:
    """Return a key that sorts K-2 before K-10."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]
