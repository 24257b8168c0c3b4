"""Density of interaction positions around a person: a weighted Gaussian kernel density estimate.

Positions are (forward, left) [m] in the person's frame (REP-103: x out of the chest, y left).
Electronics 2025, 14(18), 3704, section 3.4 uses the same estimate with bandwidth 0.15 m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import maximum_filter

from social_nav_core.checksums import FIELD, check_arrays, digest_of
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import FileError, read_arrays
from social_nav_core.proxemics.model import ModelError
from social_nav_core.whole_file import written_whole

FORMAT = 1
MOST_KERNELS = 2000
FARTHEST = 20.0  # of a kernel from the person, forward and left [m]
NARROWEST, WIDEST = 0.01, 5.0  # bandwidth [m]
MOST_WIDTHS = 500.0  # from the first to the last kernel along an axis [bandwidths]
MOST_MODES = 100
_PAIRS_AT_ONCE = 1_000_000  # of points and kernels, 8 MB each array
_MOST_STEPS = 300  # of mean shift
_LARGEST = 10_000_000  # of a file's arrays [byte]


@dataclass(frozen=True)
class InteractionModel:
    """Weighted Gaussian kernels of one width around a person.

    Attributes:
        centers: kernel positions ``(n, 2)`` as (forward, left) [m].
        weights: shares ``(n,)`` of the kernels, positive, summing to 1.
        bandwidth: standard deviation of every kernel along both axes [m].
        provenance: what it was learned from and how, in words.
        licence: terms of the data it was learned from.
        total_variation: distance to the estimate that this one stands for, in [0, 1]; 0 if none.
    """

    centers: FloatArray
    weights: FloatArray
    bandwidth: float
    provenance: str = ""
    licence: str = ""
    total_variation: float = 0.0

    def __post_init__(self) -> None:
        for field, problem in _problems(self):
            raise ValueError(f"{field} {problem}")

    def check_file(self) -> None:
        """Raise ValueError when a file must not hold it: `check_extent`, or too many kernels."""
        if len(self.centers) > MOST_KERNELS:
            raise ValueError(
                f"centers are {len(self.centers)} kernels, expected at most {MOST_KERNELS}"
            )
        self.check_extent()

    def check_extent(self) -> None:
        """Raise ValueError when it makes no sense around one person, or is too fine to use."""
        for field, problem in _excesses(self):
            raise ValueError(f"{field} {problem}")

    def density(self, points: ArrayLike) -> FloatArray:
        """Probability density [1/m^2] at points ``(..., 2)`` [m]."""
        return np.exp(self.score_samples(points))

    def score_samples(self, points: ArrayLike) -> FloatArray:
        """Log density [log 1/m^2] at points ``(..., 2)`` [m]."""
        points = np.asarray(points, dtype=float)
        flat = points.reshape(-1, 2)
        size = max(1, _PAIRS_AT_ONCE // len(self.weights))
        scores = [self._score(flat[at : at + size]) for at in range(0, len(flat), size)]
        return np.concatenate([*scores, np.empty(0)]).reshape(points.shape[:-1])

    def _score(self, points: FloatArray) -> FloatArray:
        exponent = self._exponent(points)
        largest = exponent.max(axis=1)
        with np.errstate(under="ignore"):
            total = np.exp(exponent - largest[:, None]).sum(axis=1)
        return largest + np.log(total) - np.log(2.0 * np.pi * self.bandwidth**2)

    def _exponent(self, points: FloatArray) -> FloatArray:
        scaled = points / self.bandwidth
        centers = self.centers / self.bandwidth
        squares = (scaled[:, None, 0] - centers[:, 0]) ** 2
        squares += (scaled[:, None, 1] - centers[:, 1]) ** 2
        return np.log(self.weights) - 0.5 * squares

    def on_grid(self, forward: ArrayLike, left: ArrayLike) -> FloatArray:
        """Density [1/m^2] ``(len(forward), len(left))`` on the grid of two axes [m]."""
        along_forward = self._kernels(forward, 0) * self.weights
        return along_forward @ self._kernels(left, 1).T

    def _kernels(self, axis_values: ArrayLike, axis: int) -> FloatArray:
        steps = (np.asarray(axis_values)[:, None] - self.centers[:, axis]) / self.bandwidth
        with np.errstate(under="ignore"):
            return np.exp(-0.5 * steps**2) / (np.sqrt(2.0 * np.pi) * self.bandwidth)

    def axes(self, step: float) -> tuple[FloatArray, FloatArray]:
        """Forward and left axes [m] whose grid holds all but about 1e-6 of the probability."""
        low = self.centers.min(axis=0) - 5.0 * self.bandwidth
        high = self.centers.max(axis=0) + 5.0 * self.bandwidth
        forward, left = (np.arange(low[i], high[i] + step, step) for i in (0, 1))
        return forward, left

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Positions ``(n, 2)`` [m] drawn from the density."""
        chosen = rng.choice(len(self.weights), size=n, p=self.weights)
        return self.centers[chosen] + self.bandwidth * rng.standard_normal((n, 2))

    def modes(self, at_least: float = 0.1) -> FloatArray:
        """Local maxima ``(m, 2)`` [m], the highest first; at most `MOST_MODES`.

        Args:
            at_least: maxima lower than this share of the highest are left out.
        """
        forward, left = self.axes(0.25 * self.bandwidth)
        density = self.on_grid(forward, left)
        summits = density == maximum_filter(density, size=3)
        rows, columns = np.nonzero(summits & (density >= 0.5 * at_least * density.max()))
        highest = np.argsort(-density[rows, columns], kind="stable")[:MOST_MODES]
        starts = np.stack([forward[rows[highest]], left[columns[highest]]], axis=-1)
        places = self._climb(starts)
        places = places[np.argsort(-self.score_samples(places))]
        apart = np.linalg.norm(places[:, None] - places, axis=-1) > 0.1 * self.bandwidth
        first = np.array([apart[i, :i].all() for i in range(len(places))])
        heights = self.density(places)
        return places[first & (heights >= at_least * heights[0])]

    def _climb(self, places: FloatArray) -> FloatArray:
        """Mean shift (Comaniciu and Meer 2002, eq. 20) until no place moves by 1e-6 m.

        Where two kernels are about to part, steps shrink more slowly than any power; then the
        place is that after `_MOST_STEPS`.
        """
        places = places.copy()
        moving = np.arange(len(places))
        for _ in range(_MOST_STEPS):
            exponent = self._exponent(places[moving])
            pull = np.exp(exponent - exponent.max(axis=1, keepdims=True))
            moved = pull @ self.centers / pull.sum(axis=1, keepdims=True)
            far = np.abs(moved - places[moving]).max(axis=1) >= 1e-6
            places[moving] = moved
            moving = moving[far]
            if not moving.size:
                break
        return places

    def save(self, path: str | Path) -> None:
        """Write an NPZ file; it appears whole or not at all.

        Raises:
            ModelError: `load_interaction_model` would refuse it; nothing is written.
            OSError: the file cannot be written.
        """
        try:
            self.check_file()
        except ValueError as error:
            raise ModelError(f"{path}: {error}: not written") from error
        fields: dict[str, Any] = {
            "format": np.int64(FORMAT),
            "frame": np.str_("person"),
            "centers": self.centers,
            "weights": self.weights,
            "bandwidth": np.float64(self.bandwidth),
            "provenance": np.str_(self.provenance),
            "licence": np.str_(self.licence),
            "total_variation": np.float64(self.total_variation),
        }
        fields[FIELD] = np.str_(digest_of(fields))
        with written_whole(path) as file:
            np.savez_compressed(file, **fields)


