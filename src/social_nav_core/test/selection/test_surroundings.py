"""The map around people: what is free for a disc, and who sees what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_nav_core.geometry import transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.surroundings import Surroundings

FULL = 65
Point = tuple[float, float]


def surroundings(picture: str, resolution: float = 1.0) -> Surroundings:
    """A map drawn with the highest row first: # occupied, ? unknown, anything else free."""
    rows = picture.split()[::-1]
    occupancy = np.array([[{"#": 100, "?": -1}.get(c, 0) for c in row] for row in rows], np.int8)
    grid = GridGeometry(occupancy.shape[1], occupancy.shape[0], resolution)
    return Surroundings(grid, occupancy, np.zeros(grid.shape))


def drawn(around: Surroundings, eye: Point) -> str:
    """The map with + where the centre of a free cell is seen."""
    seen = around.sees(eye, around.grid.centers().reshape(-1, 2), FULL).reshape(around.grid.shape)
    signs = np.where(around.occupancy == 100, "#", np.where(seen, "+", "."))
    return "\n".join("".join(row) for row in signs[::-1])


def test_a_wall_casts_a_shadow() -> None:
    around = surroundings(
        """
        .........
        ....#....
        ....#....
        .........
        .........
        """
    )
    assert drawn(around, (1.5, 2.45)) == "\n".join(
        [
            "+++++....",
            "++++#....",
            "++++#....",
            "+++++++..",
            "+++++++++",
        ]
    )


def test_the_eye_sees_out_of_an_occupied_cell_but_not_through_the_next() -> None:
    around = surroundings("..##..")
    assert around.sees((2.5, 0.5), [(1.5, 0.5), (4.5, 0.5)], FULL).tolist() == [True, False]


def test_unknown_cells_and_the_edge_of_the_map_do_not_hide() -> None:
    around = surroundings("..?..")
    assert around.sees((0.5, 0.5), [(4.5, 0.5), (9.0, 0.5), (0.5, 0.5)], FULL).all()


def test_no_points_are_no_answers() -> None:
    around = surroundings("..?..")
    assert around.sees((0.5, 0.5), np.empty((0, 2)), FULL).shape == (0,)
    assert [a.shape for a in around.under_disc(np.empty((0, 2)), 0.3, FULL)] == [(0,), (0,)]


def crosses(start: Point, end: Point, low: Point) -> float:
    """Length share of a segment inside the unit square at `low`, by clipping it at the sides."""
    first, last = 0.0, 1.0
    for a, b, edge in zip(start, end, low, strict=True):
        if a == b:
            if not edge <= a < edge + 1.0:  # a line on an edge belongs to the upper cell
                return 0.0
            continue
        near, far = sorted(((edge - a) / (b - a), (edge + 1.0 - a) / (b - a)))
        first, last = max(first, near), min(last, far)
    return max(last - first, 0.0)


inside = st.tuples(st.floats(0.01, 7.99), st.floats(0.01, 5.99))


@given(st.integers(0, 2**32 - 1), inside, inside)
def test_sight_is_blocked_by_exactly_the_cells_that_the_line_enters(
    seed: int, eye: Point, point: Point
) -> None:
    rng = np.random.default_rng(seed)
    occupancy = np.where(rng.random((6, 8)) < 0.2, 100, 0).astype(np.int8)
    grid = GridGeometry(8, 6, 1.0)
    around = Surroundings(grid, occupancy, np.zeros(grid.shape))
    own = (int(eye[1]), int(eye[0]))
    shares = [
        crosses(eye, point, (column, row))
        for row, column in np.argwhere(occupancy)
        if (row, column) != own
    ]
    longest = max(shares, default=0.0)
    if not 0.0 < longest < 1e-6:
        assert around.sees(eye, [point], FULL)[0] == (longest == 0.0)


def test_a_disc_touches_a_cell_from_its_nearest_edge_on() -> None:
    around = surroundings("......\n...#.?\n......", resolution=0.5)
    points = [(1.1, 0.75), (1.25, 0.75), (2.25, 0.75)]
    occupied, unknown = around.under_disc(points, 0.3, FULL)
    assert occupied.tolist() == [False, True, True]  # 0.4, 0.25 and 0.25 m from the cell
    assert unknown.tolist() == [False, False, True]


def test_what_a_disc_covers_off_the_map_is_unknown() -> None:
    around = surroundings("...\n...\n...")
    occupied, unknown = around.under_disc([(1.5, 1.5), (0.2, 1.5), (-9.0, 0.0)], 0.3, FULL)
    assert not occupied.any()
    assert unknown.tolist() == [False, True, True]


def test_a_disc_meets_corners_round() -> None:
    around = surroundings("..#\n...\n...")
    corner = np.array([2.0, 2.0])
    diagonal = np.array([-1.0, -1.0]) / np.sqrt(2.0)
    points = corner + np.outer([0.49, 0.51], diagonal)
    assert around.under_disc(points, 0.5, FULL)[0].tolist() == [True, False]


def test_the_way_is_that_of_the_cell_and_infinite_off_the_map() -> None:
    grid = GridGeometry(3, 2, 0.5)
    lengths = np.array([[1.0, 2.0, 3.0], [4.0, np.inf, 6.0]])
    around = Surroundings(grid, np.zeros((2, 3), np.int8), lengths)
    ways = around.drive_to([(0.1, 0.1), (1.4, 0.9), (0.7, 0.7), (-0.1, 0.1), (9.0, 9.0)])
    assert ways.tolist() == [1.0, 6.0, np.inf, np.inf, np.inf]


@given(
    st.floats(-50.0, 50.0), st.floats(-50.0, 50.0), st.floats(-np.pi, np.pi), st.integers(0, 10**6)
)
def test_nothing_changes_when_the_whole_map_is_turned(
    x: float, y: float, yaw: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    occupancy = rng.choice([0, 100, -1], size=(12, 15), p=[0.7, 0.2, 0.1]).astype(np.int8)
    lengths = rng.random((12, 15))
    flat = Surroundings(GridGeometry(15, 12, 0.2), occupancy, lengths)
    turned = Surroundings(GridGeometry(15, 12, 0.2, (x, y, yaw)), occupancy, lengths)
    points = rng.uniform((0.05, 0.05), (2.95, 2.35), size=(20, 2))
    moved = transform_points((x, y, yaw), points)
    assert (flat.sees(points[0], points, FULL) == turned.sees(moved[0], moved, FULL)).all()
    for a, b in zip(
        flat.under_disc(points, 0.31, FULL), turned.under_disc(moved, 0.31, FULL), strict=True
    ):
        assert (a == b).all()
    assert (flat.drive_to(points) == turned.drive_to(moved)).all()


def test_arrays_of_another_map_are_refused_with_both_shapes() -> None:
    grid = GridGeometry(3, 2, 0.5)
    with pytest.raises(ValueError, match=r"path_lengths has the shape \(3, 2\).*\(2, 3\)"):
        Surroundings(grid, np.zeros((2, 3), np.int8), np.zeros((3, 2)))
