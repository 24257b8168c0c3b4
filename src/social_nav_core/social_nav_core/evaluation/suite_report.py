"""The report of an evaluation: claims, pictures and tables in one HTML file, CSV and Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np

from social_nav_core.evaluation import suite_pictures, suite_tables
from social_nav_core.evaluation.arms import OURS, STUDENTS
from social_nav_core.evaluation.batch import Plan, Result, shipped_models, suite_of
from social_nav_core.evaluation.claims import Claim, claims, column
from social_nav_core.evaluation.metrics.table import Metric
from social_nav_core.evaluation.report import (
    Picture,
    fact_html,
    page_template,
    picture_html,
    template_text,
)
from social_nav_core.evaluation.suites import Suite, draw_trial

PICTURES = (
    *("avoid_ways", "avoid_cost_over_time", "avoid_cost", "avoid_cost_against_length"),
    *("approach_ways", "approach_density", "approach_places"),
)
"""All that a report may have; those of an earlier report that the new one lacks are removed."""
SHOWN = 4
"""Trials of every entry whose ways are drawn."""
NOTES = (
    "Every arm meets the same trials: room, people, start, goal and random numbers are the same."
    " In all of them the planner and the path follower see people as obstacles through the lidar;"
    " only the social costs differ.",
    "Differences are paired: mean, bootstrap 95 % interval, and d, the mean over the standard"
    " deviation of the differences.",
)
TRUTH = "Poses, groups and labels are the simulator's own, not a perception's."
STUDENTS_NOTE = (
    "In the arms of the student the robot's simulated head camera takes 10 images a second, a body"
    " tracker finds people in them with errors, and the student network reads the labels off the"
    " last second of each body, of which the said share of frames and of joints is lost. All other"
    " arms have the simulator's own poses, groups and labels."
)
FLOWS_NOTE = (
    "People of flows are moved by JuPedSim's anticipation velocity model, in which the robot is one"
    " of the bodies that they give way to."
)


def write_suite_report(folder: Path, plan: Plan, results: Sequence[Result]) -> Path:
    """Write report.html, its pictures, trials.csv, summary.csv and summary.md; returns the page.

    Args:
        folder: which exists.
        plan: what was evaluated.
        results: of it, complete.

    Raises:
        BatchError: the folder holds results of another plan, or of scenes that were edited since.
    """
    suite = suite_of(plan, folder)
    for name in PICTURES:
        (folder / f"{name}.png").unlink(missing_ok=True)
    suite_tables.write_trials_csv(folder / "trials.csv", results)
    suite_tables.write_summary_csv(folder / "summary.csv", results)
    summary = suite_tables.markdown([result for result in results if result.arm in plan.arms])
    (folder / "summary.md").write_text(summary, encoding="utf-8")
    facts = {
        "Suite": f"{suite.name}: {suite.description}",
        "Trials": f"{plan.trials} of each of {len(suite.entries)} entries, seed {plan.seed}",
        "Arms": ", ".join((*plan.arms, *plan.curve)),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
    }
    page = page_template("suite.html").substitute(
        title=escape(f"Evaluation: {suite.name}"),
        style=template_text("report.css"),
        lead=escape(suite.description),
        claims=_claims_html(claims(results)),
        tasks="\n".join(_task_html(folder, plan, suite, results)),
        notes="\n".join(f"<p>{escape(note)}</p>" for note in _notes(suite, plan)),
        facts="\n".join(fact_html(name, value) for name, value in facts.items()),
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _notes(suite: Suite, plan: Plan) -> Iterator[str]:
    yield from NOTES
    yield STUDENTS_NOTE if set(plan.arms) & set(STUDENTS) else TRUTH
    if any(entry.scene.flows for entry in suite.entries):
        yield FLOWS_NOTE


def _claims_html(found: Sequence[Claim]) -> str:
    cards = [
        f'<div class="verdict{"" if claim.holds else " failed"}">'
        f"<strong>{escape(claim.text)}</strong>"
        f'<p><span class="state">{"✓ holds" if claim.holds else "✗ does not hold"}.</span> '
        f"{escape(claim.figures)}.</p></div>"
        for claim in found
    ]
    return '<div class="verdicts">\n' + "\n".join(cards) + "\n</div>" if cards else ""


def _task_html(folder: Path, plan: Plan, suite: Suite, results: Sequence[Result]) -> Iterator[str]:
    for task in suite_tables.tasks_of(results):
        own = [result for result in results if result.task == task]
        whole = [result for result in own if result.arm in plan.arms]
        pictures = _pictures(task, plan, suite, whole)
        shown = "\n".join(picture_html(item, folder) for item in pictures)
        if task == "avoid":
            shown += "\n" + picture_html(_curve(own), folder)
        yield (
            f"<section><h2>{task.title()}</h2>\n{shown}\n"
            f"{_means(task, whole)}\n{_differences(task, whole)}</section>"
        )


def _pictures(task: str, plan: Plan, suite: Suite, results: Sequence[Result]) -> Iterator[Picture]:
    entries = [entry for entry in suite.entries if entry.task == task]
    count = min(SHOWN, plan.trials)
    trials = [[draw_trial(entry, i, plan.seed) for i in range(count)] for entry in entries]
    text = f"Small rooms from above with the ways of all arms in the {task} trials."
    caption = "The first trials of every scene: ring is the start, star the goal; people at start."
    yield Picture(f"{task}_ways", suite_pictures.ways(trials, results), caption, text)
    if task == "avoid":
        figure = suite_pictures.mean_cost_curves(results)
        caption = "Personal-space cost over the run, mean and standard deviation."
        yield Picture(
            "avoid_cost_over_time", figure, caption, "Cost curves of every scene and arm."
        )
        label = "personal-space cost [s]"
        figure = suite_pictures.bars(results, task, "personal_cost_integral", label)
        caption = "Personal-space cost of every scene, mean and standard deviation."
        yield Picture("avoid_cost", figure, caption, "Bars of the cost of every scene and arm.")
        return
    label = "density of the place, share of the largest"
    figure = suite_pictures.bars(results, task, "place_density", label)
    caption = "Interaction density at the places that were reached, mean and standard deviation."
    yield Picture(
        "approach_density", figure, caption, "Bars of the density of every scene and arm."
    )
    if OURS in suite_tables.arms_of(results):
        figure = suite_pictures.places(results, OURS, shipped_models().interaction)
        caption = "Where the robot ended in the frames of all people it talked to; green is where"
        caption += " people stand."
        text = "Points in front of a person over the interaction density."
        yield Picture("approach_places", figure, caption, text)


def _curve(results: Sequence[Result]) -> Picture:
    figure = suite_pictures.cost_against_length(results)
    caption = "Lower and further left is better; small points have a share of the costs."
    text = "Mean personal-space cost against mean path length, one point for each arm."
    return Picture("avoid_cost_against_length", figure, caption, text)


def _means(task: str, results: Sequence[Result]) -> str:
    arms = suite_tables.arms_of(results)
    rows, section = [], ""
    for metric in suite_tables.metrics_of(results, task):
        if metric.section != section:
            section = metric.section
            span = f'colspan="{len(arms) + 1}"'
            rows.append(f'<tr class="section"><th {span}>{section.title()}</th></tr>')
        values = [column(results, task, arm, metric.name) for arm in arms]
        rows.append(_row(metric, [suite_tables.mean_text(metric, each) for each in values]))
    return _table("All trials: mean ± standard deviation.", arms, rows)


def _differences(task: str, results: Sequence[Result]) -> str:
    arms = suite_tables.arms_of(results)
    if OURS not in arms or len(arms) < 2:
        return ""
    rows = []
    for metric in suite_tables.metrics_of(results, task):
        against = suite_tables.differences(results, task, metric)
        cells = [suite_tables.difference_text(metric, against[arm]) for arm in arms[1:]]
        rows.append(_row(metric, cells))
    heads = [f"against {arm}" for arm in arms[1:]]
    table = _table(f"'{OURS}' minus the other arm, trial by trial.", heads, rows)
    return f"<details><summary>Paired differences</summary>{table}</details>"


def _row(metric: Metric, cells: Sequence[str]) -> str:
    unit = "" if metric.unit in ("", "yes or no") else f' <span class="unit">[{metric.unit}]</span>'
    return (
        f'<tr><th scope="row">{escape(metric.label)}{unit}'
        f'<span class="meaning">{escape(metric.meaning)}</span></th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _table(caption: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    columns = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr><th></th>{columns}</tr></thead><tbody>"
        + "\n".join(rows)
        + "</tbody></table></div>"
    )
