"""Tables of an evaluation: means per arm, paired differences, as rows for HTML, CSV, Markdown."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from social_nav_core.evaluation.arms import ALL_ARMS, OURS
from social_nav_core.evaluation.batch import Result
from social_nav_core.evaluation.claims import column
from social_nav_core.evaluation.metrics.table import METRICS, Metric
from social_nav_core.evaluation.statistics import (
    Difference,
    mean_and_deviation,
    paired_difference,
)

SHORT = (
    *("success", "path_length", "time_to_goal", "minimum_distance"),
    *("intimate_time", "personal_time", "o_space_intrusions", "person_contacts"),
    *("personal_cost_integral", "kirby_cost_integral"),
    *("arrival_distance", "arrival_bearing", "facing_error", "place_density"),
    *("unwanted_approach", "wrong_person"),
)
"""Metrics of the short table that a README can quote."""


def arms_of(results: Sequence[Result]) -> list[str]:
    """Names of the arms, in the order of `ALL_ARMS`, scaled ones behind the whole one."""

    def rank(name: str) -> tuple[int, float]:
        plain, _, factor = name.partition(" x")
        return ALL_ARMS.index(plain), -float(factor or 1.0)

    return sorted({result.arm for result in results}, key=rank)


def tasks_of(results: Sequence[Result]) -> list[str]:
    """Tasks of the results, avoid first."""
    return [t for t in ("avoid", "approach") if any(r.task == t for r in results)]


def metrics_of(results: Sequence[Result], task: str) -> Iterator[Metric]:
    """Metrics that have a value in some trial of a task."""
    for metric in METRICS:
        values = np.concatenate(
            [column(results, task, arm, metric.name) for arm in arms_of(results)]
        )
        if np.isfinite(values).any():
            yield metric


def mean_text(metric: Metric, values: Sequence[float] | np.ndarray) -> str:
    """Mean and deviation as people read them; shares of trials as per cent."""
    mean, deviation = mean_and_deviation(values)
    if math.isnan(mean):
        return "–"
    if metric.unit == "yes or no":
        return f"{mean:.0%}"
    digits = max(metric.digits, 1)
    spread = "" if math.isnan(deviation) else f" ± {deviation:.{digits}f}"
    return f"{mean:.{digits}f}{spread}"


def difference_text(metric: Metric, difference: Difference) -> str:
    """A paired difference with its interval and effect size."""
    if not difference.pairs:
        return "–"
    digits = max(metric.digits, 2)
    effect = f"{difference.effect:+.1f}" if math.isfinite(difference.effect) else "always"
    return (
        f"{difference.mean:+.{digits}f} [{difference.low:+.{digits}f},"
        f" {difference.high:+.{digits}f}], d {effect}"
    )


def differences(
    results: Sequence[Result], task: str, metric: Metric, seed: int = 0
) -> dict[str, Difference]:
    """Paired difference of ours minus every other arm, by the other arm's name."""
    ours = column(results, task, OURS, metric.name)
    rng = np.random.default_rng(seed)
    return {
        arm: paired_difference(ours, column(results, task, arm, metric.name), rng)
        for arm in arms_of(results)
        if arm != OURS
    }


def markdown(results: Sequence[Result]) -> str:
    """Short tables, one per task, means and deviations over all trials."""
    parts = []
    for task in tasks_of(results):
        arms = arms_of(results)
        count = len(column(results, task, arms[0], "success"))
        lines = [
            f"{task.title()}, {count} trials per arm (mean ± standard deviation):",
            "",
            "| | " + " | ".join(arms) + " |",
            "|---|" + "---|" * len(arms),
        ]
        for metric in metrics_of(results, task):
            if metric.name in SHORT:
                unit = f" [{metric.unit}]" if metric.unit not in ("", "yes or no") else ""
                cells = [mean_text(metric, column(results, task, a, metric.name)) for a in arms]
                lines.append(f"| {metric.label}{unit} | " + " | ".join(cells) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def write_trials_csv(path: Path, results: Sequence[Result]) -> None:
    """One line per trial and arm, one column per metric."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        names = [metric.name for metric in METRICS]
        table.writerow(["entry", "trial", "arm", *names])
        for result in results:
            values = [f"{result.values[name]:.6g}" for name in names]
            table.writerow([result.entry, result.index, result.arm, *values])


def write_summary_csv(path: Path, results: Sequence[Result]) -> None:
    """One line per task, metric and arm: mean, deviation and paired difference of ours to it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        head = ["task", "metric", "unit", "arm", "trials", "mean", "deviation"]
        table.writerow([*head, "ours_minus_arm", "low", "high", "effect"])
        for task in tasks_of(results):
            own = [result for result in results if result.task == task]
            for metric in metrics_of(own, task):
                against = differences(own, task, metric) if OURS in arms_of(own) else {}
                for arm in arms_of(own):
                    values = column(own, task, arm, metric.name)
                    numbers = list(mean_and_deviation(values))
                    if arm in against:
                        d = against[arm]
                        numbers += [d.mean, d.low, d.high, d.effect]
                    cells = [f"{number:.6g}" for number in numbers]
                    about = [task, metric.name, metric.unit, arm, len(values)]
                    table.writerow([*about, *cells])
