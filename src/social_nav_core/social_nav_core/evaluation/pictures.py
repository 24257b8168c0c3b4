"""Pictures of runs: top views, comparison, approach, cost curves, camera views."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from social_nav_core.evaluation import drawing, style
from social_nav_core.evaluation.metrics.comfort import learned_cost
from social_nav_core.evaluation.metrics.social import ZONES, closest_distance
from social_nav_core.evaluation.run import CameraView, RunRecord, RunRecordError
from social_nav_core.evaluation.wording import readable
from social_nav_core.geometry import FloatArray, inverse, transform_points
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.skeleton import EDGES, JOINTS

DPI = 200


def save_picture(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    with matplotlib.rc_context(style.RC):
        figure.savefig(path, dpi=DPI)


def costs_at(run: RunRecord, time: float) -> FloatArray:
    """Social costs (height, width) that were known last at a time [s]; zeros before the first."""
    index = int(np.searchsorted(run.cost_times, time, side="right")) - 1
    return run.costs[index] if index >= 0 else np.zeros(run.grid.shape)


def nearest_sample(run: RunRecord) -> int:
    """Sample at which the robot is closest to a person; 0 when nobody is ever there."""
    return int(np.argmin(closest_distance(run.robot_in_map, run.people_in_map)))


def top_view(run: RunRecord, colour: str = style.WITH_COSTS) -> Figure:
    """One run from above: costs and people at its end, the way driven, the paths planned."""
    with matplotlib.rc_context(style.RC):
        figure, ax = _map_figure(run)
        drawing.field(ax, run.grid, costs_at(run, run.times[-1]), style.COST_COLOURS)
        for path in run.paths_in_map[-1:]:
            drawing.planned_path(ax, path, style.INK)
        line = drawing.trajectory(ax, run, colour)
        drawing.tracks(ax, run)
        drawing.people(ax, run, len(run.times) - 1)
        drawing.start_mark(ax, run.robot_in_map[0])
        if len(run.goals_in_map):
            drawing.goal_mark(ax, run.goal_in_map)
        _colour_bar(figure, ax, style.COST_COLOURS, "social cost", slot=0)
        time_map = style.time_colours(colour)
        _colour_bar(figure, ax, time_map, "time [s]", slot=1, top=run.duration)
        line.set_clim(0.0, run.duration)
        ax.set_title(f"{readable(run.scene)}: {run.task}, {run.arm}", pad=10)
    return figure


def comparison(runs: Sequence[RunRecord]) -> Figure:
    """The ways that several arms drove through the same scene, over the first one's costs.

    People and costs are those of the time at which the first one's robot is closest to somebody.
    """
    if not runs:
        raise RunRecordError("there is no run to compare, expected at least one")
    first = runs[0]
    with matplotlib.rc_context(style.RC):
        figure, ax = _map_figure(first)
        sample = nearest_sample(first)
        drawing.field(ax, first.grid, costs_at(first, first.times[sample]), style.COST_COLOURS)
        drawing.tracks(ax, first)
        handles = []
        for run, colour in zip(runs, style.ARM_COLOURS, strict=False):
            drawing.trajectory(ax, run, colour, every=2.0)
            handles.append(Line2D([], [], color=colour, linewidth=3.2, label=_arm_words(run)))
        drawing.people(ax, first, sample)
        drawing.start_mark(ax, first.robot_in_map[0])
        if len(first.goals_in_map):
            drawing.goal_mark(ax, first.goal_in_map)
        _colour_bar(figure, ax, style.COST_COLOURS, "social cost", slot=0)
        ax.set_title(
            f"{readable(first.scene)}: the same goal, with and without the social costs", pad=10
        )
        figure.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(0.9, 0.005),
            frameon=False,
            ncol=len(handles),
            fontsize=10.5,
        )
    return figure


def _arm_words(run: RunRecord) -> str:
    way = np.linalg.norm(np.diff(run.robot_in_map[:, :2], axis=0), axis=1).sum()
    return f"{run.arm}: {way:.1f} m, {run.duration:.0f} s"


def approach_view(run: RunRecord, interaction: InteractionModel) -> Figure:
    """Where people stand to talk to the person, the places chosen, and the robot's arrival."""
    with matplotlib.rc_context(style.RC):
        figure, ax = _map_figure(run)
        person = run.person(run.target_id)
        first = run.sample_at(run.goal_times[0]) if len(run.goal_times) else 0
        samples = [first, len(run.times) - 1] if len(run.goal_times) > 1 else [len(run.times) - 1]
        highest = float(interaction.density(interaction.modes()[:1])[0])
        centers = run.grid.centers()
        density = np.zeros(run.grid.shape)
        for sample in samples:
            if np.isfinite(person[sample]).all():
                around = transform_points(inverse(person[sample]), centers)
                here = np.clip(interaction.density(around) / highest, 0.0, 1.0)
                density = np.maximum(density, here * (1.0 if sample == samples[-1] else 0.45))
        drawing.field(ax, run.grid, density, style.DENSITY_COLOURS)
        drawing.trajectory(ax, run, style.WITH_COSTS, every=3.0)
        tint = style.group_colours(run.group_ids)
        for sample in samples[:-1]:
            drawing.person(ax, person[sample], tint[""], alpha=0.35)
        drawing.people(ax, run, len(run.times) - 1)
        drawing.start_mark(ax, run.robot_in_map[0])
        drawing.places(ax, run.goals_in_map)
        _colour_bar(figure, ax, style.DENSITY_COLOURS, "interaction density", slot=0)
        ax.set_title(
            f"{readable(run.scene)}: the place to talk to {readable(run.target_id)}", pad=10
        )
    return figure


