"""A detector as a reducer: a picture to boxes of road users."""

import cv2
import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from detectors.camera.model.outputs import Candidates, ShapeError, candidates_of
from detectors.camera.model.plan import COLUMNS, ModelPlan
from detectors.camera.sources.stream import Image, StreamInfo

PADDING = 114
"""Grey level of the padding around a picture that keeps its shape, of 0 to 255."""
MOST_CANDIDATES = 1000
"""Only so many, those of the highest scores, are looked through for overlaps."""


class DetectBoxes:
    """Runs a user's detector on each picture, inside the decoder's process.

    Parameters
    ----------
    info
        Facts of the source.
    plan
        The detector.

    Raises
    ------
    InputError
        The file is missing or no model that OpenCV runs, or its outputs are not as declared.
    """

    def __init__(self, info: StreamInfo, *, plan: ModelPlan) -> None:
        self._plan, self._kinds = plan, np.array(plan.kinds, np.int64)
        self._frame_px = (info.width_px, info.height_px)
        self._net = _read(plan)
        self._names = list(plan.outputs) or list(self._net.getUnconnectedOutLayersNames())
        self._fitted_px, self._begin_px = _fit(self._frame_px, plan)
        self._check()

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """Return boxes, (most_boxes, 6), columns as `COLUMNS`; rows not used are not a number."""
        plan = self._plan
        corners, scores, numbers = self._candidates(image)
        known = (numbers >= 0) & (numbers < self._kinds.size)
        kinds = np.where(known, self._kinds[np.clip(numbers, 0, self._kinds.size - 1)], -1)
        usable = (kinds >= 0) & (scores >= plan.score_at_least) & np.isfinite(corners).all(axis=1)
        kept = np.flatnonzero(usable)
        kept = kept[np.argsort(-scores[kept], kind="stable")[:MOST_CANDIDATES]]
        boxes = self._on_picture(corners[kept])
        stays = _without_overlaps(boxes, scores[kept], plan)
        found = np.full((plan.most_boxes, len(COLUMNS)), np.nan, np.float32)
        rows = np.column_stack([boxes[stays], scores[kept][stays], kinds[kept][stays]])
        found[: rows.shape[0]] = rows
        return found

    def _candidates(self, image: Image) -> Candidates:
        plan = self._plan
        blob = cv2.dnn.blobFromImage(
            self._fitted(image), plan.scale, plan.input_px, plan.mean, swapRB=plan.swap_rb
        )
        if plan.deviation != (1.0, 1.0, 1.0):
            blob = blob / np.array(plan.deviation, np.float32).reshape(1, 3, 1, 1)
        self._net.setInput(blob)
        outputs = self._net.forward(self._names)
        return candidates_of(plan.layout, outputs, self._kinds.size)

    def _fitted(self, image: Image) -> Image:
        """Return the picture on the input: in the middle of padding, or as it is."""
        if not self._plan.letterbox:
            return image
        width_px, height_px = self._plan.input_px
        left, top = self._begin_px
        fitted = np.full((height_px, width_px, 3), PADDING, np.uint8)
        inner = fitted[top : top + self._fitted_px[1], left : left + self._fitted_px[0]]
        inner[:] = cv2.resize(image, self._fitted_px, interpolation=cv2.INTER_LINEAR)
        return fitted

    def _on_picture(self, corners: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return boxes in pixels of the picture, within it."""
        on_input = corners * (self._plan.input_px * 2) if self._plan.is_relative else corners
        begin, most = np.array(self._begin_px * 2), np.array(self._frame_px * 2)
        ratio = np.array(self._fitted_px * 2) / most
        boxes: NDArray[np.float32] = np.clip((on_input - begin) / ratio, 0.0, most)
        return boxes.astype(np.float32)

    def _check(self) -> None:
        """Run the model once, so that what is wrong with it is known at the start."""
        width_px, height_px = self._frame_px
        file, mend = self._plan.file, "see the entries input_px, layout, outputs and classes"
        try:
            self(np.zeros((height_px, width_px, 3), np.uint8))
        except ShapeError as error:
            raise InputError(file, str(error), mend) from error
        except cv2.error as error:
            shape = "x".join(str(side) for side in self._plan.input_px)
            what = f"the model does not run on an input of {shape} ({_line(error)})"
            raise InputError(file, what, mend) from error


def _fit(frame_px: tuple[int, int], plan: ModelPlan) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return size and top left corner of the picture on the input."""
    if not plan.letterbox:
        return plan.input_px, (0, 0)
    ratio = min(plan.input_px[0] / frame_px[0], plan.input_px[1] / frame_px[1])
    width_px, height_px = (max(1, round(side_px * ratio)) for side_px in frame_px)
    left_px, top_px = (plan.input_px[0] - width_px) // 2, (plan.input_px[1] - height_px) // 2
    return (width_px, height_px), (left_px, top_px)


def _read(plan: ModelPlan) -> cv2.dnn.Net:
    if not plan.file.is_file():
        raise InputError(plan.file, "no such model", "check the entry file of [model]")
    try:
        return cv2.dnn.readNetFromONNX(str(plan.file))
    except cv2.error as error:
        mend = "export it to ONNX again, with operators that OpenCV knows"
        what = f"OpenCV cannot read this model ({_line(error)})"
        raise InputError(plan.file, what, mend) from error


def _without_overlaps(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], plan: ModelPlan
) -> NDArray[np.int64]:
    """Return the boxes that stay; kinds do not matter, for one vehicle is of one kind."""
    if boxes.shape[0] == 0:
        return np.zeros(0, np.int64)
    sized = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    stays = cv2.dnn.NMSBoxes(
        sized.tolist(), scores.tolist(), plan.score_at_least, plan.overlap_at_most
    )
    return np.asarray(stays, np.int64).reshape(-1)[: plan.most_boxes]


def _line(error: cv2.error) -> str:
    text = " ".join(str(error).split())
    return text.split("error: ")[-1][:160]
