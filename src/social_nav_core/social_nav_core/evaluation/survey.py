"""A questionnaire about how people judge the robot: one page that works offline.

The page plays short clips of the suite's trials, pairs with and without the social costs in an
order that is drawn anew for every reader, and asks for each clip the items of three scales of
Bartneck et al. (Int. J. Social Robotics 1, 2009): likeability, perceived intelligence and perceived
safety.  Answers are saved as CSV by the reader's own browser and go nowhere else.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.evaluation.animation import scenario
from social_nav_core.evaluation.arms import NO_LAYER, OURS, arm_named
from social_nav_core.evaluation.batch import shipped_models
from social_nav_core.evaluation.report import page_template, template_text
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.suites import Suite, draw_trial
from social_nav_core.evaluation.trial import TrialRunner

ARMS = (OURS, NO_LAYER)
ROBOT_COLOUR = "#5b6472"
LEAST_AFTER_ARRIVAL = 1.5
"""How long [s] a clip goes on when the robot has arrived."""


@dataclass(frozen=True)
class Item:
    """A pair of opposites, rated 1 (low) to 5 (high); high is good."""

    name: str
    scale: str
    low: str
    high: str


ITEMS = (
    Item("like", "likeability", "dislike", "like"),
    Item("friendly", "likeability", "unfriendly", "friendly"),
    Item("kind", "likeability", "unkind", "kind"),
    Item("pleasant", "likeability", "unpleasant", "pleasant"),
    Item("nice", "likeability", "awful", "nice"),
    Item("competent", "perceived intelligence", "incompetent", "competent"),
    Item("knowledgeable", "perceived intelligence", "ignorant", "knowledgeable"),
    Item("responsible", "perceived intelligence", "irresponsible", "responsible"),
    Item("intelligent", "perceived intelligence", "unintelligent", "intelligent"),
    Item("sensible", "perceived intelligence", "foolish", "sensible"),
    Item("relaxed", "perceived safety", "anxious", "relaxed"),
    Item("calm", "perceived safety", "agitated", "calm"),
    Item("unsurprised", "perceived safety", "surprised", "quiescent"),
)
SCALES = tuple(dict.fromkeys(item.scale for item in ITEMS))


@dataclass(frozen=True)
class Clip:
    """One clip; readers see neither the entry nor the arm.

    Attributes:
        name: 'c07'; says nothing.
        pair: 'p3', the same for both arms of a trial.
        entry, arm: what it shows.
        run: what happened.
    """

    name: str
    pair: str
    entry: str
    arm: str
    run: RunRecord


def make_clips(
    suite: Suite, seed: int, progress: Callable[[str], None] = lambda state: None
) -> list[Clip]:
    """A clip of the first trial of every entry with and without the social costs."""
    models = shipped_models()
    runs = []
    for entry in suite.entries:
        trial = draw_trial(entry, 0, seed)
        for arm in ARMS:
            progress(f"{entry.name}, {arm}")
            run = TrialRunner(trial, arm_named(arm, models.proxemics), models).run()
            runs.append((entry.name, arm, _without_idle_end(run)))
    names = np.random.default_rng(seed).permutation(len(runs))
    return [
        Clip(f"c{names[i] + 1:02d}", f"p{i // len(ARMS) + 1}", entry, arm, run)
        for i, (entry, arm, run) in enumerate(runs)
    ]


def _without_idle_end(run: RunRecord) -> RunRecord:
    """The run up to a little after the robot's last motion."""
    steps = np.abs(np.diff(run.robot_in_map, axis=0)).max(axis=1)
    moving = np.flatnonzero(steps > 1e-3)
    last = float(run.times[moving[-1] + 1]) if len(moving) else float(run.times[0])
    end = max(run.sample_at(last + LEAST_AFTER_ARRIVAL) + 1, 2)
    per_sample = (
        *("times", "robot_in_map", "robot_velocity", "people_in_map"),
        *("intents", "attitudes", "actions", "group_ids"),
    )
    return replace(run, **{name: getattr(run, name)[:end] for name in per_sample})


def write_survey(folder: Path, clips: Sequence[Clip]) -> Path:
    """Write survey.html, and key.csv that tells what each clip shows; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "key.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["clip", "pair", "entry", "arm"])
        table.writerows([c.name, c.pair, c.entry, c.arm] for c in clips)
    data = {
        "clips": [_clip(clip) for clip in sorted(clips, key=lambda clip: clip.name)],
        "items": [vars(item) for item in ITEMS],
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    page = page_template("survey.html").substitute(
        title=escape("How does the robot behave?"),
        style=template_text("report.css") + template_text("survey.css"),
        count=len(clips),
        data=text,
        script="".join(map(template_text, ("stage.js", "doll_house.js", "survey.js"))),
    )
    path = folder / "survey.html"
    path.write_text(page, encoding="utf-8")
    return path


def _clip(clip: Clip) -> dict[str, Any]:
    """What the page knows of a clip: nothing that tells the arms apart but what they do."""
    run = scenario([clip.run], shipped_models().proxemics)["runs"][0]
    keys = ("solids", "times", "robot", "radius", "people")
    shown = {key: run[key] for key in keys}
    shown |= {"colour": ROBOT_COLOUR, "goals": [], "room": {"box": run["room"]["box"]}}
    return {"name": clip.name, "pair": clip.pair, "task": clip.run.task, "run": shown}
