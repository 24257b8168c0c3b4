"""People from the heads of MoveNet multi-person.

The network answers on a grid of a quarter of the image's resolution: where the middle of somebody
is (`center`), how their box lies around it (`box_scale`, `box_offset`), roughly where the joints
are from there (`keypoint_regression`), where joints of a kind are (`keypoint_heatmap`), and where
in its cell a joint is (`keypoint_offset`).  Decoding is that of CenterNet with keypoints (Zhou et
al., "Objects as Points", 2019, https://arxiv.org/abs/1904.07850, section 4.2) as the published
graph does it: a joint is where the heatmap, weighted by the distance from the rough place, is
highest inside the box.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from social_nav_core.geometry import FloatArray
from social_nav_core.skeleton import BODY, JOINTS
from social_nav_core.vision.estimator import MOST_PEOPLE

HEADS = {
    "center": 1,
    "keypoint_heatmap": len(BODY),
    "keypoint_regression": 2 * len(BODY),
    "keypoint_offset": 2 * len(BODY),
    "box_scale": 2,
    "box_offset": 2,
}
"""Names of the outputs and their channels; pairs are (row, column) in cells."""
STRIDE = 4  # pixels of a cell
APART = 5  # cells in which there is one middle at most
SPREAD = 0.3  # of the weights around a rough place, in grid sizes
Values = NDArray[np.float32]
FOUND = 0.127  # joints with less are not counted into how sure a person is


def decode(heads: Mapping[str, FloatArray], least: float) -> FloatArray:
    """Skeletons in an image.

    Args:
        heads: `HEADS` by name, each ``(1, channels, rows, columns)``.
        least: sureness (0 to 1) from which on somebody counts.

    Returns:
        ``(n, 23, 3)`` of x [pixel], y [pixel] and confidence, the surest person first; the feet's
        are zero.
    """
    maps = {name: np.asarray(values[0], dtype=np.float32) for name, values in heads.items()}
    middle = _sigmoid(maps["center"][0])
    peaks = (middle == maximum_filter(middle, APART)) & (middle >= least)
    surest = np.argsort(-middle[peaks], kind="stable")[:MOST_PEOPLE]
    cells = [(int(row), int(column)) for row, column in np.argwhere(peaks)[surest]]
    found = [_person(maps, *cell) for cell in cells]
    sure = [float(middle[c]) * _mean_found(j) for c, j in zip(cells, found, strict=True)]
    order = [i for i in np.argsort(sure)[::-1] if sure[i] >= least]
    people = np.zeros((len(order), len(JOINTS), 3))
    for index, i in enumerate(order):
        people[index, : len(BODY)] = found[i]
    return people


def _person(maps: Mapping[str, Values], row: int, column: int) -> FloatArray:
    """Joints ``(17, 3)`` of who has the middle at a cell."""
    size = np.array(maps["center"].shape[1:])
    about = {name: values[:, row, column] for name, values in maps.items()}
    middle = np.array([row, column]) + about["box_offset"]
    half = 0.5 * np.maximum(about["box_scale"], 0.0)
    low = np.clip(np.floor(middle - half), 0, size - 1).astype(int)
    high = np.clip(np.ceil(middle + half), low + 1, size).astype(int)
    rough = np.array([row, column]) + about["keypoint_regression"].reshape(-1, 2)
    spread = SPREAD * size.min()
    near = [
        np.exp(-((np.arange(low[axis], high[axis]) - rough[:, axis, None]) ** 2) / spread)
        for axis in (0, 1)
    ]
    window = maps["keypoint_heatmap"][:, low[0] : high[0], low[1] : high[1]]
    weighted = _sigmoid(window) * near[0][:, :, None] * near[1][:, None, :]
    flat = weighted.reshape(len(BODY), -1)
    best = flat.argmax(axis=1)
    cells = np.stack(np.unravel_index(best, weighted.shape[1:]), axis=-1) + low
    offsets = maps["keypoint_offset"].reshape(len(BODY), 2, *size)
    kinds = np.arange(len(BODY))
    exact = cells + offsets[kinds, :, cells[:, 0], cells[:, 1]]
    return np.column_stack([STRIDE * exact[:, ::-1], flat[kinds, best]])


def _mean_found(joints: FloatArray) -> float:
    """How sure the joints are, of those that were found at all."""
    confidence = joints[:, 2]
    found = confidence > FOUND
    return float(confidence[found].mean()) if found.any() else 0.0


def _sigmoid(values: Values) -> Values:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), dtype=np.float32)
