"""How good answers are: accuracy, weighted F1, confusion, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from social_nav_core.geometry import FloatArray
from social_nav_core.perception.tasks import CLASSES, NOT_INTERACTING, TASKS

Classes = NDArray[np.int64]


@dataclass(frozen=True)
class TaskScore:
    """How well one task was answered.

    Attributes:
        accuracy: share of right answers.
        f1: F1 of the classes, weighted by how often they occur.
        confusion: (c, c) counts, rows are the truth and columns the answers.
        count: number of windows with a label.
    """

    accuracy: float
    f1: float
    confusion: Classes
    count: int


def counted(labels: Classes) -> dict[str, NDArray[np.bool_]]:
    """Which windows count for each task: those with a label, and for attitude an interaction."""
    keep = {task: labels[:, k] >= 0 for k, task in enumerate(TASKS)}
    keep["attitude"] &= labels[:, 1] != NOT_INTERACTING
    return keep


def scores(logits: dict[str, FloatArray], labels: Classes) -> dict[str, TaskScore]:
    """Scores of the three tasks.

    Args:
        logits: ``(n, classes)`` by task.
        labels: ``(n, 3)`` classes of intent, attitude and action; -1 where there is none.
    """
    keep = counted(labels)
    result = {}
    for k, task in enumerate(TASKS):
        truth = labels[keep[task], k]
        answer = logits[task][keep[task]].argmax(axis=-1)
        matrix = confusion(truth, answer, CLASSES[task])
        result[task] = TaskScore(
            accuracy=float((truth == answer).mean()) if len(truth) else float("nan"),
            f1=weighted_f1(matrix),
            confusion=matrix,
            count=len(truth),
        )
    return result


def written_accuracies(accuracies: Mapping[str, float | None]) -> str:
    """Accuracies of the tasks in percent as text; None is of a task that no window asks."""
    known = {task: accuracies[task] for task in TASKS}
    return ", ".join(
        f"{task} no window" if share is None else f"{task} {100.0 * share:.1f} %"
        for task, share in known.items()
    )


def confusion(truth: Classes, answer: Classes, classes: int) -> Classes:
    """Counts ``(classes, classes)``: rows are the truth and columns the answers."""
    flat = np.bincount(truth * classes + answer, minlength=classes * classes)
    return flat.reshape(classes, classes)


def weighted_f1(matrix: Classes) -> float:
    """Mean of the classes' F1, weighted by how often they occur; NaN without windows."""
    right = np.diag(matrix).astype(float)
    found, there = matrix.sum(axis=0), matrix.sum(axis=1)
    f1 = 2.0 * right / np.maximum(found + there, 1)
    return float((f1 * there).sum() / there.sum()) if there.sum() else float("nan")


def calibration_error(probabilities: FloatArray, truth: Classes, bins: int = 15) -> float:
    """Expected calibration error (Guo et al., 2017): confidence minus accuracy over even bins.

    NaN without windows.
    """
    if not len(truth):
        return float("nan")
    sure = probabilities.max(axis=-1)
    right = probabilities.argmax(axis=-1) == truth
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    gap = np.bincount(place, sure - right, minlength=bins)
    return float(np.abs(gap).sum() / count.sum())


def fitted_temperature(logits: FloatArray, truth: Classes) -> float:
    """Temperature that makes probabilities most likely (Guo et al., 2017), 0.05 to 20.

    Where there is no window to fit it to it is 1.
    """
    if not len(truth):
        return 1.0

    def surprise(log_temperature: float) -> float:
        answers = log_softmax(logits / np.exp(log_temperature), axis=-1)
        return float(-answers[np.arange(len(truth)), truth].mean())

    best = minimize_scalar(surprise, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(best.x))


def probabilities(logits: FloatArray, temperature: float) -> FloatArray:
    """Softmax of logits ``(n, classes)`` at a temperature."""
    return np.asarray(softmax(logits / temperature, axis=-1))
