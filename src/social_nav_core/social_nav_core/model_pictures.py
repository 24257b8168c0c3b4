"""Pictures of models around one person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from social_nav_core.any_model import AnyModel
from social_nav_core.geometry import FloatArray
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.whole_file import written_whole

LEVELS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
_REACH = {True: 2.4, False: 1.6}  # [m] shown around the person, of interaction models and others


def relative_density(
    model: AnyModel, reach: float, cells: int = 241
) -> tuple[FloatArray, FloatArray]:
    """Axis ``(cells,)`` [m] and density over its largest value ``(forward, left)``."""
    axis = np.linspace(-reach, reach, cells)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    logs = model.score_samples(points)
    return axis, np.exp(logs - logs.max())


def draw_model(axes: Axes, model: AnyModel, reach: float) -> None:
    """Contours of a density over its peak; forward is up and left is left."""
    axis, values = relative_density(model, reach)
    filled = axes.contourf(axis, axis, values, levels=(0.0, *LEVELS, 1.0), cmap="viridis")
    filled.set_edgecolor("face")
    lines = axes.contour(axis, axis, values, levels=LEVELS, colors="white", linewidths=0.6)
    axes.clabel(lines, fmt="%.2f", fontsize=6)
    draw_person(axes)
    axes.set(xlim=(reach, -reach), ylim=(-reach, reach), aspect="equal")
    axes.set_xlabel("left [m]")
    axes.set_ylabel("forward [m]")


def draw_person(axes: Axes) -> None:
    """A body of 0.45 x 0.25 m at the origin and where its chest points."""
    turn = np.linspace(0.0, 2.0 * math.pi, 60)
    axes.fill(0.225 * np.cos(turn), 0.125 * np.sin(turn), color="#d8d8d8", ec="black", zorder=5)
    arrow = {"arrowstyle": "-|>", "color": "black"}
    axes.annotate("", (0.0, 0.36), (0.0, 0.08), arrowprops=arrow, zorder=6)


def draw_models(models: Mapping[str, AnyModel], path: Path) -> None:
    """One panel a model, in a row of at most four."""
    columns = min(4, len(models))
    rows = math.ceil(len(models) / columns)
    figure = Figure(figsize=(3.6 * columns, 3.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, model) in zip(panels, models.items(), strict=False):
        draw_model(axes, model, _REACH[isinstance(model, InteractionModel)])
        axes.set_title(Path(name).name, fontsize=9)
    for axes in panels[len(models) :]:
        axes.set_axis_off()
    with written_whole(path) as file:
        figure.savefig(file, format="png", dpi=130)
