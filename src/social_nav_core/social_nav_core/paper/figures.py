"""The pictures, one function each; each also returns the numbers behind it as a CSV table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from social_nav_core.geometry import FloatArray, transform_points
from social_nav_core.model_pictures import LEVELS, draw_person, relative_density
from social_nav_core.paper.study import (
    MEMBERS,
    AnyProxemics,
    Study,
    newcomer_around,
    relative_cost,
)
from social_nav_core.proxemics.baselines import KirbyGaussian

Columns = dict[str, FloatArray | np.ndarray]
OURS, PUBLISHED, KIRBY = "#00867a", "#c2286b", "#dd5f0d"
TRIAL_COLOURS = ("#0069a8", "#dd5f0d", "#00867a", "#c2286b", "#7a6a00", "#555555")


def around_person(axes: Axes, reach: float, title: str) -> None:
    """Axes around a person who faces up, left on the left."""
    draw_person(axes)
    axes.set(xlim=(reach, -reach), ylim=(-reach, reach), aspect="equal", title=title)
    axes.set_xlabel("left [m]")
    axes.set_ylabel("forward [m]")


def figure_1(study: Study) -> tuple[Figure, Columns]:
    """Where people walked around a person."""
    histogram = study.histogram
    figure = Figure(figsize=(5.4, 4.6), layout="constrained")
    axes = figure.subplots()
    edges = [
        np.append(axis, axis[-1] + histogram.edge) for axis in (histogram.left, histogram.forward)
    ]
    shown = np.ma.masked_equal(histogram.counts, 0.0)
    mesh = axes.pcolormesh(*edges, shown, cmap="viridis_r", rasterized=True)
    figure.colorbar(mesh, label="positions in a bin of 1/30 m")
    around_person(axes, 1.05, f"{histogram.counts.sum():.0f} positions within 1 m of a person")
    centers = histogram.centers().reshape(-1, 2)
    return figure, {
        "forward_m": centers[:, 0],
        "left_m": centers[:, 1],
        "count": histogram.counts.ravel(),
    }


def figure_2(study: Study) -> tuple[Figure, Columns]:
    """Places that people kept out of, by both recipes."""
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(study.draw[:, 1], study.draw[:, 0], ".", ms=2.0, color="#0069a8")
    around_person(left, 1.05, f"paper: one point per empty bin ({len(study.draw)})")
    places, weights = study.weighted
    size = 6.0 * weights / weights.max()
    right.scatter(places[:, 1], places[:, 0], s=size, color="#0069a8", linewidths=0)
    around_person(right, 1.05, "weighted: size is the inverse density")
    method = np.repeat(["paper", "weighted"], [len(study.draw), len(places)])
    together = np.concatenate([study.draw, places])
    return figure, {
        "method": method,
        "forward_m": together[:, 0],
        "left_m": together[:, 1],
        "weight": np.concatenate([np.ones(len(study.draw)), weights]),
    }


def figure_3(study: Study) -> tuple[Figure, Columns]:
    """The learned model beside the published one, and how fits to single draws scatter."""
    figure = Figure(figsize=(13.2, 4.6), layout="constrained")
    first, second, third = figure.subplots(1, 3)
    panels = {"paper": (first, study.learned), "weighted": (second, study.learned_weighted)}
    rows: dict[str, list[FloatArray]] = {}
    for name, (axes, learned) in panels.items():
        axis, values = relative_density(learned.model, 1.3, 161)
        _, reference = relative_density(study.published["deployment"], 1.3, 161)
        axes.plot(study.draw[:, 1], study.draw[:, 0], ".", ms=1.5, color="#b0b7c3")
        axes.contour(axis, axis, values, levels=LEVELS, colors=OURS, linewidths=1.4)
        axes.contour(
            axis,
            axis,
            reference,
            levels=LEVELS,
            colors=PUBLISHED,
            linewidths=1.0,
            linestyles="dashed",
        )
        around_person(axes, 1.3, f"method {name} (full), published (dashed)")
        rows[name] = [values.ravel()]
        rows["published"] = [reference.ravel()]
    third.plot(
        study.spread["mu_forward"],
        study.spread["lambda_forward"],
        "o",
        ms=4,
        alpha=0.5,
        color=OURS,
        label="one draw each",
    )
    for marker, (name, model) in zip("Ds", study.published.items(), strict=True):
        part = model.components[0]
        third.plot(part.mu[0], part.lam[0], marker, color=PUBLISHED, ms=8, label=name)
    part = study.learned.model.components[0]
    third.plot(part.mu[0], part.lam[0], "*", color="black", ms=12, label="20 draws together")
    third.set(xlabel="mu forward [m]", ylabel="lambda forward", title="from seed to seed")
    third.legend()
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    columns: Columns = {"forward_m": grid[:, 0], "left_m": grid[:, 1]}
    return figure, columns | {name: values[0] for name, values in rows.items()}


def figure_7(study: Study) -> tuple[Figure, Columns]:
    """The group's costs when the newcomer of a simulated joining has arrived, and all ways."""
    trial = study.trials[0]
    figure = Figure(figsize=(6.0, 5.6), layout="constrained")
    axes = figure.subplots()
    axis = np.linspace(-2.2, 2.2, 181)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    cost = np.zeros(grid.shape[:2])
    for name in MEMBERS:
        x, y, yaw = trial.poses[-1, trial.ids.index(name)]
        turn = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
        cost += relative_cost(study.learned.model, (grid - (x, y)) @ turn.T)
    lines = axes.contour(axis, axis, cost, levels=(0.05, *np.arange(0.2, 1.5, 0.2)), cmap="viridis")
    axes.clabel(lines, fmt="%.2f", fontsize=7)
    for number, name in enumerate(trial.ids):
        poses = trial.poses[:, number]
        axes.plot(poses[:, 0], poses[:, 1], color=TRIAL_COLOURS[number], lw=2, label=name)
        ahead = transform_points(poses[-1], [0.35, 0.0])
        arrow = {"arrowstyle": "-|>", "color": TRIAL_COLOURS[number], "lw": 2}
        axes.annotate("", tuple(ahead), tuple(poses[-1, :2]), arrowprops=arrow)
    axes.set(aspect="equal", xlabel="x [m]", ylabel="y [m]")
    axes.set(title="Sum of the members' costs, a simulated joining")
    axes.legend(loc="upper right")
    times = np.repeat(trial.times, len(trial.ids))
    flat = trial.poses.reshape(-1, 3)
    return figure, {
        "time_s": times,
        "id": np.tile(trial.ids, len(trial.times)),
        "x_m": flat[:, 0],
        "y_m": flat[:, 1],
        "yaw_rad": flat[:, 2],
    }


