"""The proxemics model of one person and the YAML file that it lives in.

    format: 1
    frame: person             # x forward out of the chest, y left
    mu: [forward, left]                       # [m]
    sigma: [[ff, fl], [fl, ll]]               # [m^2]
    lambda: [forward, left]
    provenance: who learned it, from what, under which licence
    sha256: checksum of everything else; not needed in a file that is written by hand

A model of several components has ``components``, a list of {weight, mu, sigma, lambda}, instead of
the three keys.  ``intervals`` may hold confidence limits: a name and [low, high].  Other keys, and
numbers that no personal space has (see the constants), are refused when a file is read and when one
is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike
from scipy.special import ndtr

from social_nav_core.checksums import FIELD, check_seal, sealed
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import (
    LARGEST_YAML,
    FileError,
    one_line,
    parse_yaml,
    read_file,
    shown,
)
from social_nav_core.proxemics.skew_normal import SkewNormal
from social_nav_core.whole_file import written_whole

MOST_COMPONENTS = 20  # more take seconds to draw
FARTHEST = 20.0  # of mu from the person, forward and left [m]
SMALLEST, LARGEST = 4e-4, 1e3  # eigenvalues of sigma [m^2]: deviations of 2 cm and 32 m
STEEPEST = 1e4  # of lambda
_COMPONENT_KEYS = ("mu", "sigma", "lambda")
_KEYS = ("format", "frame", *_COMPONENT_KEYS, "components", "provenance", "intervals", FIELD)
_ODD = re.compile("[\x85\u2028\u2029\ufeff]|(?:^|[\r\n])%")  # ends of lines in some; directives
SHIPPED_MODEL = Path(__file__).parents[1] / "models" / "proxemics.yaml"


class ModelError(ValueError):
    """A model file is missing or malformed; the message names the file and the field."""


MOST_STEPS = 1000  # of a climb
_COMPASS = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


@dataclass(frozen=True, eq=False)
class ProxemicsModel:
    """Mixture of skew normals in a person's frame, (forward, left) [m].

    Attributes:
        weights: (K,) positive, summing to 1.
        components: K skew normals.
        provenance: where the numbers come from.
        intervals: confidence limits (low, high) of named parameters.
    """

    weights: FloatArray
    components: tuple[SkewNormal, ...]
    provenance: str = ""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=float)
        if weights.shape != (len(self.components),) or not self.components:
            raise ValueError(f"{weights.size} weights for {len(self.components)} components")
        if not ((weights > 0.0).all() and abs(weights.sum() - 1.0) < 1e-6):
            raise ValueError(f"weights are {weights.tolist()}, expected positive with a sum of 1")
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "components", tuple(self.components))

    def pdf(self, points: ArrayLike) -> FloatArray:
        """Density ``(...)`` [1/m^2] at points ``(..., 2)`` [m]."""
        parts = zip(self.weights, self.components, strict=True)
        return sum((w * c.pdf(points) for w, c in parts), np.zeros(()))

    def _pdf_of_few(self, points: FloatArray) -> FloatArray:
        """`pdf` by all components at once, quicker as long as points times K fit a cache."""
        mu, precision, slope, share = self._stacked
        a, b = points[..., :1] - mu[0], points[..., 1:] - mu[1]
        exponent = precision[0] * a * a + precision[1] * a * b + precision[2] * b * b
        return np.asarray((np.exp(-0.5 * exponent) * ndtr(slope[0] * a + slope[1] * b)) @ share)

    @cached_property
    def _stacked(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Of all components: mu, precision (ff, 2 fl, ll), slope, and the factor before it all."""
        parts = self.components
        precision = [(p[0, 0], 2.0 * p[0, 1], p[1, 1]) for p in (c.precision for c in parts)]
        return (
            np.array([c.mu for c in parts]).T,
            np.array(precision).T,
            np.array([c.slope for c in parts]).T,
            self.weights / np.array([c.scale for c in parts]),
        )

    def score_samples(self, points: ArrayLike) -> FloatArray:
        """Log density ``(...)`` at points ``(..., 2)`` [m]."""
        parts = zip(self.weights, self.components, strict=True)
        return np.logaddexp.reduce([np.log(w) + c.logpdf(points) for w, c in parts])

    @cached_property
    def mean(self) -> FloatArray:
        """Mean ``(2,)`` [m]."""
        return self.weights @ np.array([c.mean for c in self.components])

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance ``(2, 2)`` [m^2]."""
        parts = zip(self.weights, self.components, strict=True)
        second = sum(w * (c.covariance + np.outer(c.mean, c.mean)) for w, c in parts)
        return np.asarray(second - np.outer(self.mean, self.mean))

    @cached_property
    def mode(self) -> FloatArray:
        """Place ``(2,)`` [m] of the largest density.

        A mixture is climbed from the mode of each component and from the mean, by a compass
        search with steps of 0.1 m that halve down to a micrometre; of each climb, the place after
        `MOST_STEPS` counts, since along a steep edge steps are as short as the edge is wide.
        """
        if len(self.components) == 1:
            return self.components[0].mode
        tops = np.array([*(c.mode for c in self.components), self.mean])
        steps = np.full(len(tops), 0.1)
        for _ in range(MOST_STEPS):
            climbing = np.flatnonzero(steps > 1e-6)
            if not climbing.size:
                break
            ways = tops[climbing, None] + steps[climbing, None, None] * _COMPASS
            best = np.argmax(self._pdf_of_few(ways), axis=1)
            tops[climbing] = ways[np.arange(len(best)), best]
            steps[climbing[best == 0]] *= 0.5
        return np.asarray(tops[np.argmax(self.pdf(tops))])

    @cached_property
    def peak(self) -> float:
        """Density at the mode [1/m^2]."""
        return float(self.pdf(self.mode))


def load_model(path: str | Path) -> ProxemicsModel:
    """Model of a YAML file.

    Raises:
        ModelError: the file is missing, is not YAML, lacks a field or has another checksum; names
            file and field.
    """
    path = Path(path)
    try:
        content = read_file(path, LARGEST_YAML)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except FileError as error:
        raise ModelError(str(error)) from error
    return _model(path, content)


def _model(path: Path, content: bytes) -> ProxemicsModel:
    data = _data(path, content)
    several = "components" in data
    parts = data["components"] if several else [_single(data)]
    if not isinstance(parts, list) or not 0 < len(parts) <= MOST_COMPONENTS:
        raise ModelError(
            f"{path}: components is {shown(parts)}, expected a list of 1 to {MOST_COMPONENTS}"
        )
    names = [f"components[{i}]." if several else "" for i in range(len(parts))]
    weights, components = [], []
    for name, part in zip(names, parts, strict=True):
        if not isinstance(part, dict):
            raise ModelError(f"{path}: {name[:-1]} is {shown(part)}, expected keys and values")
        _check_keys(path, name, part, ("weight", *_COMPONENT_KEYS))
        weights.append(_numbers(path, name, part, "weight", ()))
        components.append(_component(path, name, part))
    if several and (beside := [key for key in _COMPONENT_KEYS if key in data]):
        raise ModelError(f"{path}: {beside[0]} stands beside components, expected it within them")
    try:
        provenance = data.get("provenance", "")
        if not isinstance(provenance, str):
            raise ModelError(f"{path}: provenance is {shown(provenance)}, expected a text")
        limits = _intervals(path, data.get("intervals", {}))
        return ProxemicsModel(np.array(weights), tuple(components), provenance, limits)
    except ModelError:
        raise
    except ValueError as error:
        raise ModelError(f"{path}: components: {error}") from error


def _data(path: Path, content: bytes) -> dict[str, Any]:
    """The keys and values of a file, its checksum checked."""
    try:
        sealed_here = check_seal(content, path)
        text = content.decode("utf-8-sig")
        if odd := _ODD.search(text):
            raise ModelError(f"{path}: is not YAML (holds {odd[0]!a}, not alike in all versions)")
        data = parse_yaml(text, path)
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: is not YAML ({error})") from error
    except FileError as error:
        raise ModelError(str(error)) from error
    if not isinstance(data, dict):
        raise ModelError(f"{path}: holds a {type(data).__name__}, expected keys and values")
    for key, expected in (("format", 1), ("frame", "person")):
        if type(data.get(key)) is not type(expected) or data[key] != expected:
            raise ModelError(f"{path}: {key} is {shown(data.get(key))}, expected {expected!r}")
    _check_keys(path, "", data, _KEYS)
    if FIELD in data and not sealed_here:
        raise ModelError(f"{path}: {FIELD} cannot be checked, expected a line '{FIELD}: DIGITS'")
    return data


def _single(data: dict[str, Any]) -> dict[str, Any]:
    return {"weight": 1.0, **{key: data[key] for key in _COMPONENT_KEYS if key in data}}


def _check_keys(path: Path, name: str, part: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in part:
        if key not in known:
            raise ModelError(
                f"{path}: {name}{one_line(key, 80)} is no key of it, expected {', '.join(known)}"
            )


def _component(path: Path, name: str, part: dict[str, Any]) -> SkewNormal:
    shapes: dict[str, tuple[int, ...]] = {"mu": (2,), "sigma": (2, 2), "lambda": (2,)}
    values = [_numbers(path, name, part, key, shape) for key, shape in shapes.items()]
    try:
        component = SkewNormal(*values)
    except ValueError as error:
        raise ModelError(f"{path}: {name}{error}") from error
    for problem in _excesses(component):
        raise ModelError(f"{path}: {name}{problem}")
    return component


def _excesses(component: SkewNormal) -> Iterator[str]:
    """What of a component no personal space has."""
    if not (np.abs(component.mu) <= FARTHEST).all():
        yield f"mu is {component.mu.tolist()} m, expected -{FARTHEST:g} to {FARTHEST:g} m"
    low, high = np.linalg.eigvalsh(component.sigma)
    if not (low >= SMALLEST and high <= LARGEST):
        yield (
            f"sigma is {component.sigma.tolist()} m^2 with eigenvalues {low:.3g} and {high:.3g} "
            f"m^2, expected {SMALLEST:g} to {LARGEST:g} m^2"
        )
    if not (np.abs(component.lam) <= STEEPEST).all():
        yield f"lambda is {component.lam.tolist()}, expected -{STEEPEST:g} to {STEEPEST:g}"


def _numbers(
    path: Path, name: str, part: dict[str, Any], key: str, shape: tuple[int, ...]
) -> FloatArray:
    wanted = f"{' x '.join(map(str, shape))} numbers" if shape else "a number"
    if key not in part:
        raise ModelError(f"{path}: {name}{key} is missing, expected {wanted}")
    if not _are_numbers(part[key], shape):
        raise ModelError(
            f"{path}: {name}{one_line(key, 80)} is {shown(part[key])}, expected {wanted}"
        )
    return np.array(part[key], dtype=float)


def _are_numbers(value: Any, shape: tuple[int, ...]) -> bool:
    """Finite numbers in lists of lengths: no texts, and neither true nor yes."""
    if not shape:
        return type(value) in (int, float) and math.isfinite(value)
    of_length = isinstance(value, list) and len(value) == shape[0]
    return of_length and all(_are_numbers(item, shape[1:]) for item in value)


def _intervals(path: Path, data: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(data, dict):
        raise ModelError(f"{path}: intervals is {shown(data)}, expected names and [low, high]")
    limits = {}
    for key in data:
        if not isinstance(key, str):
            raise ModelError(f"{path}: intervals has the key {shown(key)}, expected a name")
        low, high = _numbers(path, "intervals.", data, key, (2,))
        limits[key] = (float(low), float(high))
    return limits


def save_model(path: str | Path, model: ProxemicsModel) -> None:
    """Write a model to a YAML file that `load_model` and the costmap layer read.

    Raises:
        ModelError: `load_model` would refuse it; nothing is written.
        OSError: the file cannot be written.
    """
    parts = [
        {"mu": c.mu.tolist(), "sigma": c.sigma.tolist(), "lambda": c.lam.tolist()}
        for c in model.components
    ]
    data: dict[str, Any] = {"format": 1, "frame": "person"}
    if len(parts) == 1:
        data.update(parts[0])
    else:
        weights = zip(model.weights, parts, strict=True)
        data["components"] = [{"weight": float(w), **part} for w, part in weights]
    if model.intervals:
        data["intervals"] = {name: list(limits) for name, limits in model.intervals.items()}
    data["provenance"] = model.provenance
    text = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=100)
    content = sealed(text.encode())
    if len(content) > LARGEST_YAML:
        raise ModelError(
            f"{path}: not written: {len(content)} bytes, expected at most {LARGEST_YAML}; "
            "shorten the provenance"
        )
    try:
        _model(Path(path), content)
    except ModelError as error:
        hint = "; fit fewer components" if len(parts) > 1 else ""
        raise ModelError(f"{error}: not written{hint}") from error
    with written_whole(path) as file:
        file.write(content)


def shipped_model() -> ProxemicsModel:
    """The model that comes with this package."""
    return load_model(SHIPPED_MODEL)