def cost_curves(runs: Sequence[RunRecord], proxemics: ProxemicsModel) -> Figure:
    """Personal-space cost at the robot, and distance to the closest person, over time."""
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(8.0, 5.2))
        FigureCanvasAgg(figure)
        cost_ax, distance_ax = figure.subplots(2, 1, sharex=True)
        for run, colour in zip(runs, style.ARM_COLOURS, strict=False):
            time = run.times - run.times[0]
            track = (run.times, run.robot_in_map, run.people_in_map)
            cost = learned_cost(*track, proxemics)
            cost_ax.fill_between(time, cost, color=colour, alpha=0.15, linewidth=0.0)
            cost_ax.plot(time, cost, color=colour, linewidth=2.2, label=run.arm)
            distance = closest_distance(*track[1:])
            distance_ax.plot(time, distance, color=colour, linewidth=2.2)
        _zone_lines(distance_ax)
        cost_ax.set(ylabel="personal-space cost", ylim=(0.0, None))
        cost_ax.set_title("Cost to the people at the robot's place", pad=8)
        cost_ax.legend(frameon=False, loc="best")
        distance_ax.set(xlabel="time [s]", ylabel="closest person [m]", ylim=(0.0, 4.2))
        for ax in (cost_ax, distance_ax):
            ax.spines[["top", "right"]].set_visible(False)
            ax.margins(x=0.01)
        figure.align_ylabels()
        figure.tight_layout()
    return figure


def _zone_lines(ax: Axes) -> None:
    for name, limit in ZONES.items():
        ax.axhline(limit, color=style.QUIET, linewidth=0.9, dashes=(3, 3), zorder=0)
        ax.annotate(
            f"{name} zone", (1.0, limit), xycoords=("axes fraction", "data"), ha="right", va="top",
            xytext=(0, -2), textcoords="offset points", fontsize=8.5, color=style.QUIET,
        )  # fmt: skip


SIDE_COLOURS = {"left": "#4cc9f0", "right": "#ffb454"}
MIDDLE_COLOUR = "#e8ecf2"


def camera_view(view: CameraView, seen: float = 0.1) -> Figure:
    """The skeletons in the robot's image; joints less sure than ``seen`` are left out."""
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(6.4, 6.4 * view.height / view.width))
        FigureCanvasAgg(figure)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        ax.set(xlim=(0, view.width), ylim=(view.height, 0), facecolor="#1b2030")
        ax.set_xticks([]), ax.set_yticks([])
        for body in view.bodies:
            _skeleton(ax, body.joints().astype(float), seen)
            sure = body.confidence > seen
            if sure.any():
                top = float(body.y[sure].min())
                ax.text(
                    float(body.x[sure].mean()), max(top - 22.0, 14.0), readable(body.id),
                    color="white", ha="center", fontsize=10,
                )  # fmt: skip
        ax.text(10, 24, f"robot's camera, {view.time:.1f} s", color="#c8d0de", fontsize=10)
        if not view.bodies:
            ax.text(
                0.5 * view.width, 0.5 * view.height, "nobody in view", color="#c8d0de", ha="center"
            )
    return figure


def _skeleton(ax: Axes, joints: FloatArray, seen: float) -> None:
    for a, b in EDGES:
        pair = joints[[a, b]]
        if (pair[:, 2] > seen).all():
            sides = {JOINTS[a].split("_")[0], JOINTS[b].split("_")[0]}
            colour = SIDE_COLOURS.get(sides.pop() if len(sides) == 1 else "", MIDDLE_COLOUR)
            alpha = 0.35 + 0.65 * float(pair[:, 2].min())
            ax.plot(
                *pair[:, :2].T, color=colour, linewidth=3.0, alpha=alpha, solid_capstyle="round"
            )
    sure = joints[joints[:, 2] > seen]
    ax.scatter(sure[:, 0], sure[:, 1], s=14, color="white", zorder=3)


def _map_figure(run: RunRecord) -> tuple[Figure, Axes]:
    """A figure whose axes show the room in the right proportion, with space for colour bars."""
    size = np.array([run.grid.width, run.grid.height]) * run.grid.resolution
    width = 9.0
    map_width = 0.86 * width
    height = map_width * float(size[1] / size[0]) + 1.0
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0.015, 0.5 / height, 0.86, (height - 1.0) / height))
    drawing.room(ax, run)
    drawing.scale_bar(ax)
    return figure, ax


def _colour_bar(
    figure: Figure, ax: Axes, colours: Colormap, text: str, *, slot: int, top: float = 1.0
) -> None:
    """A slim colour bar right of the map; two fit, one above the other."""
    box = ax.get_position()
    height = 0.42 * box.height
    bottom = box.y0 + (0.54 * box.height if slot == 0 else 0.04 * box.height)
    bar_ax = figure.add_axes((box.x1 + 0.022, bottom, 0.016, height))
    shades = ScalarMappable(cmap=colours)
    shades.set_clim(0.0, top)
    bar = figure.colorbar(shades, cax=bar_ax)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=9.5)
    bar.set_label(text, fontsize=10)
