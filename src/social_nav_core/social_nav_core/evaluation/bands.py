"""Recorded bands of metrics, so that a change that moves one does not go unseen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from social_nav_core.evaluation.batch import Result
from social_nav_core.evaluation.metrics.table import METRICS
from social_nav_core.input_files import FileError, one_line, read_yaml, shown

WATCHED: dict[str, float] = {
    "success": 0.0,
    "path_length": 0.3,
    "person_contacts": 0.0,
    "obstacle_contacts": 0.0,
    "minimum_distance": 0.1,
    "personal_time": 1.0,
    "o_space_time": 0.2,
    "personal_cost_integral": 0.1,
    "arrival_distance": 0.2,
    "arrival_bearing": 20.0,
    "facing_error": 5.0,
    "place_density": 0.15,
    "wrong_person": 0.0,
    "unwanted_approach": 0.0,
}
"""Metrics with a band, and its least half width in the metric's unit."""
SHARE = 0.1
"""Half width of a band as a share of the mean, where that is more; 0 stays 0."""

Bands = dict[str, dict[str, tuple[float, float]]]
_UNITS = {metric.name: metric.unit for metric in METRICS}
_HEAD = (
    "# Bands of the gate suite, as [low, high] of the mean; worlds/suites/gate.yaml renews them.\n"
)


class BandError(ValueError):
    """A file of bands cannot be used; the message names the file and the place."""


def means(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Means of the watched metrics by entry; those without any value are left out."""
    found: dict[str, dict[str, float]] = {}
    for entry in sorted({result.entry for result in results}):
        for name in WATCHED:
            values = np.array([r.values[name] for r in results if r.entry == entry])
            if np.isfinite(values).any():
                found.setdefault(entry, {})[name] = float(values[np.isfinite(values)].mean())
    return found


def bands_around(results: Sequence[Result]) -> Bands:
    """Bands whose middles are the means of results, as wide as `WATCHED` and `SHARE` say."""
    bands: Bands = {}
    for entry, values in means(results).items():
        for name, mean in values.items():
            half = max(WATCHED[name], SHARE * abs(mean) if WATCHED[name] else 0.0)
            low, high = round(mean - half, 3), round(mean + half, 3)
            bands.setdefault(entry, {})[name] = (low, high)
    return bands


def outside(results: Sequence[Result], bands: Bands) -> list[str]:
    """What is not in its band, a sentence each; entries and metrics must be the same in both."""
    found = means(results)
    problems = []
    for entry, own in bands.items():
        for name, (low, high) in own.items():
            value = found.get(entry, {}).get(name, math.nan)
            if not low <= value <= high:
                unit = f" [{_UNITS[name]}]" if _UNITS[name] else ""
                problems.append(f"{entry}: {name} is {value:.3f}, expected {low} to {high}{unit}")
    return problems + [
        f"{entry}: {name} has no band"
        for entry, values in found.items()
        for name in values
        if name not in bands.get(entry, {})
    ]


def save_bands(path: str | Path, bands: Bands) -> None:
    """Write a YAML file."""
    plain = {e: {n: list(band) for n, band in own.items()} for e, own in bands.items()}
    text = _HEAD + yaml.safe_dump(plain, default_flow_style=None, sort_keys=True)
    Path(path).write_text(text, encoding="utf-8")


def load_bands(path: str | Path) -> Bands:
    """Read a YAML file of `save_bands`; raises `BandError` for anything else."""
    try:
        content = read_yaml(path)
    except FileError as error:
        raise BandError(str(error)) from error
    if not isinstance(content, Mapping):
        raise BandError(f"{path} holds {shown(content)}, expected bands by entry and metric")
    return {str(entry): _own_bands(path, entry, own) for entry, own in content.items()}


def _own_bands(path: str | Path, entry: Any, own: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(own, Mapping):
        raise BandError(f"{path}: {one_line(entry)} is {shown(own)}, expected bands by metric")
    bands = {}
    for name, band in own.items():
        good = isinstance(band, list) and len(band) == 2
        good = good and all(isinstance(x, (int, float)) and math.isfinite(x) for x in band)
        if name not in WATCHED or not good or band[0] > band[1]:
            raise BandError(
                f"{path}: {one_line(entry)}: {one_line(name)} is {shown(band)}, "
                "expected [low, high] of a watched metric"
            )
        bands[str(name)] = (float(band[0]), float(band[1]))
    return bands