def kernel_density(
    positions: ArrayLike, bandwidth: float, weights: ArrayLike | None = None
) -> InteractionModel:
    """Kernel density estimate with one kernel per distinct position ``(n, 2)`` [m].

    Args:
        bandwidth: standard deviation of the kernels [m].
        weights: non-negative weight of each position ``(n,)``; equal when left out.
    """
    positions = np.asarray(positions, dtype=float)
    if positions.ndim != 2 or positions.shape[1] != 2 or len(positions) == 0:
        raise ValueError(f"positions have shape {positions.shape}, expected (n, 2) with n > 0")
    weights = np.ones(len(positions)) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape != (len(positions),):
        raise ValueError(f"weights have shape {weights.shape}, expected ({len(positions)},)")
    centers, which = np.unique(positions, axis=0, return_inverse=True)
    totals = np.bincount(which.reshape(-1), weights=weights)
    used = totals > 0.0
    if not used.any():
        raise ValueError("all weights are 0, expected at least one above 0")
    return InteractionModel(centers[used], totals[used] / totals[used].sum(), float(bandwidth))


def _problems(model: InteractionModel) -> Iterator[tuple[str, str]]:
    shape = model.centers.shape
    if len(shape) != 2 or shape[1] != 2 or shape[0] == 0:
        yield "centers", f"have shape {shape}, expected (n, 2) with n > 0"
    elif not np.isfinite(model.centers).all():
        yield "centers", "hold a value that is not finite, expected metres"
    if model.weights.shape != shape[:1]:
        yield "weights", f"have shape {model.weights.shape}, expected {shape[:1]}"
    elif not (model.weights > 0.0).all() or abs(model.weights.sum() - 1.0) > 1e-6:
        yield "weights", f"sum to {model.weights.sum():.6g}, expected positive ones summing to 1"
    if not (np.isfinite(model.bandwidth) and model.bandwidth > 0.0):
        yield "bandwidth", f"is {model.bandwidth} m, expected more than 0 m"
    if not 0.0 <= model.total_variation <= 1.0:
        yield "total_variation", f"is {model.total_variation}, expected 0 to 1"


