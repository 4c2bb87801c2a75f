"""What the engine asks of the adapters, as protocols and the values that cross them."""

from citybrain.ports.evaluation import Evaluation, PlanEvaluator, Progress

__all__ = ["Evaluation", "PlanEvaluator", "Progress"]
