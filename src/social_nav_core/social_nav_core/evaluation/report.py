"""The report: one HTML file that holds everything, and the same pictures as PNG beside it."""

from __future__ import annotations

import csv
import json
import math
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from itertools import chain
from pathlib import Path
from string import Template

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from social_nav_core.evaluation import pictures, style, wording
from social_nav_core.evaluation.animation import scenario
from social_nav_core.evaluation.metrics.table import METRICS, measure
from social_nav_core.evaluation.png import data_uri
from social_nav_core.evaluation.run import RunRecord, RunRecordError
from social_nav_core.interaction.kde import InteractionModel, shipped_interaction_model
from social_nav_core.proxemics.model import ProxemicsModel, shipped_model

NARROW = 7.5
"""Figures less wide than this [inch] do not fill the page."""


@dataclass(frozen=True)
class Job:
    """Runs of one task in one scene, one per arm, with their metrics; the first is ours."""

    runs: tuple[RunRecord, ...]
    values: tuple[dict[str, float], ...]

    @property
    def slug(self) -> str:
        """Start of the names of the job's pictures."""
        return re.sub(r"[^a-z0-9]+", "_", f"{self.runs[0].task} {self.runs[0].scene}".lower())


@dataclass(frozen=True)
class Picture:
    """A figure of the report: its file name without ending, caption and text alternative."""

    name: str
    figure: Figure
    caption: str
    text: str


def write_report(
    out_dir: str | Path,
    runs: Sequence[RunRecord],
    *,
    title: str = "A robot among people",
    facts: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    pictures: Sequence[Picture] = (),
    proxemics: ProxemicsModel | None = None,
    interaction: InteractionModel | None = None,
) -> Path:
    """Write report.html, its pictures as PNG and metrics.csv; returns the path of the page.

    Runs of the same task and scene are compared with each other, the first one being ours.  The
    page loads nothing: pictures, style, script and the data of the animation are all inside.

    Args:
        out_dir: folder, made when it is missing.
        runs: at least one.
        title: of the page.
        facts: what to state under "How it was made", such as versions.
        notes: sentences that a reader must know, shown there too.
        pictures: more of them, at the end of the last job.
        proxemics, interaction: models for the metrics; the shipped ones when None.

    Raises:
        RunRecordError: there is no run.
    """
    if not runs:
        raise RunRecordError("there is no run to report, expected at least one")
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    proxemics = proxemics or shipped_model()
    interaction = interaction or shipped_interaction_model()
    jobs = _jobs(runs, proxemics, interaction)
    _write_csv(out_dir / "metrics.csv", jobs)
    more: list[Sequence[Picture]] = [*([()] * (len(jobs) - 1)), pictures]
    page = page_template("report.html").substitute(
        title=escape(title),
        style=template_text("report.css"),
        script="".join(map(template_text, ("stage.js", "doll_house.js", "player.js"))),
        verdicts=_verdicts(jobs),
        jobs="\n".join(
            _job_html(job, out_dir, proxemics, interaction, own)
            for job, own in zip(jobs, more, strict=True)
        ),
        notes="\n".join(f"<p>{escape(note)}</p>" for note in notes),
        facts="\n".join(_facts(runs, facts or {})),
    )
    path = out_dir / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _jobs(
    runs: Sequence[RunRecord], proxemics: ProxemicsModel, interaction: InteractionModel
) -> list[Job]:
    together: dict[tuple[str, str], list[RunRecord]] = {}
    for run in runs:
        together.setdefault((run.task, run.scene), []).append(run)
    return [
        Job(tuple(group), tuple(measure(run, proxemics, interaction) for run in group))
        for group in together.values()
    ]


def template_text(name: str) -> str:
    """A file of the templates folder."""
    folder = files("social_nav_core.evaluation") / "templates"
    return (folder / name).read_text(encoding="utf-8")


def page_template(name: str) -> Template:
    """A file of the templates folder with $places to fill."""
    return Template(template_text(name))


