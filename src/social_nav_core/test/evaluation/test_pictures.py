"""Pictures: what is drawn, where and in which colour; files that can be read back."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, Polygon
from social_nav_core.evaluation import drawing, pictures, style
from social_nav_core.evaluation.png import palette_png
from social_nav_core.evaluation.run import CameraView, RunRecord, RunRecordError
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.proxemics.model import shipped_model


def axes_of(figure: Figure) -> Axes:
    """The map of a figure."""
    return figure.axes[0]


def texts(figure: Figure) -> list[str]:
    """All words on the map."""
    return [text.get_text() for text in axes_of(figure).texts]


def in_map(patch: Circle | Ellipse | Polygon) -> np.ndarray:
    """The corners of a patch [m]."""
    assert patch.axes is not None
    data = patch.axes.transData.inverted()
    return np.asarray(data.transform(patch.get_transform().transform(patch.get_path().vertices)))


def centres_of_robots(ax: Axes, radius: float) -> np.ndarray:
    """Centres (n, 2) [m] of the robot's footprints on a map."""
    circles = [p for p in ax.patches if isinstance(p, Circle) and p.get_radius() == radius]
    outlines = [in_map(circle) for circle in circles]
    return np.array([0.5 * (o.min(axis=0) + o.max(axis=0)) for o in outlines])


def field_on(ax: Axes) -> np.ndarray:
    """The only field of one value per cell that is shown on a map."""
    (field,) = (a for a in (np.asarray(image.get_array()) for image in ax.images) if a.ndim == 2)
    return field


def heights(line: Line2D) -> np.ndarray:
    """The y values of a curve."""
    return np.asarray(line.get_ydata(), dtype=float)


def test_the_way_on_the_top_view_is_the_way_driven(avoid_with: RunRecord) -> None:
    ax = axes_of(pictures.top_view(avoid_with))
    (line,) = (
        c for c in ax.collections if isinstance(c, LineCollection) and len(c.get_segments()) > 50
    )
    ends = np.array([segment[1] for segment in line.get_segments()])
    np.testing.assert_allclose(ends, avoid_with.robot_in_map[1:, :2])
    np.testing.assert_allclose(np.asarray(line.get_array()), avoid_with.times[:-1])
    planned = next(other for other in ax.lines if other.get_linestyle() == "--")
    np.testing.assert_allclose(np.asarray(planned.get_xydata()), avoid_with.paths_in_map[-1])


def test_footprints_are_drawn_every_two_seconds_and_at_the_end(avoid_with: RunRecord) -> None:
    ax = axes_of(pictures.top_view(avoid_with))
    centres = centres_of_robots(ax, avoid_with.robot_radius)
    whole = [avoid_with.sample_at(t) for t in np.arange(0.0, avoid_with.times[-1] - 1.0, 2.0)]
    expected = avoid_with.robot_in_map[[*whole, -1], :2]
    np.testing.assert_allclose(centres, expected, atol=1e-9)


def test_everybody_has_a_nose_in_front(avoid_with: RunRecord) -> None:
    ax = axes_of(pictures.top_view(avoid_with))
    shoulders = [p for p in ax.patches if type(p) is Ellipse and p.get_height() == 0.5]
    assert len(shoulders) == 3
    tint = style.group_colours(avoid_with.group_ids)["circle"]
    assert {p.get_facecolor() for p in shoulders} == {to_rgba(tint)}
    noses = [in_map(p)[0] for p in ax.patches if isinstance(p, Polygon) and in_map_is_nose(p)]
    people = avoid_with.people_in_map[-1]
    front = people[:, :2] + 0.3 * np.stack([np.cos(people[:, 2]), np.sin(people[:, 2])], -1)
    np.testing.assert_allclose(sorted(map(tuple, noses)), sorted(map(tuple, front)), atol=1e-9)


def in_map_is_nose(patch: Polygon) -> bool:
    """Whether a polygon is a person's nose: 0.3 m ahead of the body's middle."""
    return bool(patch.get_xy()[0].tolist() == [0.3, 0.0])


def test_names_and_intents_are_written(avoid_with: RunRecord, approach: RunRecord) -> None:
    words = texts(pictures.top_view(avoid_with))
    assert [w for w in words if w.startswith("person")] == [
        f"person {i}\nnot interested" for i in range(3)
    ]
    assert {"start", "goal", "1 m"} <= set(words)
    assert "person a\ninterested" in texts(pictures.top_view(approach))


def test_the_costs_on_the_map_are_those_of_the_record(avoid_with: RunRecord) -> None:
    ax = axes_of(pictures.top_view(avoid_with))
    np.testing.assert_array_equal(field_on(ax), avoid_with.costs[-1])


