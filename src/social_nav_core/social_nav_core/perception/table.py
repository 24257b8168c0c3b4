"""The table of the paper: accuracy and F1 at every amount of corruption, over several seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.perception.corruption import Corruption, corrupted
from social_nav_core.perception.metrics import Classes, TaskScore, scores
from social_nav_core.perception.tasks import TASKS
from social_nav_core.perception.windows import Float32Array, Windows
from social_nav_core.skeleton import BODY

CONDITIONS: dict[str, Corruption] = {
    "full input": Corruption(),
    "30 % frames": Corruption(frames=0.3),
    "30 % joints": Corruption(joints=0.3),
    "30 % both": Corruption(frames=0.3, joints=0.3),
    "60 % frames": Corruption(frames=0.6),
    "60 % joints": Corruption(joints=0.6),
    "60 % both": Corruption(frames=0.6, joints=0.6),
}
"""How much is lost; the paper's protocol."""

Answers = Callable[[Float32Array], dict[str, FloatArray]]


@dataclass(frozen=True)
class Cell:
    """Mean and standard deviation over seeds of one task under one condition."""

    accuracy: float
    accuracy_deviation: float
    f1: float
    f1_deviation: float


def table(
    answers: Sequence[Answers], windows: Windows, feet: bool = True
) -> dict[str, dict[str, Cell]]:
    """Cells by condition and task.

    Args:
        answers: one function per training seed, from windows ``(n, t, 23, 3)`` in image coordinates
            to logits by task; the k-th is asked with corruption drawn from seed k.
        windows: the test split.
        feet: False asks as a tracker without feet would (17 joints, as ROS4HRI's).
    """
    joints = windows.joints if feet else without_feet(windows.joints)
    return {
        name: _cells(answers, joints, windows.labels, corruption)
        for name, corruption in CONDITIONS.items()
    }


def _cells(
    answers: Sequence[Answers], joints: Float32Array, labels: Classes, corruption: Corruption
) -> dict[str, Cell]:
    found = []
    for seed, ask in enumerate(answers):
        disturbed = corrupted(joints, corruption, np.random.default_rng(seed))
        found.append(scores(ask(disturbed), labels))
    return over_seeds(found)


def over_seeds(found: Sequence[dict[str, TaskScore]]) -> dict[str, Cell]:
    """Means and deviations by task of the scores of several seeds."""
    cells = {}
    for task in TASKS:
        accuracy = np.array([result[task].accuracy for result in found])
        f1 = np.array([result[task].f1 for result in found])
        numbers = (accuracy.mean(), accuracy.std(), f1.mean(), f1.std())
        cells[task] = Cell(*(float(number) for number in numbers))
    return cells


def without_feet(joints: Float32Array) -> Float32Array:
    """Windows ``(..., 23, 3)`` whose six foot joints are all zero."""
    out = joints.copy()
    out[..., len(BODY) :, :] = 0.0
    return out


def written(cells: dict[str, dict[str, Cell]], title: str) -> str:
    """The table as text in percent: accuracy, its deviation over seeds, and F1."""
    lines = [title, "", f"{'input':<14}" + "".join(f"{task:>24}" for task in TASKS)]
    for condition, row in cells.items():
        lines.append(f"{condition:<14}" + "".join(f"{_shown(row[task]):>24}" for task in TASKS))
    return "\n".join(lines)


def _shown(cell: Cell) -> str:
    if np.isnan(cell.accuracy):
        return "no window"
    return (
        f"{100 * cell.accuracy:7.1f} ± {100 * cell.accuracy_deviation:4.1f} F1{100 * cell.f1:6.1f}"
    )


def accuracy_over_time(
    answer: Classes, truth: Classes, ahead: FloatArray, edges: Sequence[float]
) -> tuple[FloatArray, Classes]:
    """How early answers are right: accuracy ``(k,)`` and windows ``(k,)`` by time of their end.

    Args:
        answer, truth: classes (n,).
        ahead: (n,) time since the gesture began when the window ends [s], negative before.
        edges: (k + 1,) times between which windows are put together [s].
    """
    place = np.digitize(ahead, edges) - 1
    inside = (place >= 0) & (place < len(edges) - 1)
    bins = len(edges) - 1
    count = np.bincount(place[inside], minlength=bins)
    right = np.bincount(place[inside], answer[inside] == truth[inside], minlength=bins)
    return np.where(count > 0, right / np.maximum(count, 1), np.nan), count