def figure_8(study: Study) -> tuple[Figure, Columns]:
    """Cost that each member's model gives the newcomer, over time, in every simulated joining."""
    figure = Figure(figsize=(9.0, 6.4), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    named: dict[str, AnyProxemics] = {
        "learned": study.learned.model,
        "Kirby, standing": KirbyGaussian(),
    }
    columns: dict[str, list[FloatArray]] = {"trial": [], "time_s": [], "member": []}
    for name in named:
        columns[name] = []
    for number, trial in enumerate(study.trials):
        places = newcomer_around(trial)
        columns["trial"].append(np.full(places[..., 0].size, number + 1))
        columns["time_s"].append(np.repeat(trial.times, len(MEMBERS)))
        columns["member"].append(np.tile(np.arange(1, 4), len(trial.times)))
        for axes, (name, model) in zip(panels, named.items(), strict=True):
            cost = relative_cost(model, places)
            columns[name].append(cost.ravel())
            colour = TRIAL_COLOURS[number % len(TRIAL_COLOURS)]
            axes.plot(trial.times, cost, color=colour, alpha=0.5, lw=1)
            axes.set(title=f"{name}: density over peak", ylabel="cost", ylim=(0.0, 0.1))
    panels[-1].set_xlabel("time [s]")
    return figure, {name: np.concatenate(parts) for name, parts in columns.items()}


def figure_9(study: Study) -> tuple[Figure, Columns]:
    """The learned model and Kirby's, after the same normalisation."""
    kirby: dict[str, AnyProxemics] = {
        "learned": study.learned.model,
        "Kirby, standing": KirbyGaussian(),
        "Kirby as in the paper (1 m/s)": study.kirby_as_published,
    }
    figure = Figure(figsize=(13.2, 4.6), layout="constrained")
    columns: Columns = {}
    for axes, (name, model) in zip(figure.subplots(1, 3), kirby.items(), strict=True):
        axis, values = relative_density(model, 2.4, 121)
        lines = axes.contour(axis, axis, values, levels=LEVELS, cmap="viridis")
        axes.clabel(lines, fmt="%.2f", fontsize=7)
        around_person(axes, 2.4, name)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        columns |= {"forward_m": grid[:, 0], "left_m": grid[:, 1], name: values.ravel()}
    return figure, columns


def final_costs(study: Study, model: AnyProxemics) -> FloatArray:
    """Mean and deviation over the last quarter of each trial ``(trials, 3, 2)``."""
    found = []
    for trial in study.trials:
        places = newcomer_around(trial)[3 * len(trial.times) // 4 :]
        costs = relative_cost(model, places)
        found.append(np.stack([costs.mean(axis=0), costs.std(axis=0)], axis=-1))
    return np.array(found)


def figure_10(study: Study) -> tuple[Figure, Columns]:
    """Mean cost of the newcomer's last quarter of each simulated joining, three models."""
    named: dict[str, tuple[AnyProxemics, str]] = {
        "learned": (study.learned.model, OURS),
        "Kirby, standing": (KirbyGaussian(), KIRBY),
        "Kirby as in the paper": (study.kirby_as_published, "#555555"),
    }
    figure = Figure(figsize=(9.0, 7.2), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True, sharey=True)
    count = np.arange(1, len(study.trials) + 1)
    columns: Columns = {"trial": np.repeat(count, 3), "member": np.tile([1, 2, 3], len(count))}
    for shift, (name, (model, colour)) in zip((-0.2, 0.0, 0.2), named.items(), strict=True):
        found = final_costs(study, model)
        columns |= {f"{name} mean": found[..., 0].ravel(), f"{name} std": found[..., 1].ravel()}
        for member, axes in enumerate(panels):
            mean, deviation = found[:, member].T
            axes.errorbar(
                count + shift, mean, deviation, fmt="o", ms=4, capsize=3, color=colour, label=name
            )
            axes.set(ylabel=f"cost, member {member + 1}")
    panels[0].legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.12))
    panels[0].set(title="Density over peak, mean and deviation", ylim=(-0.05, 1.0))
    panels[-1].set(xlabel="simulated joining", xticks=count)
    return figure, columns