def _excesses(model: InteractionModel) -> Iterator[tuple[str, str]]:
    """What `InteractionModel.check_extent` refuses: field and problem."""
    far = np.abs(model.centers).max()
    if far > FARTHEST:
        yield "centers", f"reach {far:.6g} m from the person, expected at most {FARTHEST:g} m"
    if not NARROWEST <= model.bandwidth <= WIDEST:
        yield "bandwidth", f"is {model.bandwidth:.6g} m, expected {NARROWEST:g} to {WIDEST:g} m"
    span, most = np.ptp(model.centers, axis=0).max(), MOST_WIDTHS * model.bandwidth
    if span > most:
        yield (
            "bandwidth",
            f"is {model.bandwidth:.6g} m for kernels over {span:.6g} m, expected at least "
            f"{span / MOST_WIDTHS:.6g} m (a {MOST_WIDTHS:g}th)",
        )


def load_interaction_model(path: str | Path) -> InteractionModel:
    """Read an NPZ file written by `InteractionModel.save`.

    Raises:
        ModelError: the file cannot be used; the message names it and the field.
        OSError: there is no such file, or it may not be read.
    """
    try:
        fields = read_arrays(path, _LARGEST)
    except FileError as error:
        raise ModelError(f"{path}: not an interaction model (NPZ): {error.reason}") from error
    _check_fields(path, fields)
    try:
        model = InteractionModel(
            centers=fields["centers"].astype(float),
            weights=fields["weights"].astype(float),
            bandwidth=float(fields["bandwidth"]),
            provenance=str(fields["provenance"]),
            licence=str(fields["licence"]),
            total_variation=float(fields["total_variation"]),
        )
        check_arrays(fields, path)
        model.check_file()
    except FileError as error:
        raise ModelError(str(error)) from error
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: {error}") from error
    return model


def _check_fields(path: str | Path, fields: dict[str, np.ndarray]) -> None:
    kinds = {"format": "i", "frame": "U", "centers": "f", "weights": "f", "bandwidth": "f"}
    kinds |= {"provenance": "U", "licence": "U", "total_variation": "f", FIELD: "U"}
    for name, kind in kinds.items():
        if name not in fields:
            raise ModelError(f"{path}: field {name} is missing")
        if fields[name].dtype.kind != kind:
            raise ModelError(
                f"{path}: field {name} has type {fields[name].dtype}, expected kind '{kind}'"
            )
        if name not in ("centers", "weights") and fields[name].shape != ():
            raise ModelError(
                f"{path}: field {name} has shape {fields[name].shape}, expected one value"
            )
    if int(fields["format"]) != FORMAT:
        raise ModelError(
            f"{path}: field format is {int(fields['format'])}, this version reads {FORMAT}"
        )
    if str(fields["frame"]) != "person":
        raise ModelError(f"{path}: field frame is '{fields['frame']}', expected 'person'")


@lru_cache(maxsize=1)
def shipped_interaction_model() -> InteractionModel:
    """The model that comes with this package, learned from the CongreG8 recordings."""
    with as_file(files("social_nav_core") / "models" / "interaction.npz") as path:
        return load_interaction_model(path)
