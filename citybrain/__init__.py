"""citybrain: from counts to a proven traffic-signal plan.

The package exports the domain model and the version; it loads neither Numba nor SUMO.
"""

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
