"""Pictures of many trials: ways, costs over time, costs per scene, places, cost against length."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from social_nav_core.evaluation import drawing, style
from social_nav_core.evaluation.arms import ALL_ARMS
from social_nav_core.evaluation.batch import Result
from social_nav_core.evaluation.claims import column
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.statistics import mean_and_deviation
from social_nav_core.evaluation.suite_tables import arms_of
from social_nav_core.evaluation.trial import Trial
from social_nav_core.evaluation.wording import readable
from social_nav_core.geometry import FloatArray
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.sim.scene import occupancy
from social_nav_core.sim.world import World

SHARES = np.linspace(0.0, 1.0, 61)
PALER = 0.75
"""How far towards white the colour of an arm goes that has next to nothing of its costs."""
ROW_WIDTH, ROW_TITLE = 2.9, 0.32
"""Width [inch] of a small room, and the height [inch] that its title takes."""


def arm_colours(arms: Sequence[str]) -> dict[str, str]:
    """Colour of every arm, always the same; scaled ones ('Kirby x0.5') have a paler one."""
    colours = {}
    for arm in arms:
        plain, _, share = arm.partition(" x")
        white = PALER * (1.0 - float(share or 1.0))
        red, green, blue = to_rgb(style.ARM_COLOURS[ALL_ARMS.index(plain)])
        paler = (red + white * (1 - red), green + white * (1 - green), blue + white * (1 - blue))
        colours[arm] = to_hex(paler)
    return colours


def ways(trials: Sequence[Sequence[Trial]], results: Sequence[Result]) -> Figure:
    """Small rooms: a row for each entry, a column for each trial, one line for each arm.

    Args:
        trials: rows of the first trials of entries.
        results: of at least these trials.
    """
    arms = arms_of(results)
    colours = arm_colours(arms)
    by_place = {(r.entry, r.index, r.arm): r for r in results}
    columns = max(2, *(len(row) for row in trials))
    heights = [ROW_WIDTH * _slenderness(row[0]) + ROW_TITLE for row in trials]
    height = sum(heights) + 0.5
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(ROW_WIDTH * columns, height))
        FigureCanvasAgg(figure)
        bottom = _legend(figure, arms, colours)
        grid = figure.add_gridspec(
            len(trials), columns, height_ratios=heights, wspace=0.04, hspace=0.0,
            left=0.01, right=0.99, bottom=bottom, top=1.0 - 0.05 / height,
        )  # fmt: skip
        for i, row in enumerate(trials):
            for j, trial in enumerate(row):
                ax = figure.add_subplot(grid[i, j], anchor="SW")
                _start_of(ax, trial)
                for arm in reversed(arms):
                    result = by_place.get((f"{trial.task} {trial.scene.name}", j, arm))
                    if result is not None:
                        ax.plot(
                            *np.array(result.way).T, color=colours[arm], linewidth=1.8, zorder=4
                        )
                if j == 0:
                    ax.set_title(readable(trial.scene.name), fontsize=9.5, pad=3)
    return figure


def _slenderness(trial: Trial) -> float:
    """Height of a trial's room over its width."""
    room = trial.scene.room
    return (room.y[1] - room.y[0]) / (room.x[1] - room.x[0])


def _start_of(ax: Axes, trial: Trial) -> None:
    """Room and people at the start of a trial."""
    run = _as_run(trial)
    drawing.room(ax, run)
    tint = style.group_colours(run.group_ids)
    for i, pose in enumerate(run.people_in_map[0]):
        drawing.person(ax, pose, tint[str(run.group_ids[0, i])], rim=0.0)
    ax.plot(*trial.scene.robot[:2], "o", ms=4, mfc="white", mec=style.INK, zorder=5)
    if trial.task == "avoid":
        ax.plot(*trial.scene.goal[:2], "*", ms=8, color=style.INK, zorder=5)


def _as_run(trial: Trial) -> RunRecord:
    world = World(trial.scene, trial.seed)
    recorder = RunRecorder(trial.scene.name, trial.task, "start", trial.seed)
    for time in (0.0, 1.0):
        recorder.sample(time, trial.scene.robot, (0.0, 0.0), world.state.persons())
    grid, cells = occupancy(trial.scene)
    return recorder.record(
        reached=False, grid=grid, occupancy=cells, furniture=trial.scene.room.furniture
    )


