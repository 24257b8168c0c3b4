"""Everything that the pictures show, computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from social_nav_core.geometry import FloatArray, relative
from social_nav_core.interaction.kde import InteractionModel, kernel_density
from social_nav_core.proxemics.baselines import KirbyGaussian
from social_nav_core.proxemics.learning import Learned, learn_proxemics, named_parameters
from social_nav_core.proxemics.model import ProxemicsModel, shipped_model
from social_nav_core.proxemics.recipes import (
    RecipeParameters,
    empty_bin_points,
    fit_histogram,
    weighted_places,
)
from social_nav_core.proxemics.skew_normal import SkewNormal
from social_nav_core.proxemics.validation import Validation, cross_validate
from social_nav_core.recordings.positions import (
    Histogram,
    Positions,
    read_histogram,
    read_positions,
)
from social_nav_core.recordings.trajectories import Trajectories
from social_nav_core.sim.joinings import NEWCOMER, simulate_joining

HISTOGRAM_FILE = "congreg8_avoidance_histogram.csv"
POSITIONS_FILE = "congreg8_interaction_positions.csv"
AnyProxemics = ProxemicsModel | KirbyGaussian
SINGLE_DRAWS = 60
TRIALS = 12
MEMBERS = ("p1", "p2", "p3")
# (mu, sigma, lambda) of the published notebook, from its (left, forward) to (forward, left).
NOTEBOOK = SkewNormal(
    np.array([-0.30797238, 0.01431807]),
    np.array([[0.30178896, -0.00946168], [-0.00946168, 0.07838676]]),
    np.array([2.10735874, 0.02099886]),
)


@dataclass(frozen=True, eq=False)
class Study:
    """Data, models and simulated trials.

    Attributes:
        histogram, positions: the reference tables.
        draw: ``(n, 2)`` one draw of the paper's recipe [m].
        weighted: places ``(n, 2)`` [m] and weights of the recipe of the paper's text.
        learned, learned_weighted: models by both recipes.
        spread: parameters of fits to single draws, by name, ``(60,)`` each.
        validations: by recipe, on held-out bins.
        published: models whose parameters were published.
        interaction: full kernel density estimate of the positions.
        trials: simulated joinings.
    """

    histogram: Histogram
    positions: Positions
    draw: FloatArray
    weighted: tuple[FloatArray, FloatArray]
    learned: Learned
    learned_weighted: Learned
    spread: dict[str, FloatArray]
    validations: dict[str, Validation]
    published: dict[str, ProxemicsModel]
    interaction: InteractionModel
    trials: list[Trajectories]

    @property
    def kirby_as_published(self) -> KirbyGaussian:
        """Kirby's model as the paper used it: a person who walks at 1 m/s."""
        return KirbyGaussian.at_speed(1.0)


def study(folder: Path, seed: int, bootstrap: int, progress: Callable[[str], None]) -> Study:
    """Read, fit and simulate.

    Raises:
        DataError: a table cannot be used.
        OSError: a table is not there.
    """
    rng = np.random.default_rng(seed)
    histogram = read_histogram(folder / HISTOGRAM_FILE)
    positions = read_positions(folder / POSITIONS_FILE)
    learned = {}
    for method in ("paper", "weighted"):
        progress(f"method {method}")
        recipe = RecipeParameters(method=method)
        learned[method] = learn_proxemics(
            histogram, recipe, rng, bootstrap=bootstrap, source=HISTOGRAM_FILE, progress=progress
        )
    single = RecipeParameters(draws=1)
    fits = []
    for number in range(SINGLE_DRAWS):
        progress(f"single draw {number + 1} of {SINGLE_DRAWS}")
        fits.append(named_parameters(fit_histogram(histogram, single, rng).model))
    validations = {}
    for method in learned:
        progress(f"held-out bins, method {method}")
        validations[method] = cross_validate(
            histogram, RecipeParameters(method=method, draws=5), np.random.default_rng(seed)
        )
    trials = []
    for number in range(TRIALS):
        progress(f"joining {number + 1} of {TRIALS}")
        trials.append(simulate_joining(seed * 10_000 + number))
    return Study(
        histogram,
        positions,
        empty_bin_points(histogram, rng),
        weighted_places(histogram, RecipeParameters().smoothing),
        learned["paper"],
        learned["weighted"],
        {name: np.array([fit[name] for fit in fits]) for name in fits[0]},
        validations,
        {
            "deployment": shipped_model(),
            "notebook": ProxemicsModel(np.ones(1), (NOTEBOOK,), "published notebook"),
        },
        kernel_density(positions.points, 0.15),
        trials,
    )


def newcomer_around(trial: Trajectories) -> FloatArray:
    """Where the newcomer is around each member ``(t, 3, 2)``, (forward, left) [m]."""
    newcomer = trial.poses[:, trial.ids.index(NEWCOMER)]
    members = [trial.poses[:, trial.ids.index(name)] for name in MEMBERS]
    return np.stack([relative(member, newcomer)[:, :2] for member in members], axis=1)


def relative_cost(model: AnyProxemics, places: FloatArray) -> FloatArray:
    """Density over its peak: the normalisation that makes models comparable."""
    return model.pdf(places) / model.peak
