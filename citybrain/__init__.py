"""citybrain: from counts to a proven traffic-signal plan.

The package exports the domain model and the version; it loads neither Numba nor SUMO.  A name of
the model loads its module when it is first asked for (PEP 562), so that a command that needs none
of them, ``citybrain --help`` above all, does not pay for the model.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from citybrain.model.aspects import Aspect
    from citybrain.model.flows import FlowSnapshot
    from citybrain.model.intersection import Intersection, SignalGroup
    from citybrain.model.network import Network
    from citybrain.model.pattern import Pattern
    from citybrain.model.plan import Plan
    from citybrain.model.signals import GroupTiming, Window
    from citybrain.model.verdict import Decision, Verdict

__version__ = "0.1.0"

__all__ = [
    "Aspect",
    "Decision",
    "FlowSnapshot",
    "GroupTiming",
    "Intersection",
    "Network",
    "Pattern",
    "Plan",
    "SignalGroup",
    "Verdict",
    "Window",
    "__version__",
]

_HOMES = {
    "Aspect": "aspects",
    "Decision": "verdict",
    "FlowSnapshot": "flows",
    "GroupTiming": "signals",
    "Intersection": "intersection",
    "Network": "network",
    "Pattern": "pattern",
    "Plan": "plan",
    "SignalGroup": "intersection",
    "Verdict": "verdict",
    "Window": "signals",
}
"""Exported name → its module in ``citybrain.model``."""


def __getattr__(name: str) -> object:
    """Load an exported name from its module, once."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"{__name__}.model.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the exported names."""
    return sorted(__all__)
