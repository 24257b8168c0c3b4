"""A proxemics model from data, with what is known about its certainty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from social_nav_core.proxemics.asymmetry import asymmetry
from social_nav_core.proxemics.em import Fit
from social_nav_core.proxemics.mixture import Mixture
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.proxemics.recipes import (
    KeptOut,
    RecipeParameters,
    fit_kept_out,
    histogram_of,
    kept_out,
)
from social_nav_core.proxemics.validation import separation
from social_nav_core.recordings.positions import Histogram, Positions

MOST_COMPONENTS = 5
CONFIDENCE = 0.95
FEWEST_REFITS = 20  # of a bootstrap: fewer have no tails of 2.5 %


@dataclass(frozen=True, eq=False)
class Learned:
    """A model and what was found on the way.

    Attributes:
        model: with provenance and, after a bootstrap, intervals.
        fit: of all data.
        recipe: that was followed; with the number of components that was chosen.
        auc: of empty against visited bins, on the data that were learned from.
        front_back, left_right: probabilities of so much asymmetry by chance.
    """

    model: ProxemicsModel
    fit: Fit
    recipe: RecipeParameters
    auc: float
    front_back: float
    left_right: float

    def summary(self, path: Path) -> str:
        """The findings in a few lines."""
        lines = [
            f"{path}: {len(self.model.components)} skew normal(s) by method {self.recipe.method}, "
            f"{self.fit.count:.0f} places that people kept out of",
        ]
        for number, component in enumerate(self.model.components):
            (f, g), (a, b), (_, c) = component.mu, component.sigma[0], component.sigma[1]
            lines.append(
                f"  weight {self.model.weights[number]:.3f}  mu ({f:.4f}, {g:.4f}) m  "
                f"sigma ({a:.4f}, {b:.4f}, {c:.4f}) m^2  "
                f"lambda ({component.lam[0]:.3f}, {component.lam[1]:.3f})"
            )
        for name, (low, high) in self.model.intervals.items():
            lines.append(f"  {name}: {low:.4f} to {high:.4f} ({CONFIDENCE:.0%})")
        lines.append(
            f"  log-likelihood {self.fit.log_likelihood:.4f} per place, BIC {self.fit.bic:.1f}, "
            f"AUC {self.auc:.3f} (empty against visited bins, learned from the same)"
        )
        lines.append(
            f"  front-back asymmetry p = {self.front_back:.4f}, "
            f"left-right p = {self.left_right:.4f}"
        )
        if not self.fit.converged:
            lines.append("  the likelihood was still rising when the fit was stopped")
        return "\n".join(lines)


def learn_proxemics(
    data: Histogram | Positions,
    recipe: RecipeParameters,
    rng: np.random.Generator,
    *,
    bootstrap: int = 0,
    choose_components: bool = False,
    source: str = "",
    progress: Callable[[str], None] | None = None,
) -> Learned:
    """Fit, and say how certain it is.

    Args:
        bootstrap: number of refits for confidence intervals, 20 or more; 0 for none.
        choose_components: take the number of components (1 to 5) with the smallest BIC.
        source: what the data are, for the provenance.
        progress: called with the state in words.

    Raises:
        ValueError: too few places that people kept out of, or too few refits.
    """
    if 0 < bootstrap < FEWEST_REFITS:
        raise ValueError(f"bootstrap is {bootstrap}, expected 0 or {FEWEST_REFITS} refits or more")
    histogram = data if isinstance(data, Histogram) else histogram_of(data)
    kept = kept_out(histogram, recipe, rng)
    fit = fit_kept_out(kept, recipe, rng, progress=progress)
    if choose_components:
        for components in range(2, MOST_COMPONENTS + 1):
            if kept.count < 8.0 * components:
                break
            larger = replace(recipe, components=components)
            tried = fit_kept_out(kept, larger, rng, progress=progress)
            if tried.bic < fit.bic:
                fit, recipe = tried, larger
    intervals = {}
    if bootstrap > 0:
        samples = _resampled(data, kept, recipe, rng, bootstrap)
        refits = _refitted(samples, fit, recipe, rng, progress)
        intervals = bootstrap_intervals(fit.model, refits)
    front_back, left_right = asymmetry(histogram, kept, recipe.method, rng)
    provenance = (
        f"Learned from {source} ({histogram.counts.sum():.0f} positions within reach of a person) "
        f"by method '{recipe.method}'; prior: the unit disc. Asymmetry by chance: front-back "
        f"p = {front_back:.4f}, left-right p = {left_right:.4f}."
    )
    model = replace(fit.model, provenance=provenance, intervals=intervals)
    auc = separation(model, histogram)
    return Learned(model, fit, recipe, auc, front_back, left_right)


def named_parameters(model: ProxemicsModel) -> dict[str, float]:
    """Every number of a model under its name, such as ``mu_forward``."""
    several = len(model.components) > 1
    found: dict[str, float] = {}
    for number, (weight, part) in enumerate(zip(model.weights, model.components, strict=True)):
        prefix = f"component_{number + 1}_" if several else ""
        values = {"weight": weight} if several else {}
        values |= {"mu_forward": part.mu[0], "mu_left": part.mu[1]}
        values |= {"sigma_forward": part.sigma[0, 0], "sigma_forward_left": part.sigma[0, 1]}
        values |= {"sigma_left": part.sigma[1, 1]}
        values |= {"lambda_forward": part.lam[0], "lambda_left": part.lam[1]}
        found |= {prefix + name: float(value) for name, value in values.items()}
    return found


def bootstrap_intervals(
    fitted: ProxemicsModel, refitted: list[ProxemicsModel], confidence: float = CONFIDENCE
) -> dict[str, tuple[float, float]]:
    """Interval of every parameter: quantiles of refits, moved so that their median is the fit.

    Samples of whole trials visit fewer bins than all trials do, which shifts every refit alike;
    the shift is a property of the sampling and not of the uncertainty.
    """
    values = [named_parameters(model) for model in refitted]
    tail = 50.0 * (1.0 - confidence)
    limits = {}
    for name, estimate in named_parameters(fitted).items():
        spread = np.array([value[name] for value in values])
        low, high = np.percentile(spread - np.median(spread), [tail, 100.0 - tail])
        limits[name] = (estimate + float(low), estimate + float(high))
    return limits


def _refitted(
    samples: Iterator[KeptOut],
    fit: Fit,
    recipe: RecipeParameters,
    rng: np.random.Generator,
    progress: Callable[[str], None] | None,
) -> list[ProxemicsModel]:
    """Models of samples; each refit starts from the fit, so that it stays with its optimum."""
    start = Mixture.from_model(fit.model)
    models = []
    for number, sample in enumerate(samples):
        if progress is not None:
            progress(f"bootstrap {number + 1}")
        models.append(fit_kept_out(sample, recipe, rng, start).model)
    return models


def _resampled(
    data: Histogram | Positions,
    kept: KeptOut,
    recipe: RecipeParameters,
    rng: np.random.Generator,
    times: int,
) -> Iterator[KeptOut]:
    """Samples of the same size: of whole trials where they are known, else of kept-out places.

    Positions of one walk depend on each other, so drawing single positions would be wrong; places
    that people kept out of are the points that the EM takes as independent.
    """
    if isinstance(data, Positions) and data.trials_known:
        members = [np.flatnonzero(data.trials == trial) for trial in np.unique(data.trials)]
        for _ in range(times):
            chosen = rng.integers(len(members), size=len(members))
            rows = np.concatenate([members[number] for number in chosen])
            yield kept_out(histogram_of(data.points[rows]), recipe, rng)
        return
    size = max(8 * recipe.components, round(kept.count))
    for _ in range(times):
        rows = rng.choice(len(kept.places), size=size, p=kept.weights)
        yield KeptOut(kept.places[rows], np.full(size, 1.0 / size), float(size))
