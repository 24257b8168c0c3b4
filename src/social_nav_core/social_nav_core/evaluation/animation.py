"""Runs as data for the player in the report: vanilla JavaScript on a canvas, nothing to load.

The page draws the people, the robot and the paths itself; the room and the social costs are
pictures.  `templates/player.js` reads the keys that are made here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from social_nav_core.evaluation import drawing, style
from social_nav_core.evaluation.metrics.comfort import learned_cost
from social_nav_core.evaluation.png import data_uri, palette_png
from social_nav_core.evaluation.run import CameraView, RunRecord
from social_nav_core.evaluation.wording import readable
from social_nav_core.geometry import FloatArray, transform_points
from social_nav_core.people import Action
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.skeleton import EDGES, JOINTS

SAMPLE_PERIOD = 0.1
"""Shortest time [s] between the samples that the page holds; it interpolates."""
COST_PERIOD = 0.25
"""Shortest time [s] between two pictures of the costs."""
COST_LEVELS = 48
ROOM_PIXELS_PER_METRE = 100
MOST_ROOM_PIXELS = 4000
"""Of the longer side of a room's picture: of large maps a metre has fewer."""


def scenario(runs: Sequence[RunRecord], proxemics: ProxemicsModel) -> dict[str, Any]:
    """Runs that are played side by side on one clock, ready for JSON."""
    return {
        "duration": round(max(run.duration for run in runs), 3),
        "edges": [list(edge) for edge in EDGES],
        "sides": [name.split("_")[0] for name in JOINTS],
        "runs": [
            _run(run, proxemics, colour)
            for run, colour in zip(runs, style.ARM_COLOURS, strict=False)
        ],
    }


def _run(run: RunRecord, proxemics: ProxemicsModel, colour: str) -> dict[str, Any]:
    keep = _spaced(run.times, SAMPLE_PERIOD)
    start = float(run.times[0])
    cost = np.zeros(len(run.times))
    if np.isfinite(run.people_in_map).any():
        cost = learned_cost(run.times, run.robot_in_map, run.people_in_map, proxemics)
    goals = zip(run.goal_times, run.goals_in_map, strict=True)
    paths = zip(run.path_times, run.paths_in_map, strict=True)
    return {
        "arm": run.arm,
        "colour": colour,
        "room": _room(run),
        "solids": _solids(run),
        "times": _round(run.times[keep] - start),
        "robot": _poses(run.robot_in_map[keep]),
        "radius": run.robot_radius,
        "cost": _round(cost[keep]),
        "people": [_person(run, i, keep) for i in range(len(run.person_ids))],
        "goals": [{"t": round(t - start, 3), "pose": _round(goal)} for t, goal in goals],
        "paths": [
            {"t": round(t - start, 3), "points": _round(path[_spaced_points(path)])}
            for t, path in paths
        ],
        "costs": list(_cost_frames(run)),
        "events": [{"t": round(e.time - start, 3), "text": e.text} for e in run.events],
        "views": [_view(view, start) for view in run.views],
    }


def _person(run: RunRecord, index: int, keep: np.ndarray) -> dict[str, Any]:
    tint = style.group_colours(run.group_ids)
    there = np.flatnonzero(np.isfinite(run.people_in_map[:, index]).all(-1))
    first = int(there[0]) if len(there) else 0
    intents = run.intents[keep, index]
    changes = np.flatnonzero(np.diff(intents, prepend=-1))
    return {
        "name": readable(run.person_ids[index]),
        "colour": tint[str(run.group_ids[first, index])],
        "poses": _poses(run.people_in_map[keep, index]),
        "labels": [
            {
                "t": round(float(run.times[keep][i] - run.times[0]), 3),
                "text": style.INTENT_WORDS[int(intents[i])],
                "colour": style.INTENT_COLOURS[int(intents[i])],
            }
            for i in changes
        ],
        "waves": _waves(run, index, keep),
    }


def _waves(run: RunRecord, index: int, keep: np.ndarray) -> list[dict[str, Any]]:
    """When a person starts and stops waving."""
    waves = run.actions[keep, index] == Action.WAVE
    changes = np.flatnonzero(np.diff(waves.astype(int), prepend=0))
    times = run.times[keep] - run.times[0]
    return [{"t": round(float(times[i]), 3), "on": bool(waves[i])} for i in changes]


