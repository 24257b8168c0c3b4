"""Beyond accuracy: calibration, confusions, and how early answers are right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.perception.metrics import (
    Classes,
    calibration_error,
    counted,
    fitted_temperature,
    probabilities,
)
from social_nav_core.perception.table import accuracy_over_time
from social_nav_core.perception.tasks import TASKS, class_names

EDGES = (-0.3, 0.0, 0.3, 0.6, 1.0, 1.5, 2.2)
"""Times [s] since a gesture began between which windows are put together."""


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error of one task before and after dividing by the temperature."""

    temperature: float
    before: float
    after: float


def calibrations(
    validation: dict[str, FloatArray],
    validation_labels: Classes,
    test: dict[str, FloatArray],
    test_labels: Classes,
) -> dict[str, Calibration]:
    """Calibration by task: the temperature is fitted to validation and judged on test.

    Args:
        validation, test: logits ``(n, classes)`` by task.
        validation_labels, test_labels: classes (n, 3).
    """
    fitted_on, judged_on = counted(validation_labels), counted(test_labels)
    result = {}
    for k, task in enumerate(TASKS):
        known = fitted_on[task]
        temperature = fitted_temperature(validation[task][known], validation_labels[known, k])
        asked, truth = test[task][judged_on[task]], test_labels[judged_on[task], k]
        before = calibration_error(probabilities(asked, 1.0), truth)
        after = calibration_error(probabilities(asked, temperature), truth)
        result[task] = Calibration(temperature, before, after)
    return result


def written_calibrations(found: dict[str, Calibration]) -> str:
    """Calibration as lines of text."""
    return "\n".join(
        f"{task:<10} calibration error {one.before:.3f}, with temperature {one.temperature:.2f}: "
        f"{one.after:.3f}"
        for task, one in found.items()
    )


def written_confusion(matrix: Classes, task: str) -> str:
    """A confusion matrix as text: rows are the truth, columns the answers, in the same order."""
    names = class_names(task)
    width = max(map(len, names))
    rows = [
        f"{name:<{width}} " + "".join(f"{count:5d}" for count in row)
        for name, row in zip(names, matrix, strict=True)
    ]
    return "\n".join([f"{task}: rows are the truth, columns the answers", *rows])


def written_reaction(logits: dict[str, FloatArray], labels: Classes, ahead: FloatArray) -> str:
    """Accuracy of intent and action by how long before the window's end the gesture began."""
    lines = ["accuracy by time since the gesture began, at the end of the window [s]"]
    header = [f"{low:g} to {high:g}" for low, high in pairwise(EDGES)]
    lines.append(f"{'':<10}" + "".join(f"{name:>13}" for name in header))
    for task in ("intent", "action"):
        answer, truth = logits[task].argmax(axis=-1), labels[:, TASKS.index(task)]
        accuracy, _ = accuracy_over_time(answer, truth, ahead, EDGES)
        cells = ["-" if np.isnan(one) else f"{100 * one:.1f} %" for one in accuracy]
        lines.append(f"{task:<10}" + "".join(f"{cell:>13}" for cell in cells))
    return "\n".join(lines)
