"""A model of one person or one site that grows with what is seen: MAP with a prior model.

The state is a histogram of where others were around the person, its size fixed, in which old
counts fade with new ones.  The model is the maximum a posteriori fit of skew normals to the
places that people kept out of, with a prior of so many counts of evidence:

    weight of the data = counts / (counts + strength)

and the rest on points drawn from the prior model, which stand for what it would have seen.  An
empty bin means little while few people came by: with n counts a bin meets nobody with
probability p = exp(-n / bins) by chance alone, and then the prior's own density over peak says
how far the place is claimed, so its weight is p times that plus 1 - p.  With no data the model is
the prior, whatever time passes; with many it is the fit of the recipe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.checksums import check_arrays, digest_of
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import FileError, read_arrays, shown
from social_nav_core.parameters import check, parameter
from social_nav_core.proxemics.model import ModelError, ProxemicsModel
from social_nav_core.proxemics.recipes import (
    RADIUS,
    KeptOut,
    RecipeParameters,
    disc_shares,
    fit_kept_out,
    histogram_of,
    kept_out,
)
from social_nav_core.recordings.positions import Histogram
from social_nav_core.whole_file import written_whole

PRIOR_POINTS = 2000
BINS = 60
LARGEST_COUNTS = 1_000_000  # [byte]
MOST_COUNTS = 1e12  # of all bins together
FORMAT = 1  # of the file of counts


@dataclass(frozen=True)
class PersonalParameters:
    """How fast a personal model leaves its prior and forgets."""

    strength: float = parameter(2000.0, "counts", "evidence that the prior is worth", 0.0, 1e7)
    memory: float = parameter(
        50000.0, "counts", "counts after which an old one weighs 1/e; 0 keeps all", 0.0, 1e9
    )

    def __post_init__(self) -> None:
        check(self)


class PersonalModel:
    """Counts of others' positions around one person, and the model that follows from them.

    Args:
        prior: one model for everybody.
        parameters: weight of the prior and memory.
        recipe: how counts become kept-out places.
        seed: of the draws; the model depends on the counts and the seed alone.
    """

    def __init__(
        self,
        prior: ProxemicsModel,
        parameters: PersonalParameters | None = None,
        recipe: RecipeParameters | None = None,
        seed: int = 0,
    ) -> None:
        self.prior = prior
        self.parameters = parameters or PersonalParameters()
        self.recipe = recipe or RecipeParameters(components=len(prior.components), draws=1)
        self._seed = seed
        self._counts = np.zeros((BINS, BINS))
        self._model: ProxemicsModel | None = prior

    @property
    def evidence(self) -> float:
        """Counts that are remembered."""
        return float(self._counts.sum())

    @property
    def counts(self) -> FloatArray:
        """Remembered counts ``(60, 60)`` of the bins of [-1, 1] m, forward by left."""
        return self._counts.copy()

    def observe(self, points: ArrayLike) -> None:
        """Take in positions ``(n, 2)`` (forward, left) [m] of others around the person.

        Positions beyond 1 m say nothing and are left out.

        Raises:
            ValueError: not an array (n, 2) of finite numbers.
        """
        points = np.asarray(points, dtype=float).reshape(-1, 2)
        if not np.isfinite(points).all():
            raise ValueError("positions hold a value that is not finite, expected metres")
        near = points[np.hypot(points[:, 0], points[:, 1]) <= RADIUS]
        self._take(histogram_of(near).counts)

    def observe_histogram(self, histogram: Histogram) -> None:
        """Take in all counts of a histogram with the recipe's bins.

        Raises:
            ValueError: the histogram has other bins, or more counts than make sense.
        """
        if histogram.counts.shape != (BINS, BINS) or abs(histogram.forward[0] + RADIUS) > 1e-3:
            raise ValueError(
                f"histogram of {histogram.counts.shape[0]} x {histogram.counts.shape[1]} bins "
                f"from {histogram.forward[0]:g} m, expected {BINS} x {BINS} from {-RADIUS:g} m"
            )
        self._take(histogram.counts)

    def _take(self, counts: FloatArray) -> None:
        new = float(counts.sum())
        if new == 0.0:
            return
        if not self.evidence + new <= MOST_COUNTS:
            raise ValueError(
                f"{self.evidence + new:.3g} counts together, expected at most {MOST_COUNTS:.3g}"
            )
        memory = self.parameters.memory
        keep = np.exp(-new / memory) if memory > 0.0 else 1.0
        self._counts = keep * self._counts + counts
        self._counts[self._counts < 1e-3] = 0.0
        self._model = None

    @property
    def model(self) -> ProxemicsModel:
        """The present model; fitted when first asked for after new observations."""
        if self._model is None:
            self._model = self._fit()
        return self._model

    def _fit(self) -> ProxemicsModel:
        rng = np.random.default_rng(self._seed)
        empty = histogram_of(np.zeros((0, 2)))
        kept = kept_out(replace(empty, counts=self._counts), self.recipe, rng)
        by_chance = np.exp(-self.evidence / disc_shares(empty).sum())
        claimed = self.prior.pdf(kept.places) / self.prior.peak
        kept_weights = kept.weights * (by_chance * claimed + 1.0 - by_chance)
        kept_weights /= kept_weights.sum()
        share = self.evidence / (self.evidence + self.parameters.strength)
        components = rng.choice(len(self.prior.weights), size=PRIOR_POINTS, p=self.prior.weights)
        imagined = np.concatenate(
            [
                part.sample(int((components == k).sum()), rng)
                for k, part in enumerate(self.prior.components)
            ]
        )
        places = np.concatenate([kept.places, imagined])
        weights = np.concatenate(
            [share * kept_weights, np.full(len(imagined), (1.0 - share) / len(imagined))]
        )
        together = KeptOut(places, weights, kept.count + self.parameters.strength)
        model = fit_kept_out(together, self.recipe, rng).model
        told = f"{self.evidence:.0f} counts ({share:.0%}) on top of: {self.prior.provenance}"
        return replace(model, provenance=told)

    def save_counts(self, path: str | Path) -> None:
        """Write what is remembered to an NPZ file, whole or not at all."""
        fields = {"format": np.int64(FORMAT), "counts": self._counts}
        with written_whole(path) as file:
            np.savez_compressed(file, **fields, sha256=np.str_(digest_of(fields)))

    def load_counts(self, path: str | Path) -> None:
        """Remember what `save_counts` wrote, and nothing else.

        A file without the field ``format`` is read as one of format 1, which had none at first.

        Raises:
            ModelError: the file holds no such counts.
        """
        try:
            arrays = read_arrays(path, LARGEST_COUNTS)
            check_arrays(arrays, path)
            found = arrays.get("format", np.int64(FORMAT))
            if not np.array_equal(found, FORMAT):
                raise FileError(path, f"format is {shown(found.tolist())}, expected {FORMAT}")
            counts = arrays["counts"].astype(float)
        except FileError as error:
            raise ModelError(
                f"{path}: not the counts of a personal model: {error.reason}"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not the counts of a personal model: {error}") from error
        if counts.shape != (BINS, BINS) or not np.isfinite(counts).all() or (counts < 0.0).any():
            raise ModelError(
                f"{path}: counts: shape {counts.shape}, expected {BINS} x {BINS} numbers from 0 up"
            )
        if counts.max() > MOST_COUNTS or counts.sum() > MOST_COUNTS:
            raise ModelError(
                f"{path}: counts: {counts.sum():.3g} together, expected at most {MOST_COUNTS:.3g}"
            )
        self._counts = counts
        self._model = None if counts.any() else self.prior
