"""Input that fuzzing found to do harm, in the form in which it was found."""

from __future__ import annotations

import array
from types import SimpleNamespace

import numpy as np
import pytest
from nav_msgs.msg import Odometry
from sensor_msgs.msg import LaserScan
from social_nav_core.grid import GridGeometry
from social_nav_nodes.adapter import AdapterParameters, PeoplePublisher, person_seen
from social_nav_nodes.conversions import (
    cost_cells,
    grid_from,
    grid_message,
    scan_defect,
    scan_half_angle,
    scan_points,
    transform_message,
)
from social_nav_nodes.navigator_node import NavigatorNode
from std_msgs.msg import Header

from social_nav_msgs.msg import SocialPersonArray

GRID = GridGeometry(3, 2, 0.5)


@pytest.mark.parametrize("increment", [float("nan"), float("inf"), 3e38, -3e38])
def test_beams_without_a_direction_are_no_points(increment):
    scan = LaserScan(angle_min=0.0, angle_increment=increment, range_max=9.0)
    scan.ranges = array.array("f", [1.0, 2.0, 3.0])
    points = scan_points(scan)
    assert np.isfinite(points).all()
    assert len(points) <= 1


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("angle_min", np.nan, "its angle_min is nan, expected a finite number"),
        ("angle_max", np.inf, "its angle_max is inf"),
        ("angle_increment", np.nan, "its angle_increment is nan"),
        ("range_min", np.nan, "its range_min is nan"),
        ("range_max", -np.inf, "its range_max is -inf"),
        ("range_max", 0.05, "its ranges go from 0.05 to 0.05 m, expected up"),
        ("angle_increment", 20.0, "it has a beam at 38.5 rad, expected at most 12.6 rad"),
        ("ranges", array.array("f"), "it has no ranges"),
    ],
)
def test_a_scan_that_says_nothing_of_what_is_around_is_told(field, value, reason):
    scan = LaserScan(angle_min=-1.5, angle_max=1.5, angle_increment=1.5)
    scan.range_min, scan.range_max, scan.ranges = 0.05, 9.0, array.array("f", [1.0, 2.0, 3.0])
    assert scan_defect(scan) is None and scan_half_angle(scan) == 1.5
    setattr(scan, field, value)
    assert (scan_defect(scan) or "").startswith(reason)


def test_a_scan_with_backward_beams_looks_as_far_to_the_side():
    scan = LaserScan(angle_min=0.5, angle_increment=-0.5, range_max=9.0)
    scan.ranges = array.array("f", [1.0] * 4)
    assert scan_half_angle(scan) == 1.0


def test_a_map_with_a_cell_out_of_range_is_refused():
    message = grid_message(np.zeros((2, 3), np.int8), GRID, Header())
    message.data[4] = 101
    with pytest.raises(ValueError, match="map cells run from 0 to 101, expected -1 to 100"):
        grid_from(message)


@pytest.mark.parametrize("cell", [101, -2])
def test_no_grid_out_of_range_is_made(cell):
    with pytest.raises(ValueError, match="expected -1 to 100"):
        grid_message(np.full((2, 3), cell, np.int8), GRID, Header())
    with pytest.raises(ValueError, match=r"shape \(3, 2\), expected \(2, 3\)"):
        grid_message(np.zeros((3, 2), np.int8), GRID, Header())


@pytest.mark.parametrize("cost", [np.nan, np.inf, -0.01, 1.01])
def test_costs_out_of_range_become_no_cells(cost):
    with pytest.raises(ValueError, match="expected 0 to 1"):
        cost_cells(np.array([[0.0, cost]]), 99)
    assert cost_cells(np.array([[0.0, 1.0]]), 99).tolist() == [[0, 99]]


def test_points_that_are_nowhere_are_outside_of_a_grid():
    rows, columns = GRID.cells_of([[np.nan, 0.0], [1e300, 1e300], [-np.inf, np.inf], [0.1, 0.1]])
    assert GRID.contains(rows, columns).tolist() == [False, False, False, True]


@pytest.mark.parametrize("speed", [1e30, float("inf"), float("nan"), -6.0])
def test_odometry_that_cannot_be_does_not_reach_the_wheels(graph, speed):
    node = graph.add(NavigatorNode)
    odometry = Odometry()
    odometry.twist.twist.linear.x = 0.5
    node._odometer._receive(odometry)
    odometry.header.stamp.nanosec = 1000
    odometry.twist.twist.linear.x = speed
    node._odometer._receive(odometry)
    assert node._odometer.velocity == (0.5, 0.0)


def test_a_transform_from_before_time_zero_is_missing_with_a_warning(graph):
    node = graph.add(NavigatorNode)
    for parent, child in (("map", "odom"), ("odom", "base_footprint")):
        transform = transform_message((0.0, 0.0, 0.0), child, Header(frame_id=parent))
        transform.header.stamp.sec = -5
        node._transforms._buffer.set_transform(transform, "test")
    refused = node._log.refused
    assert node._transforms.pose("base_footprint", "map") is None
    assert node._log.refused == refused + 1


def test_an_adapter_passes_an_id_on_once(graph):
    sent: list[SocialPersonArray] = []
    publisher = PeoplePublisher(graph.probe, "people")
    vars(publisher)["_publisher"] = SimpleNamespace(publish=sent.append)
    place = (np.array([0.0, 1.0]), np.zeros(2), 5.0, AdapterParameters())
    people = [person_seen(name, *place) for name in ("ana", "ben", "ana")]
    publisher.publish(people, Header())
    assert [person.id for person in sent[0].people] == ["ana", "ben"]