def _write_csv(path: Path, jobs: Sequence[Job]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["task", "scene", "arm", "seed", "metric", "value", "unit"])
        for job in jobs:
            for run, values in zip(job.runs, job.values, strict=True):
                for metric in METRICS:
                    value = f"{values[metric.name]:.6g}"
                    about = [run.task, run.scene, run.arm, run.seed]
                    table.writerow([*about, metric.name, value, metric.unit])


def _verdicts(jobs: Sequence[Job]) -> str:
    cards = []
    for job in jobs:
        success = job.values[0]["success"]
        good = success != 0.0
        mark, state = ("✓", "reached its goal") if good else ("✗", "did not reach its goal")
        if math.isnan(success):
            mark, state = "–", "has a goal that was not recorded"
        cards.append(
            f'<div class="verdict{"" if good else " failed"}">'
            f"<strong>{escape(wording.heading(job.runs[0]))}</strong>"
            f'<p><span class="state">{mark} {state}.</span> '
            f"{escape(wording.verdict(job.runs, job.values))}</p></div>"
        )
    return '<div class="verdicts">\n' + "\n".join(cards) + "\n</div>"


def _job_html(
    job: Job,
    out_dir: Path,
    proxemics: ProxemicsModel,
    interaction: InteractionModel,
    more: Sequence[Picture],
) -> str:
    data = json.dumps(scenario(job.runs, proxemics), separators=(",", ":")).replace("<", "\\u003c")
    camera = bool(job.runs[0].views) and len(job.runs) == 1
    layout = " pair" if len(job.runs) > 1 else " with-camera" if camera else ""
    return page_template("job.html").substitute(
        heading=escape(wording.heading(job.runs[0])),
        lead=escape(wording.lead(job.runs)),
        layout=layout,
        stages="\n".join(_stages(job, camera)),
        duration=f"{max(run.duration for run in job.runs):.3f}",
        data=data,
        pictures=_pictures_html(chain(_pictures(job, proxemics, interaction), more), out_dir),
        table=_table(job),
        log=_log(job),
    )


def _stages(job: Job, camera: bool) -> Iterator[str]:
    for run, colour in zip(job.runs, style.ARM_COLOURS, strict=False):
        text = escape(f"Animation. {wording.picture_text([run])}", quote=True)
        yield (
            f'<figure><canvas class="stage" role="img" aria-label="{text}"></canvas><figcaption>'
            f'<span class="swatch" style="background:{colour}"></span>'
            f'<span class="arm">{escape(run.arm)}</span><span class="event"></span>'
            "</figcaption></figure>"
        )
    if camera:
        yield (
            '<figure><canvas class="camera" role="img" aria-label="Skeletons that the robot\'s'
            " camera saw\"></canvas><figcaption>The skeletons that the robot's camera saw: all that"
            " is known of a person's body.</figcaption></figure>"
        )


def _pictures(
    job: Job, proxemics: ProxemicsModel, interaction: InteractionModel
) -> Iterator[Picture]:
    runs, slug = job.runs, job.slug
    about = wording.picture_text(runs)
    if len(runs) > 1:
        caption = "Both ways over the social costs; footprints every 2 s, darker is later."
        yield Picture(f"{slug}_comparison", pictures.comparison(runs), caption, about)
    if runs[0].task == "approach" and runs[0].target_id:
        person = wording.readable(runs[0].target_id)
        caption = f"Where people stand to talk to {person}, and the places that were chosen."
        text = f"Room from above with the interaction density around {person} as a green field."
        yield Picture(f"{slug}_place", pictures.approach_view(runs[0], interaction), caption, text)
    for run, colour in zip(runs, style.ARM_COLOURS, strict=False):
        name = f"{slug}_{re.sub(r'[^a-z0-9]+', '_', run.arm.lower())}"
        caption = (
            f"{run.arm}: the way driven (coloured), the last plan (dashed), people at the end."
        )
        figure = pictures.top_view(run, colour)
        yield Picture(name, figure, caption, wording.picture_text([run]))
    if all(np.isfinite(run.people_in_map).any() for run in runs):
        text = "Curves over time: personal-space cost at the robot, distance to the closest person."
        caption = "What the robot's place costs the people around it, and how near it comes."
        yield Picture(f"{slug}_cost", pictures.cost_curves(runs, proxemics), caption, text)
    if runs[0].views:
        fullest = max(runs[0].views, key=lambda view: sum(b.confidence.sum() for b in view.bodies))
        caption = f"What the robot's camera saw after {fullest.time:.1f} s."
        text = f"Skeletons of {len(fullest.bodies)} people in the robot's camera image."
        yield Picture(f"{slug}_camera", pictures.camera_view(fullest), caption, text)