def test_the_cost_at_a_time_is_the_last_one_known(approach: RunRecord) -> None:
    first, later = approach.cost_times[:2]
    halfway = pictures.costs_at(approach, 0.5 * (first + later))
    np.testing.assert_array_equal(halfway, approach.costs[0])
    np.testing.assert_array_equal(pictures.costs_at(approach, later), approach.costs[1])
    assert not pictures.costs_at(approach, first - 1.0).any()


def test_the_picture_shows_walls_but_not_the_furnitures_cells(avoid_with: RunRecord) -> None:
    figure = Figure()
    ax = figure.subplots()
    drawing.room(ax, avoid_with)
    cells = np.asarray(ax.images[0].get_array())
    wall = np.asarray(np.isclose(cells, to_rgba(style.WALL)).all(-1))
    at = avoid_with.grid.cells_of(np.array([[0.02, 3.0], [2.0, 6.2], [6.5, 3.5]]))
    assert wall[at].tolist() == [True, False, False]
    assert (ax.get_xlim()[0], ax.get_ylim()[1]) == pytest.approx((-0.025, 7.025))


def test_a_turned_map_is_drawn_where_it_is(avoid_with: RunRecord) -> None:
    grid = GridGeometry(20, 10, 0.1, (1.0, 2.0, np.pi / 2.0))
    values = np.zeros(grid.shape)
    figure = Figure()
    ax = figure.subplots()
    image = drawing.field(ax, grid, values, style.COST_COLOURS)
    corner = (image.get_transform() - ax.transData).transform((2.0, 1.0))
    np.testing.assert_allclose(corner, (0.0, 4.0), atol=1e-9)


def test_the_comparison_shows_every_way_and_says_how_long(
    avoid_with: RunRecord, avoid_without: RunRecord
) -> None:
    figure = pictures.comparison([avoid_with, avoid_without])
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[0].startswith("social costs: 10.6 m, ")
    assert words[1].startswith("no social costs: 9.7 m, ")
    centres = centres_of_robots(axes_of(figure), avoid_with.robot_radius)
    assert centres[:, 1].min() < 2.0
    with pytest.raises(RunRecordError, match="no run to compare"):
        pictures.comparison([])


def test_the_approach_shows_the_density_around_the_person(approach: RunRecord) -> None:
    model = shipped_interaction_model()
    figure = pictures.approach_view(approach, model)
    field = field_on(axes_of(figure))
    top = np.unravel_index(np.argmax(field), field.shape)
    place = approach.grid.centers()[top]
    person = approach.person("person_a")[-1]
    mode = model.modes()[0]
    cos, sin = np.cos(person[2]), np.sin(person[2])
    turned = np.array([cos * mode[0] - sin * mode[1], sin * mode[0] + cos * mode[1]])
    np.testing.assert_allclose(place, person[:2] + turned, atol=0.08)
    assert {"place 1", "place 2"} <= set(texts(figure))


def test_cost_curves_have_one_line_per_run(avoid_with: RunRecord, avoid_without: RunRecord) -> None:
    figure = pictures.cost_curves([avoid_with, avoid_without], shipped_model())
    costs, distances = figure.axes
    assert [line.get_label() for line in costs.lines] == ["social costs", "no social costs"]
    highest = [heights(line).max() for line in costs.lines]
    assert highest[0] < 0.1 < highest[1]
    nearest = [heights(line).min() for line in distances.lines[:2]]
    assert nearest[0] > 1.2 > nearest[1]


def test_the_camera_view_leaves_out_what_is_not_seen(approach: RunRecord) -> None:
    (dots,) = axes_of(pictures.camera_view(approach.views[0])).collections
    assert np.shape(dots.get_offsets()) == (22, 2)
    empty = pictures.camera_view(CameraView(0.0, 640, 480, ()))
    assert "nobody in view" in texts(empty)


def test_a_saved_picture_can_be_read(tmp_path: Path, avoid_with: RunRecord) -> None:
    pictures.save_picture(pictures.top_view(avoid_with), tmp_path / "top.png")
    picture = matplotlib.image.imread(tmp_path / "top.png")
    assert picture.shape[1] == 1800
    dark = (picture[..., :3].sum(axis=-1) < 1.0).mean()
    assert 0.02 < dark < 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 30), st.integers(1, 256), st.integers(0, 2**31))
def test_palette_pictures_are_read_as_written(
    width: int, height: int, colours: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (colours, 4), dtype=np.uint8)
    palette[:, 3] = np.maximum(palette[:, 3], 1)
    indices = rng.integers(0, colours, (height, width)).astype(np.uint8)
    picture = matplotlib.image.imread(io.BytesIO(palette_png(indices, palette)))
    channels = picture.shape[-1]
    wanted = palette[indices][..., :channels] / 255.0
    np.testing.assert_allclose(picture, wanted, atol=1e-6)


def test_palette_pictures_refuse_indices_without_a_colour() -> None:
    with pytest.raises(ValueError, match="every index below the number of colours"):
        palette_png(np.full((2, 2), 3, np.uint8), np.zeros((3, 4), np.uint8))
