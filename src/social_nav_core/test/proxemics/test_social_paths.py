"""What the field does to a planner: the way around a conversation is the cheaper one."""

import math

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.proxemics import SocialZoneParameters, shipped_model, social_field

MODEL = shipped_model()
GRID = GridGeometry(220, 120, 0.05, (-5.5, -3.0, 0.0))
CELLS = np.arange(GRID.width * GRID.height).reshape(GRID.shape)


def at(x, y, yaw) -> Person:
    return Person(f"{x} {y}", np.array([x, y, yaw]), group_id="talk")


def face_to_face(gap):
    return [at(0.0, gap / 2, -math.pi / 2), at(0.0, -gap / 2, math.pi / 2)]


def circle(n, radius):
    angles = math.pi / 3 + 2.0 * math.pi * np.arange(n) / n
    return [at(radius * math.cos(a), radius * math.sin(a), a + math.pi) for a in angles]


def crossing(field, max_cost) -> tuple[float, float]:
    """Largest social cost on the cheapest way across, and its length [m].

    A cell costs 50 + 0.8 max_cost field, as in Nav2's NavFn.
    """
    cost = 50.0 + 0.8 * max_cost * field.ravel()
    edges = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = CELLS[: GRID.height - down, max(0, -right) : GRID.width - max(0, right)].ravel()
        b = CELLS[down:, max(0, right) : GRID.width - max(0, -right)].ravel()
        edges.append((0.5 * math.hypot(down, right) * (cost[a] + cost[b]), a, b))
    weight, a, b = (np.concatenate(part) for part in zip(*edges, strict=True))
    graph = coo_matrix((weight, (a, b)), shape=(CELLS.size, CELLS.size)).tocsr()
    row, column = GRID.cells_of([[-5.0, 0.0], [5.0, 0.0]])
    start, goal = CELLS[row, column]
    _, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    path = [int(goal)]
    while path[-1] != start:
        path.append(int(before[path[-1]]))
    steps = np.diff(np.array(np.divmod(path, GRID.width)), axis=1)
    return float(field.ravel()[path].max()), GRID.resolution * float(np.hypot(*steps).sum())


SCENES = {
    **{f"face to face {gap} m": face_to_face(gap) for gap in (1.2, 1.6, 2.0)},
    "circle of 3, radius 0.8 m": circle(3, 0.8),
    "circle of 3, radius 1.0 m": circle(3, 1.0),
    "circle of 5, radius 1.2 m": circle(5, 1.2),
    "side by side": [at(0.0, 0.4, math.pi), at(0.0, -0.4, math.pi)],
}


@pytest.mark.parametrize("scene", SCENES)
def test_the_cheapest_way_leads_around_a_conversation(scene):
    field = social_field(SCENES[scene], MODEL, GRID)
    for max_cost in (150, 200, 252):
        largest, length = crossing(field, max_cost)
        assert largest < 0.1, f"max_cost {max_cost}: through the group"
        assert length < 1.6 * 10.0


def test_without_costs_the_way_leads_through():
    field = social_field(face_to_face(1.6), MODEL, GRID)
    largest, length = crossing(field, 0)
    assert largest == pytest.approx(1.0, abs=0.01)
    assert length == pytest.approx(10.0)


def test_without_the_o_space_the_way_leads_through():
    alone = SocialZoneParameters(size=1.0, o_space_amplitude=0.0)
    field = social_field(face_to_face(1.6), MODEL, GRID, alone)
    assert crossing(field, 252)[1] == pytest.approx(10.0)
