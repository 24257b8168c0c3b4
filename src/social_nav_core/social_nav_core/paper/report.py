"""One page with all pictures, the parameters side by side, and what agrees and what does not."""

from __future__ import annotations

import csv
import html
import io
from pathlib import Path

import numpy as np

from social_nav_core.paper.figures import FIGURES, Columns, final_costs
from social_nav_core.paper.study import AnyProxemics, Study
from social_nav_core.proxemics.baselines import KirbyGaussian
from social_nav_core.proxemics.learning import named_parameters
from social_nav_core.proxemics.validation import separation
from social_nav_core.whole_file import written_whole


def parameter_rows(study: Study) -> list[dict[str, str]]:
    """Parameters: learned (with interval), single draws, and both published sets."""
    learned = named_parameters(study.learned.model)
    weighted = named_parameters(study.learned_weighted.model)
    published = {name: named_parameters(model) for name, model in study.published.items()}
    rows = []
    for name, value in learned.items():
        low, high = study.learned.model.intervals.get(name, (float("nan"), float("nan")))
        draws = study.spread[name]
        rows.append(
            {
                "parameter": name,
                "published, deployment": f"{published['deployment'][name]:.4f}",
                "published, notebook": f"{published['notebook'][name]:.4f}",
                "method paper": f"{value:.4f}",
                "95 % interval": f"{low:.3f} to {high:.3f}",
                "single draws": f"{draws.mean():.3f} +- {draws.std():.3f}",
                "method weighted": f"{weighted[name]:.4f}",
            }
        )
    return rows


def _outside(study: Study) -> list[str]:
    """Published parameters beyond the smallest and largest of the single draws."""
    return [
        f"{parameter} of the {name}"
        for name, model in study.published.items()
        for parameter, value in named_parameters(model).items()
        if not study.spread[parameter].min() <= value <= study.spread[parameter].max()
    ]


def agreement(study: Study) -> str:
    """One paragraph on where the result agrees with the paper and where it does not."""
    return " ".join([_told_of_parameters(study), _told_of_text(study), _told_of_kirby(study)])


def _told_of_parameters(study: Study) -> str:
    part, spread, outside = study.learned.model.components[0], study.spread, _outside(study)
    verdict = (
        f"not all published parameters lie among them ({', '.join(outside)}): the parameters "
        f"agree in part."
        if outside
        else "all published parameters lie among them: the parameters agree."
    )
    return (
        f"The paper's recipe, repeated on its own data, gives mu_forward {part.mu[0]:.3f} m and "
        f"lambda_forward {part.lam[0]:.2f}; {len(spread['mu_forward'])} single draws scatter by "
        f"{spread['mu_forward'].std():.3f} m and {spread['lambda_forward'].std():.2f}, and "
        f"{verdict}"
    )


def _told_of_text(study: Study) -> str:
    found = study.validations
    better = found["paper"].auc > found["weighted"].auc
    return (
        f"What the paper's text describes, points in proportion to the inverse density, is another "
        f"model (lambda_forward {study.learned_weighted.model.components[0].lam[0]:.2f}); on "
        f"held-out bins it tells places where people walk from places where they do not "
        f"{'less' if better else 'equally or more'} well (AUC {found['weighted'].auc:.3f} against "
        f"{found['paper'].auc:.3f}; mean log density of empty bins "
        f"{found['weighted'].log_likelihood:.3f} against {found['paper'].log_likelihood:.3f}): the "
        f"truncation to 0 or 1, which the published code has and the text has not, "
        f"{'helps' if better else 'does not help'}."
    )


def _told_of_kirby(study: Study) -> str:
    models: dict[str, AnyProxemics] = {
        "the learned model": study.learned.model,
        "Kirby's for a standing person": KirbyGaussian(),
        "Kirby's as the paper used it": study.kirby_as_published,
    }
    separated = ", ".join(
        f"{separation(model, study.histogram):.3f} for {name}" for name, model in models.items()
    )
    costs = {name: final_costs(study, model)[..., 0].mean() for name, model in models.items()}
    _, standing, walking = costs.values()
    modes = study.interaction.modes()
    where = ", ".join(f"({forward:.2f}, {left:+.2f})" for forward, left in modes)
    return (
        f"After the same normalisation (density over peak), which the paper did not apply, the AUC "
        f"on all bins is {separated}. The newcomer's mean cost at the end of the simulated "
        f"joinings is {', '.join(f'{value:.3f} by {name}' for name, value in costs.items())}: to "
        f"give Kirby's model a speed of 1 m/s for people who stand, as the paper did, multiplies "
        f"its cost by {walking / standing:.0f}. The modes of the interaction positions, {where} m "
        f"forward and left, {'all lie' if (modes[:, 0] > 0.0).all() else 'do not all lie'} in "
        f"front. The joinings are scripted: they show how models compare, and say nothing about "
        f"people; the paper's trials with a robot are not repeated here."
    )


def write_report(study: Study, folder: Path) -> list[Path]:
    """Pictures (PNG), the numbers behind them (CSV), the parameters and ``index.html``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in FIGURES.items():
        figure, columns = draw(study)
        with written_whole(folder / f"{name}.png") as file:
            figure.savefig(file, format="png", dpi=120)
        _write_csv(folder / f"{name}.csv", columns)
        written += [folder / f"{name}.png", folder / f"{name}.csv"]
    rows = parameter_rows(study)
    _write_csv(
        folder / "parameters.csv",
        {name: np.array([row[name] for row in rows]) for name in rows[0]},
    )
    paragraph = agreement(study)
    with written_whole(folder / "index.html") as file:
        file.write(_page(rows, paragraph).encode())
    with written_whole(folder / "agreement.txt") as file:
        file.write((paragraph + "\n").encode())
    return [*written, *(folder / n for n in ("parameters.csv", "agreement.txt", "index.html"))]


def _write_csv(path: Path, columns: Columns) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([f"{v:.6g}" if isinstance(v, float | np.floating) else v for v in row])
    with written_whole(path) as file:
        file.write(text.getvalue().encode())


def _page(rows: list[dict[str, str]], paragraph: str) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row.values()) + "</tr>"
        for row in rows
    )
    pictures = "".join(
        f"<h2>{name.replace('_', ' ')}</h2><p>{html.escape((draw.__doc__ or '').strip())} "
        f'<a href="{name}.csv">numbers</a></p><img src="{name}.png" alt="{name}">'
        for name, draw in FIGURES.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Counterparts of the '
        "paper's figures</title><style>body{font:16px/1.5 sans-serif;max-width:64rem;"
        "margin:2rem auto;padding:0 1rem}img{max-width:100%}table{border-collapse:collapse;"
        "font-size:14px}td,th{padding:.2rem .6rem;border-bottom:1px solid #ccc;text-align:right}"
        "</style><h1>Counterparts of the figures of Electronics 2025, 14(18), 3704</h1>"
        f"<p>{html.escape(paragraph)}</p><table><tr>{head}</tr>{body}</table>{pictures}</html>"
    )
