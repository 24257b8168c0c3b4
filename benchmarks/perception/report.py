"""The benchmark's tables and pictures."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from social_nav_core.perception.metrics import Classes
from social_nav_core.perception.table import CONDITIONS, Cell
from social_nav_core.perception.tasks import TASKS, class_names

matplotlib.use("Agg")
import matplotlib.pyplot as plt

_HEADER = (
    "network",
    "input",
    "task",
    "accuracy",
    "accuracy_deviation",
    "f1",
    "f1_deviation",
    "seeds",
)
Rows = dict[str, dict[str, dict[str, Cell]]]
"""Cells by row, condition and task."""


def tables(rows: Rows, heading: str) -> str:
    """One Markdown table per task: accuracy, its deviation over seeds and weighted F1."""
    parts = []
    for task in TASKS:
        parts.append(f"### {task.capitalize()}, {heading}\n")
        parts.append("| network | " + " | ".join(CONDITIONS) + " |")
        parts.append("|---|" + "---|" * len(CONDITIONS))
        for name, by_condition in rows.items():
            cells = [_cell(by_condition[condition][task]) for condition in CONDITIONS]
            parts.append(f"| {name} | " + " | ".join(cells) + " |")
        parts.append("")
    return "\n".join(parts)


def _cell(cell: Cell) -> str:
    accuracy = f"{100 * cell.accuracy:.1f} ± {100 * cell.accuracy_deviation:.1f}"
    return f"{accuracy} (F1 {100 * cell.f1:.1f} ± {100 * cell.f1_deviation:.1f})"


def write_csv(path: Path, rows: Rows, seeds: dict[str, int]) -> None:
    """All cells, one line each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_HEADER)
        for name, by_condition in rows.items():
            for condition, by_task in by_condition.items():
                for task, cell in by_task.items():
                    numbers = (cell.accuracy, cell.accuracy_deviation, cell.f1, cell.f1_deviation)
                    shown = [f"{number:.4f}" for number in numbers]
                    out.writerow([name, condition, task, *shown, seeds[name]])


def draw_confusions(path: Path, matrices: dict[str, Classes], title: str) -> None:
    """Confusion matrices of the three tasks side by side, rows in percent of the truth."""
    widths = [len(class_names(task)) + 2 for task in TASKS]
    figure, axes = plt.subplots(
        1, len(TASKS), figsize=(15, 6.2), width_ratios=widths, layout="constrained"
    )
    for axis, task in zip(axes, TASKS, strict=True):
        _draw(axis, matrices[task], task)
    figure.suptitle(title)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _draw(axis: plt.Axes, matrix: Classes, task: str) -> None:
    there = matrix.sum(axis=1) > 0
    names = [
        name.replace("_", " ") for name, kept in zip(class_names(task), there, strict=True) if kept
    ]
    shown = matrix[there][:, there]
    share = 100.0 * shown / shown.sum(axis=1, keepdims=True)
    axis.imshow(share, cmap="Blues", vmin=0.0, vmax=100.0)
    for row, column in np.ndindex(share.shape):
        colour = "white" if share[row, column] > 55.0 else "black"
        axis.text(column, row, f"{share[row, column]:.0f}", ha="center", va="center", color=colour)
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("answer")
    axis.set_ylabel("truth")
    axis.set_title(f"{task} [% of the truth]")


def gains(
    first: Sequence[dict[str, float]], second: Sequence[dict[str, float]]
) -> dict[str, tuple[float, float]]:
    """Mean and deviation over seeds of the differences in accuracy by task [points]."""
    result = {}
    for task in TASKS:
        apart = 100.0 * np.array([a[task] - b[task] for a, b in zip(first, second, strict=True)])
        result[task] = (float(apart.mean()), float(apart.std()))
    return result