def picture_html(item: Picture, out_dir: Path) -> str:
    """A figure that holds the picture, which is also saved as PNG in a folder."""
    path = out_dir / f"{item.name}.png"
    pictures.save_picture(item.figure, path)
    narrow = " narrow" if item.figure.get_figwidth() < NARROW else ""
    return (
        f'<figure class="picture{narrow}"><img src="{data_uri(path.read_bytes())}"'
        f' alt="{escape(item.text, quote=True)}">'
        f"<figcaption>{escape(item.caption)}</figcaption></figure>"
    )


def _pictures_html(items: Iterator[Picture], out_dir: Path) -> str:
    parts = [picture_html(item, out_dir) for item in items]
    wide, small = parts[:1], parts[1:]
    return "\n".join([*wide, '<div class="pictures">', *small, "</div>"])


def _table(job: Job) -> str:
    arms = "".join(f'<th scope="col">{escape(run.arm)}</th>' for run in job.runs)
    rows, section = [], ""
    for metric in METRICS:
        values = [value[metric.name] for value in job.values]
        if all(np.isnan(values)):
            continue
        if metric.section != section:
            section = metric.section
            rows.append(
                f'<tr class="section"><th colspan="{len(values) + 1}">{section.title()}</th></tr>'
            )
        unit = f' <span class="unit">[{metric.unit}]</span>' if _has_unit(metric.unit) else ""
        cells = "".join(
            f'<td class="best">{text}<span class="hidden"> (better)</span></td>'
            if wins
            else f"<td>{text}</td>"
            for text, wins in zip(
                [wording.number(metric, value) for value in values],
                wording.best(metric, values),
                strict=True,
            )
        )
        rows.append(
            f'<tr><th scope="row">{escape(metric.label)}{unit}'
            f'<span class="meaning">{escape(metric.meaning)}</span></th>{cells}</tr>'
        )
    better = " The better value is bold." if len(job.runs) > 1 else ""
    return (
        f"<h3>Measured</h3><table><caption>One run each.{better}</caption><thead><tr><th></th>"
        f"{arms}</tr></thead><tbody>" + "\n".join(rows) + "</tbody></table>"
    )


def _has_unit(unit: str) -> bool:
    return unit not in ("", "yes or no")


def _log(job: Job) -> str:
    parts = []
    for run in job.runs:
        if run.events:
            lines = "".join(
                f"<li><time>{event.time - run.times[0]:.1f} s</time> {escape(event.text)}</li>"
                for event in run.events
            )
            parts.append(
                f"<details><summary>What happened, {escape(run.arm)}</summary>"
                f'<ol class="log">{lines}</ol></details>'
            )
    return "\n".join(parts)


def _facts(runs: Sequence[RunRecord], facts: Mapping[str, str]) -> Iterator[str]:
    for run in runs:
        rate = (len(run.times) - 1) / run.duration
        text = f"seed {run.seed}, {run.duration:.1f} s, {rate:.0f} samples a second"
        yield fact_html(f"{wording.heading(run)}, {run.arm}", text)
    versions = {
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "Matplotlib": matplotlib.__version__,
    }
    for name, value in {**facts, **versions}.items():
        yield fact_html(name, value)


def fact_html(name: str, value: str) -> str:
    """A line under "How it was made"."""
    return f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