def _view(view: CameraView, start: float) -> dict[str, Any]:
    return {
        "t": round(view.time - start, 3),
        "size": [view.width, view.height],
        "bodies": [
            {
                "name": readable(body.id),
                "joints": np.round(body.joints().astype(float), 2).tolist(),
            }
            for body in view.bodies
        ],
    }


def _room(run: RunRecord) -> dict[str, Any]:
    """Picture of the floor, the walls and the furniture, and the part of the map it shows [m]."""
    with matplotlib.rc_context(style.RC):
        figure = Figure(frameon=False)
        FigureCanvasAgg(figure)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        drawing.room(ax, run)
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        width, height = right - left, top - bottom
        figure.set_size_inches(width, height)
        dpi = min(ROOM_PIXELS_PER_METRE, MOST_ROOM_PIXELS / max(width, height))
        file = io.BytesIO()
        figure.savefig(file, dpi=dpi, format="png", transparent=True)
    box = np.array([left, bottom, right, top], dtype=float)
    return {"box": _round(box), "picture": data_uri(file.getvalue())}


def _solids(run: RunRecord) -> list[dict[str, Any]]:
    """Furniture and walls as boxes: kind, four corners [m] counter-clockwise, height [m]."""
    solids = [
        {"kind": box.kind, "corners": _round(box.corners()), "height": box.height}
        for box in run.furniture
    ]
    edge = run.grid.resolution
    for top, left, bottom, right in rectangles(drawing.wall_cells(run)):
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) * edge
        in_map = transform_points(np.array(run.grid.origin), corners)
        solids.append({"kind": "wall", "corners": _round(in_map), "height": 2.5})
    return solids


def rectangles(cells: np.ndarray) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles (first row, first column, last row + 1, last column + 1) that tile the true cells.

    Each is as wide as it can be from its first cell on, then as high.
    """
    left_over = cells.copy()
    while left_over.any():
        row, column = (int(i[0]) for i in np.nonzero(left_over))
        width = int(np.argmin(np.append(left_over[row, column:], False)))
        block = left_over[row:, column : column + width].all(axis=1)
        height = int(np.argmin(np.append(block, False)))
        left_over[row : row + height, column : column + width] = False
        yield row, column, row + height, column + width


def _cost_frames(run: RunRecord) -> Iterator[dict[str, Any]]:
    """Pictures of the costs where they change, with the pose of their lower left corner."""
    shades = np.linspace(0.0, 1.0, COST_LEVELS)
    palette = np.round(255.0 * style.COST_COLOURS(shades)).astype(np.uint8)
    size = np.array([run.grid.width, run.grid.height]) * run.grid.resolution
    before = np.zeros(0)
    for i in _spaced(run.cost_times, COST_PERIOD):
        levels = np.round(run.costs[i] * (COST_LEVELS - 1)).astype(np.uint8)
        if not np.array_equal(levels, before):
            yield {
                "t": round(float(run.cost_times[i] - run.times[0]), 3),
                "origin": _round(np.array(run.grid.origin)),
                "size": _round(size),
                "picture": data_uri(palette_png(levels[::-1], palette)),
            }
        before = levels


def _spaced(times: FloatArray, period: float) -> np.ndarray:
    """Indices of samples at least a period [s] apart (nearly), the first and last among them."""
    if not len(times):
        return np.zeros(0, dtype=int)
    slots = np.floor((times - times[0]) / period + 1e-3).astype(int)
    keep = np.flatnonzero(np.diff(slots, prepend=-1))
    return np.unique(np.append(keep, len(times) - 1))


def _spaced_points(path: FloatArray, step: float = 0.1) -> np.ndarray:
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return _spaced(along[: len(path)], step)


def _poses(poses: FloatArray) -> list[list[float] | None]:
    return [_round(pose) if np.isfinite(pose).all() else None for pose in poses]


def _round(values: FloatArray) -> list[Any]:
    return list(np.round(np.asarray(values, dtype=float), 3).tolist())
