"""Messages and core types carry the same numbers, there and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nav_msgs.msg import OccupancyGrid
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import LaserScan
from social_nav_core.bodies import Body
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Action, Attitude, Intent, Person, certain
from social_nav_nodes.conversions import (
    bodies_from,
    bodies_message,
    grid_from,
    grid_message,
    path_from,
    path_message,
    people_from,
    people_message,
    pose_from,
    pose_message,
    scan_points,
    seconds,
    stamp_of,
)
from std_msgs.msg import Header

from social_nav_core import people
from social_nav_msgs.msg import SocialPerson, SocialPersonArray

coordinates = st.floats(-1e4, 1e4)
angles = st.floats(-math.pi, math.pi)


@given(coordinates, coordinates, angles)
def test_poses(x, y, yaw):
    got = pose_from(pose_message((x, y, yaw)))
    np.testing.assert_allclose(got[:2], (x, y))
    assert math.remainder(got[2] - yaw, 2 * math.pi) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0.0, 4e9))
def test_stamps(time):
    stamp = stamp_of(time)
    assert 0 <= stamp.nanosec < 10**9
    assert seconds(stamp) == pytest.approx(time, abs=1e-6)


def test_a_person():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(3, 3))
    labels = {name: rng.dirichlet(np.ones(n)) for name, n in (("intent", 4), ("attitude", 4))}
    before = Person(
        id="anna",
        pose=np.array([1.5, -2.0, 0.7]),
        velocity=np.array([0.3, -0.4]),
        covariance=root @ root.T,
        action=certain(Action.WAVE),
        group_id="talk",
        confidence=0.75,
        last_seen=12.25,
        **labels,
    )
    read = people_from(people_message([before], Header()))
    assert not read.left_out
    after = read.people[0]
    assert (after.id, after.group_id) == ("anna", "talk")
    assert (after.confidence, after.last_seen) == (0.75, 12.25)
    for name in ("pose", "velocity", "covariance", "intent", "attitude", "action"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-7)


def test_the_most_probable_labels_are_named():
    person = Person("anna", np.zeros(3), intent=np.array([0.1, 0.2, 0.6, 0.1]))
    message = people_message([person], Header()).people[0]
    assert message.intent == SocialPerson.INTENT_INTERESTED
    assert message.action == SocialPerson.ACTION_UNKNOWN


@pytest.mark.parametrize("labels", [Intent, Attitude, Action])
def test_constants_are_those_of_the_core(labels):
    for label in labels:
        assert getattr(SocialPerson, f"{labels.__name__.upper()}_{label.name}") == label


def test_labels_that_nobody_set_are_unknown():
    message = SocialPersonArray(people=[SocialPerson(id="anna")])
    message.people[0].pose.pose.orientation.w = 1.0
    (anna,) = people_from(message).people
    np.testing.assert_array_equal(anna.intent, people.certain(Intent.UNKNOWN))


def test_who_does_not_say_when_was_seen_at_the_stamp():
    message = SocialPersonArray(people=[SocialPerson(id="anna")], header=Header(stamp=stamp_of(7)))
    message.people[0].pose.pose.orientation.w = 1.0
    assert people_from(message).people[0].last_seen == 7.0


@pytest.mark.parametrize("seed", range(5))
def test_people_in_a_tilted_frame_are_where_they_are(seed):
    """Somebody upright in the map, told in the frame of a camera that is turned anyhow."""
    rng = np.random.default_rng(seed)
    turn, shift = Rotation.random(random_state=seed), rng.normal(size=3)
    place, velocity = np.array([3.0, 1.0, 0.9]), np.array([0.4, -0.7, 0.0])
    spread = rng.normal(size=(3, 3))
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = turn.inv().as_matrix() @ spread @ spread.T @ turn.as_matrix()
    covariance[5, 5] = 0.3
    item = SocialPerson(id="anna", confidence=1.0)
    at, way = item.pose.pose.position, item.velocity
    at.x, at.y, at.z = turn.inv().apply(place - shift).tolist()
    way.x, way.y, way.z = turn.inv().apply(velocity).tolist()
    of = item.pose.pose.orientation
    of.x, of.y, of.z, of.w = (turn.inv() * Rotation.from_euler("z", 2.0)).as_quat().tolist()
    item.pose.covariance = covariance.ravel()
    (anna,) = people_from(SocialPersonArray(people=[item]), (shift, turn.as_matrix())).people
    np.testing.assert_allclose(anna.pose, [3.0, 1.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(anna.velocity, velocity[:2], atol=1e-9)
    np.testing.assert_allclose(anna.covariance[:2, :2], (spread @ spread.T)[:2, :2], atol=1e-9)
    assert anna.covariance[2, 2] == 0.3


def test_bodies():
    rng = np.random.default_rng(2)
    before = Body(
        "b1",
        rng.uniform(0, 640, 23).astype(np.float32),
        rng.uniform(0, 480, 23).astype(np.float32),
        rng.uniform(0, 1, 23).astype(np.float32),
        np.array([1.0, 2.0, 3.0]),
        np.diag([0.1, 0.2, 0.3]),
    )
    message = bodies_message([before], Header(frame_id="base_footprint"), 640, 480)
    assert (message.image_width, message.image_height) == (640, 480)
    (after,) = bodies_from(message)
    for name in ("x", "y", "confidence", "pose", "covariance"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-9)


def test_a_map():
    geometry = GridGeometry(3, 2, 0.05, (-1.0, 2.0, 0.3))
    cells = np.array([[0, 100, -1], [5, 6, 7]], np.int8)
    message = grid_message(cells, geometry, Header(frame_id="map"))
    assert list(message.data) == [0, 100, -1, 5, 6, 7]
    got_geometry, got = grid_from(message)
    assert got_geometry.origin == pytest.approx(geometry.origin)
    assert got_geometry.resolution == 0.05
    np.testing.assert_array_equal(got, cells)


def test_a_map_with_too_few_cells():
    message = grid_message(np.zeros((2, 3), np.int8), GridGeometry(3, 2, 0.05), Header())
    message.data = message.data[:4]
    with pytest.raises(ValueError, match="4 cells, expected 3 x 2"):
        grid_from(message)
    with pytest.raises(ValueError, match="0 x 0 cells"):
        grid_from(OccupancyGrid())


def test_a_path():
    points = np.array([[0.0, 1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(path_from(path_message(points, Header())), points)
    assert path_from(path_message(points[:0], Header())).shape == (0, 2)


def test_only_real_echoes_of_a_scan_are_points():
    scan = LaserScan(angle_min=-math.pi / 2, angle_increment=math.pi / 2, range_min=0.1)
    scan.range_max = 10.0
    scan.ranges = [2.0, math.inf, 3.0, math.nan, 0.05, 11.0]
    np.testing.assert_allclose(scan_points(scan), [[0.0, -2.0], [0.0, 3.0]], atol=1e-6)