def figure_12(study: Study) -> tuple[Figure, Columns]:
    """Density over peak of places where people stand: recorded ones and simulated newcomers."""
    model = study.interaction
    log_peak = float(model.score_samples(model.modes()[0]))
    recorded = np.exp(_without_itself(study) - log_peak)
    ends = np.array([newcomer_around(trial)[-1] for trial in study.trials])
    simulated = np.exp(model.score_samples(ends) - log_peak)
    groups = [recorded, *simulated.T]
    names = ["recorded\n(left out)", *(f"simulated,\nmember {i + 1}" for i in range(3))]
    figure = Figure(figsize=(7.6, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.violinplot(groups, showmedians=True)
    rng = np.random.default_rng(0)
    for number, values in enumerate(groups):
        shown = values[:200]
        jitter = number + 1 + rng.uniform(-0.08, 0.08, len(shown))
        axes.plot(jitter, shown, ".", ms=2, color=PUBLISHED, alpha=0.5)
        told = f"mean {values.mean():.2f}\nvariance {values.var():.3f}"
        axes.annotate(told, (number + 1, 1.03), ha="center", fontsize=8)
    axes.set_xticks(range(1, 5), names)
    axes.set(ylabel="density over peak", ylim=(0.0, 1.15), title="Density of interaction positions")
    return figure, {
        "group": np.repeat([name.replace("\n", " ") for name in names], [len(g) for g in groups]),
        "density": np.concatenate(groups),
    }


def _without_itself(study: Study) -> FloatArray:
    """Log density of each recorded position under the kernels of all others."""
    points, model = study.positions.points, study.interaction
    count = len(points)
    own = 1.0 / (2.0 * np.pi * model.bandwidth**2)
    others = (np.exp(model.score_samples(points)) * count - own) / (count - 1)
    return np.log(np.maximum(others, 1e-12))


FIGURES: dict[str, Callable[[Study], tuple[Figure, Columns]]] = {
    "figure_01_positions": figure_1,
    "figure_02_kept_out": figure_2,
    "figure_03_model": figure_3,
    "figure_07_group": figure_7,
    "figure_08_costs": figure_8,
    "figure_09_kirby": figure_9,
    "figure_10_mean_costs": figure_10,
    "figure_12_interaction": figure_12,
}