def _legend(figure: Figure, arms: Sequence[str], colours: dict[str, str]) -> float:
    """Put the arms at the bottom; the share of the figure's height below which they are."""
    handles = [Line2D([], [], color=colours[arm], linewidth=3.0, label=arm) for arm in arms]
    columns = max(int(figure.get_figwidth() / 1.8), 1)
    figure.legend(handles=handles, loc="lower center", ncol=columns, frameon=False, fontsize=9.5)
    rows = -(-len(arms) // columns)
    return (0.12 + 0.22 * rows) / float(figure.get_figheight())


def mean_cost_curves(results: Sequence[Result]) -> Figure:
    """Personal-space cost over the share of the run, mean and deviation of all avoid trials."""
    arms = arms_of(results)
    colours = arm_colours(arms)
    entries = list(dict.fromkeys(r.entry for r in results if r.task == "avoid"))
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(10.0, 2.3 * ((len(entries) + 2) // 3) + 0.6))
        FigureCanvasAgg(figure)
        axes = figure.subplots((len(entries) + 2) // 3, 3, squeeze=False, sharex=True, sharey=True)
        for ax in axes.flat[len(entries) :]:
            ax.set_axis_off()
        for ax, entry in zip(axes.flat, entries, strict=False):
            for arm in arms:
                mean, deviation = _curve([r for r in results if r.entry == entry and r.arm == arm])
                low = np.maximum(mean - deviation, 0.0)
                ax.fill_between(
                    SHARES, low, mean + deviation, color=colours[arm], alpha=0.1, linewidth=0.0
                )
                ax.plot(SHARES, mean, color=colours[arm], linewidth=1.8)
            ax.set_title(readable(entry.partition(" ")[2]), fontsize=10.5, pad=3)
            ax.spines[["top", "right"]].set_visible(False)
            ax.set_xlim(0.0, 1.0)
        axes[0, 0].set_ylim(0.0, None)
        for ax in axes.flat[max(len(entries) - 3, 0) : len(entries)]:
            ax.tick_params(labelbottom=True)
        bottom = _legend(figure, arms, colours)
        figure.supxlabel("share of the run", fontsize=10.5, y=bottom)
        figure.supylabel("personal-space cost", fontsize=10.5)
        figure.tight_layout(rect=(0.0, bottom, 1.0, 1.0))
    return figure


def _curve(results: Sequence[Result]) -> tuple[FloatArray, FloatArray]:
    curves = [
        np.interp(SHARES, np.linspace(0.0, 1.0, len(result.cost)), result.cost)
        for result in results
    ]
    return np.mean(curves, axis=0), np.std(curves, axis=0)


def bars(results: Sequence[Result], task: str, metric: str, label: str) -> Figure:
    """Mean and standard deviation of a metric for every entry of a task and every arm."""
    arms = arms_of(results)
    colours = arm_colours(arms)
    entries = list(dict.fromkeys(r.entry for r in results if r.task == task))
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(10.0, 3.6))
        FigureCanvasAgg(figure)
        ax = figure.subplots()
        width = 0.8 / len(arms)
        for k, arm in enumerate(arms):
            stats = [
                mean_and_deviation(
                    [r.values[metric] for r in results if r.entry == entry and r.arm == arm]
                )
                for entry in entries
            ]
            means, deviations = np.array(stats).T
            deviations = np.nan_to_num(deviations)
            at = np.arange(len(entries)) + (k - 0.5 * (len(arms) - 1)) * width
            error = np.stack([np.minimum(deviations, means), deviations])
            ax.bar(
                at, means, 0.92 * width, color=colours[arm], yerr=error,
                error_kw={"elinewidth": 0.9, "ecolor": style.INK, "alpha": 0.7},
            )  # fmt: skip
        ax.set_xticks(range(len(entries)), [readable(e.partition(" ")[2]) for e in entries])
        ax.set(ylabel=label, ylim=(0.0, None))
        ax.spines[["top", "right"]].set_visible(False)
        bottom = _legend(figure, arms, colours)
        figure.tight_layout(rect=(0.0, bottom, 1.0, 1.0))
    return figure


def places(results: Sequence[Result], arm: str, model: InteractionModel) -> Figure:
    """Where the robot ended, in the frame of everybody it talked to, over the model's density."""
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(6.0, 5.4))
        FigureCanvasAgg(figure)
        ax = figure.subplots()
        forward, left = np.arange(-1.0, 2.5, 0.02), np.arange(-1.8, 1.8, 0.02)
        density = model.on_grid(forward, left)
        ax.imshow(
            density / density.max(),
            origin="lower",
            extent=(-1.8, 1.8, -1.0, 2.5),
            cmap=style.DENSITY_COLOURS,
            vmin=0.0,
            vmax=1.0,
        )
        spots = [place for r in results if r.arm == arm for place in r.place]
        found = np.array(spots, dtype=float).reshape(-1, 2)
        ax.scatter(found[:, 1], found[:, 0], s=14, color=style.INK, alpha=0.55, linewidths=0.0)
        drawing.person(ax, np.array([0.0, 0.0, np.pi / 2.0]), style.GROUP_COLOURS[0])
        ax.set(xlim=(1.8, -1.8), ylim=(-1.0, 2.5), aspect="equal")
        ax.set(xlabel="to the person's left [m]", ylabel="in front of the person [m]")
        ax.set_title("Places of the robot, seen by the people", pad=8)
        ax.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
    return figure


def cost_against_length(results: Sequence[Result]) -> Figure:
    """Mean personal-space cost against mean path length of all avoid trials, one point an arm.

    An arm with shares of its costs is one line, and named once: at the whole one, if that is there.
    """
    arms = arms_of(results)
    largest = {arm.partition(" x")[0]: arm for arm in reversed(arms)}
    colours = arm_colours(list(largest))
    points = {
        arm: (
            column(results, "avoid", arm, "path_length").mean(),
            column(results, "avoid", arm, "personal_cost_integral").mean(),
        )
        for arm in arms
    }
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(7.0, 4.6))
        FigureCanvasAgg(figure)
        ax = figure.subplots()
        for plain in largest:
            line = np.array(sorted(points[a] for a in arms if a.partition(" x")[0] == plain))
            ax.plot(*line.T, color=colours[plain], linewidth=1.4, alpha=0.6)
        for arm, (length, cost) in points.items():
            plain, _, share = arm.partition(" x")
            ax.plot(
                length, cost, "o", ms=5 if share else 9, color=colours[plain],
                label=plain if arm == largest[plain] else "", alpha=0.8,
            )  # fmt: skip
            ax.annotate(
                share, (length, cost), xytext=(5, 4), textcoords="offset points", fontsize=8.0,
                color=colours[plain],
            )  # fmt: skip
        ax.legend(loc="upper right", frameon=False)
        ax.set(xlabel="mean path length [m]", ylabel="mean personal-space cost [s]")
        ax.margins(0.12)
        ax.set_ylim(-0.03 * max(cost for _, cost in points.values()), None)
        ax.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
    return figure
