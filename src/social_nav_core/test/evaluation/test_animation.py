"""Data of the player: boxes of the room, waving, and what a small screen needs."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from social_nav_core.evaluation.animation import rectangles, scenario
from social_nav_core.evaluation.drawing import wall_cells
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.people import Action
from social_nav_core.proxemics.model import shipped_model


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_rectangles_tile_the_cells_once(cells: np.ndarray) -> None:
    covered = np.zeros(cells.shape, dtype=int)
    for top, left, bottom, right in rectangles(cells):
        covered[top:bottom, left:right] += 1
    np.testing.assert_array_equal(covered, cells.astype(int))


def test_a_frame_of_walls_is_four_rectangles() -> None:
    frame = np.ones((5, 9), dtype=bool)
    frame[1:-1, 1:-1] = False
    assert sorted(rectangles(frame)) == [(0, 0, 1, 9), (1, 0, 5, 1), (1, 8, 5, 9), (4, 1, 5, 8)]


def area(corners: list[list[float]]) -> float:
    """Area of a polygon, positive when its corners go counter-clockwise."""
    x, y = np.array(corners).T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def test_the_room_in_boxes(avoid_with: RunRecord) -> None:
    solids = scenario([avoid_with], shipped_model())["runs"][0]["solids"]
    furniture = [solid for solid in solids if solid["kind"] != "wall"]
    assert [solid["height"] for solid in furniture] == [b.height for b in avoid_with.furniture]
    for solid, box in zip(furniture, avoid_with.furniture, strict=True):
        np.testing.assert_allclose(solid["corners"], box.corners(), atol=6e-4)
    walls = [area(solid["corners"]) for solid in solids if solid["kind"] == "wall"]
    assert min(walls) > 0.0
    cells = np.count_nonzero(wall_cells(avoid_with))
    np.testing.assert_allclose(sum(walls), cells * 0.05**2, atol=1e-3)
    assert len(walls) < 20


@pytest.mark.parametrize("resolution", [1e4, 1e7])
def test_the_picture_of_a_large_map_is_not_large(avoid_with: RunRecord, resolution: float) -> None:
    """It once had 100 pixels for every metre, and took all memory or could not be drawn."""
    grid = replace(avoid_with.grid, resolution=resolution)
    (run,) = scenario([avoid_with.changed(grid=grid)], shipped_model())["runs"]
    png = base64.b64decode(run["room"]["picture"].partition(",")[2])
    assert 1000 <= max(struct.unpack(">II", png[16:24])) <= 4001


def test_waving_is_told_with_its_times(avoid_with: RunRecord) -> None:
    actions = np.zeros_like(avoid_with.actions)
    actions[10:20, 1] = Action.WAVE
    run = scenario([avoid_with.changed(actions=actions)], shipped_model())["runs"][0]
    assert run["people"][0]["waves"] == []
    assert run["people"][1]["waves"] == [{"t": 1.0, "on": True}, {"t": 2.0, "on": False}]
