"""What pose networks put out, and the skeletons in it.

Every decoder takes the outputs and gives skeletons ``(n, 23, 3)`` of x [pixel], y [pixel] (in the
network's own input) and confidence, the surest person first; the six joints of the feet are zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import one_line
from social_nav_core.skeleton import BODY, JOINTS
from social_nav_core.vision import movenet
from social_nav_core.vision.estimator import MOST_PEOPLE, EstimatorError, EstimatorParameters

MOVENET, YOLO, YOLO_END, RTMO = "MoveNet's heads", "YOLO-pose", "YOLO-pose, end to end", "RTMO"
_COUNT = len(BODY)
_YOLO_VALUES = 5 + 3 * _COUNT  # box, score, joints
_YOLO_END_VALUES = 6 + 3 * _COUNT  # box, score, class, joints
_MOST_BOXES = 2000  # sure ones, of which many are the same person's

Outputs = Mapping[str, FloatArray]


def format_of(outputs: Outputs) -> str:
    """The name of the format of a network's outputs.

    Raises:
        EstimatorError: it is none that is known; the message has the shapes.
    """
    shapes = {name: np.shape(values) for name, values in outputs.items()}
    if _are_heads(shapes):
        return MOVENET
    three = [shape for shape in shapes.values() if len(shape) == 3 and shape[0] == 1]
    if len(shapes) == 1 and three:
        if three[0][1] == _YOLO_VALUES:
            return YOLO
        if three[0][2] == _YOLO_END_VALUES:
            return YOLO_END
    if len(shapes) == 2 and _rtmo_names(outputs) is not None:
        return RTMO
    got = one_line(", ".join(f"{name} {shape}" for name, shape in shapes.items()))
    raise EstimatorError(
        f"the network puts out {got}; expected YOLO-pose (1, {_YOLO_VALUES}, n) or "
        f"(1, n, {_YOLO_END_VALUES}), RTMO's boxes (1, n, 5) and joints (1, n, {_COUNT}, 3), or "
        "the heads that convert-movenet writes, (1, channels, rows, columns); a network that wants "
        "a person cut out, such as RTMPose, does not fit"
    )


def decode(kind: str, outputs: Outputs, about: EstimatorParameters) -> FloatArray:
    """The skeletons in outputs of a format."""
    if kind == MOVENET:
        return movenet.decode({name: outputs[name] for name in movenet.HEADS}, about.least)
    if kind == RTMO:
        names = _rtmo_names(outputs)
        assert names is not None
        boxes, joints = (np.asarray(outputs[name][0], dtype=float) for name in names)
        return _chosen(boxes[:, :4], boxes[:, 4], joints, about)
    (values,) = (np.asarray(output[0], dtype=float) for output in outputs.values())
    if kind == YOLO:
        values = values.T
        half = 0.5 * values[:, 2:4]
        boxes = np.concatenate([values[:, :2] - half, values[:, :2] + half], axis=1)
        return _chosen(boxes, values[:, 4], values[:, 5:].reshape(-1, _COUNT, 3), about)
    return _chosen(values[:, :4], values[:, 4], values[:, 6:].reshape(-1, _COUNT, 3), about)


def _rtmo_names(outputs: Outputs) -> tuple[str, str] | None:
    """The names of the boxes and of the joints."""
    by_shape = {np.shape(values)[2:]: name for name, values in outputs.items()}
    boxes, joints = by_shape.get((5,)), by_shape.get((_COUNT, 3))
    if boxes is None or joints is None:
        return None
    alike = np.shape(outputs[boxes])[:2] == np.shape(outputs[joints])[:2]
    return (boxes, joints) if alike and len(outputs[boxes]) == 1 else None


def _are_heads(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether the outputs are those of MoveNet, all on the same grid."""
    grids = {
        shapes[name][2:]
        if len(shapes.get(name, ())) == 4 and shapes[name][:2] == (1, channels)
        else ()
        for name, channels in movenet.HEADS.items()
    }
    return len(grids) == 1 and all(np.prod(grid) for grid in grids) and () not in grids


def _chosen(
    boxes: FloatArray, scores: FloatArray, joints: FloatArray, about: EstimatorParameters
) -> FloatArray:
    """Skeletons of the boxes that are sure enough, one of those that overlap."""
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= about.least][:_MOST_BOXES]
    kept: list[int] = []
    for index in order.tolist():
        if len(kept) == MOST_PEOPLE:
            break
        if all(overlap(boxes[index], boxes[other]) <= about.overlap for other in kept):
            kept.append(index)
    people = np.zeros((len(kept), len(JOINTS), 3))
    people[:, :_COUNT] = joints[kept]
    people[..., 2] = np.clip(people[..., 2], 0.0, 1.0)
    return people


def overlap(a: FloatArray, b: FloatArray) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0.0 or height <= 0.0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    shared = float(width * height)
    return shared / (float(sum(areas)) - shared)
