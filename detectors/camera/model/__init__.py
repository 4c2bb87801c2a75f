"""A user's own ONNX detector, run inside the decoder's process."""

from detectors.camera.model.detector import DetectBoxes
from detectors.camera.model.plan import CLASSES, COLUMNS, Layout, ModelPlan

__all__ = ["CLASSES", "COLUMNS", "DetectBoxes", "Layout", "ModelPlan"]
