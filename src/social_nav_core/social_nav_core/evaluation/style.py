"""Colours and sizes of all pictures: safe for colour-blind readers (after Paul Tol's palettes)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgb

FLOOR = "#faf9f6"
WALL = "#3f4756"
INK = "#22262e"
QUIET = "#6b7280"
WOOD = ("#e3d6c3", "#b39f84")
FABRIC = ("#cfd6df", "#98a3b3")
LEAF = ("#bcd4ae", "#7f9f6c")

WITH_COSTS = "#00867a"
WITHOUT_COSTS = "#dd5f0d"
ARM_COLOURS = (
    *(WITH_COSTS, WITHOUT_COSTS, "#0069a8", "#c2286b", "#7a6a00", "#555555", "#7d5bb5"),
    *("#4aa3df", "#b8860b", "#a03a3a", "#3c6e47", "#94558d", "#1b3a57"),
)
"""In the order of `arms.ALL_ARMS`."""
ALONE = "#8591a3"
GROUP_COLOURS = ("#4f83cc", "#d08f2f", "#8a5fb5", "#3f9a86", "#b8505e")
INTENT_COLOURS = {0: QUIET, 1: "#00755e", 2: "#00755e", 3: QUIET}
INTENT_WORDS = {0: "", 1: "interacting", 2: "interested", 3: "not interested"}

_COST_STOPS = ("#f3eefa", "#d3c1ec", "#a888d2", "#7a51ad", "#4d2a7d")
_DENSITY_STOPS = ("#eef6e6", "#c4e3b0", "#85c486", "#3f9d6d", "#146b52")


def _see_through(name: str, stops: tuple[str, ...], opaque_from: float) -> ListedColormap:
    """Colour map from nothing at 0 to the last stop at 1, opaque from some share on."""
    colours = LinearSegmentedColormap.from_list(name, stops)(np.linspace(0.0, 1.0, 256))
    colours[:, 3] = 0.9 * np.clip(np.linspace(0.0, 1.0, 256) / opaque_from, 0.0, 1.0)
    return ListedColormap(colours, name=name)


COST_COLOURS = _see_through("social cost", _COST_STOPS, 0.25)
DENSITY_COLOURS = _see_through("interaction density", _DENSITY_STOPS, 0.25)


def time_colours(colour: str) -> LinearSegmentedColormap:
    """Colour map of one hue that gets darker with time."""
    rgb = np.array(to_rgb(colour))
    stops = [tuple(rgb + 0.55 * (1.0 - rgb)), tuple(rgb), tuple(0.45 * rgb)]
    return LinearSegmentedColormap.from_list("time", stops)


def group_colours(group_ids: np.ndarray) -> dict[str, str]:
    """Colour of each group by name; '' (alone) is grey."""
    names = [str(name) for name in np.unique(group_ids) if name]
    colours = {name: GROUP_COLOURS[i % len(GROUP_COLOURS)] for i, name in enumerate(names)}
    return colours | {"": ALONE}


RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 11.0,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.titleweight": "bold",
    "axes.titlesize": 13.0,
    "axes.titlelocation": "left",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
