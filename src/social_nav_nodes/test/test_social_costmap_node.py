"""The social costmap node: costs on the map's grid, and what it does with bad input."""

from __future__ import annotations

import numpy as np
import pytest
from nav_msgs.msg import OccupancyGrid
from rclpy.parameter import Parameter
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Person
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import shipped_model
from social_nav_nodes.conversions import grid_message, people_message, seconds, stamp_of
from social_nav_nodes.social_costmap_node import SocialCostmapNode
from social_nav_nodes.topics import LATCHED_QOS, MAP, RELIABLE_QOS, SOCIAL_COSTMAP, SOCIAL_PEOPLE

from social_nav_msgs.msg import SocialPersonArray

GRID = GridGeometry(80, 60, 0.1, (-4.0, -3.0, 0.0))


class Bench:
    """The node with a map, people to tell it of, and the grids that it publishes."""

    def __init__(self, graph, **parameters):
        self.graph = graph
        self.node = graph.add(SocialCostmapNode, parameters=parameters)
        self.warnings: list[str] = []
        self.node.get_logger().warning = self.warnings.append
        self.node._log._logger = self.node.get_logger()
        self.people = graph.probe.create_publisher(SocialPersonArray, SOCIAL_PEOPLE, RELIABLE_QOS)
        self.maps = graph.probe.create_publisher(OccupancyGrid, MAP, LATCHED_QOS)
        self.grids = graph.collect(OccupancyGrid, SOCIAL_COSTMAP, LATCHED_QOS)

    def use_map(self, grid=GRID, frame="map"):
        cells = np.zeros(grid.shape, np.int8)
        self.maps.publish(grid_message(cells, grid, self.graph.header(frame)))

    def tell(self, *people, frame="map", age=0.0, spoil=None):
        """Publish people, each seen now; ``spoil`` may change the message before."""
        message = people_message(list(people), self.graph.header(frame, age))
        for item in message.people:
            item.last_seen = stamp_of(self.graph.now - age)
        if spoil:
            spoil(message)
        self.graph.spin_until(self.people.get_subscription_count, "the node's subscription")
        self.people.publish(message)

    def next_grid(self, wanted=lambda cells: True, what="a grid"):
        """Cells (height, width) of the next grid that is as wanted."""
        self.grids.clear()
        self.graph.spin_until(lambda: any(wanted(cells(m)) for m in self.grids), what)
        return next(cells(m) for m in self.grids if wanted(cells(m)))


def cells(message):
    return np.array(message.data, np.int8).reshape(message.info.height, message.info.width)


def anna(x=0.0, y=0.0, yaw=0.0, **about):
    return Person("anna", np.array([x, y, yaw]), **about)


@pytest.fixture
def bench(graph):
    return Bench(graph)


def test_costs_are_those_of_the_core(bench):
    bench.use_map()
    bench.tell(anna(0.5, 0.2, 1.0))
    got = bench.next_grid(np.any, "costs")
    expected = np.rint(99 * social_field([anna(0.5, 0.2, 1.0)], shipped_model(), GRID))
    np.testing.assert_array_equal(got, expected)
    assert got.max() >= 95


def test_a_message_in_another_frame_is_moved_to_the_maps(bench, place_frame):
    place_frame("odom", in_="map", pose=(1.0, -0.5, np.pi / 2))
    bench.use_map()
    bench.graph.pass_time(0.5)
    bench.tell(anna(1.0, 0.5, 0.0), frame="odom")
    got = bench.next_grid(np.any, "costs")
    person_in_map = anna(0.5, 0.5, np.pi / 2)
    expected = np.rint(99 * social_field([person_in_map], shipped_model(), GRID))
    assert np.abs(got - expected).max() <= 1


def test_the_area_that_a_person_left_is_free_again(bench):
    bench.use_map()
    bench.tell(anna(-2.0))
    before = bench.next_grid(np.any, "costs")
    bench.tell(anna(2.0))
    after = bench.next_grid(lambda c: c[:, 60:].any(), "costs at the new place")
    assert before[:, :40].any() and not after[:, :40].any()
    bench.tell()
    assert not bench.next_grid(lambda c: not c.any(), "an empty grid").any()


def test_a_grid_comes_with_the_people_it_was_made_of(bench):
    bench.use_map()
    bench.tell(anna(-2.0))
    bench.next_grid(np.any, "costs")
    bench.graph.pass_time(0.5)
    bench.tell(anna(2.0))
    told = bench.graph.now
    came = bench.grids
    bench.graph.spin_until(lambda: any(cells(m)[:, 60:].any() for m in came), "costs", step=0.0)
    assert seconds(bench.grids[-1].header.stamp) == pytest.approx(told)
    bench.grids.clear()
    for _ in range(40):
        bench.graph.pass_time(0.05)
        bench.tell(anna())
    assert 9 <= len(bench.grids) <= 11, "5 a second, however often people are told"


def test_people_are_dropped_after_the_timeout(bench):
    bench.use_map()
    bench.tell(anna())
    bench.next_grid(np.any, "costs")
    bench.graph.pass_time(1.5)
    assert bench.next_grid().any()
    bench.graph.pass_time(0.8)
    assert not bench.next_grid().any()
    assert "'anna'" in bench.warnings[-1] and "expected at most 2 s" in bench.warnings[-1]


def _nan_pose(message):
    message.people[0].pose.pose.position.x = float("nan")


def _infinite_pose(message):
    message.people[0].pose.pose.position.y = float("inf")


def _long_quaternion(message):
    message.people[0].pose.pose.orientation.w = 2.0


def _zero_quaternion(message):
    message.people[0].pose.pose.orientation.w = 0.0
    message.people[0].pose.pose.orientation.z = 0.0


def _bad_covariance(message):
    message.people[0].pose.covariance[0] = -1.0


def _nan_covariance(message):
    message.people[0].pose.covariance[7] = float("nan")


def _too_sure(message):
    message.people[0].confidence = 3.0


def _odd_probabilities(message):
    message.people[0].intent_probabilities = np.full(4, 0.5, np.float32)


def _seen_long_ago(message):
    message.people[0].last_seen.sec -= 60


def _seen_in_the_future(message):
    message.people[0].last_seen.sec += 60


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_nan_pose, "pose is (nan, 0.0, 0.0) m"),
        (_infinite_pose, "pose is"),
        (_long_quaternion, "quaternion of length 2"),
        (_zero_quaternion, "quaternion of length 0"),
        (_bad_covariance, "eigenvalue -1"),
        (_nan_covariance, "covariance is"),
        (_too_sure, "confidence is 3"),
        (_odd_probabilities, "intent probabilities"),
        (_seen_long_ago, "last seen 60"),
        (_seen_in_the_future, "in the future"),
    ],
)
def test_a_bad_person_alone_is_left_out_and_named(bench, spoil, reason):
    good = Person("ben", np.array([-2.0, 0.0, 0.0]))
    bench.use_map()
    bench.tell(anna(2.0), good, spoil=spoil)
    got = bench.next_grid(np.any, "costs of the good person")
    expected = np.rint(99 * social_field([good], shipped_model(), GRID))
    np.testing.assert_array_equal(got, expected)
    assert len(bench.warnings) == 1
    assert "'anna' is left out" in bench.warnings[0] and reason in bench.warnings[0]


def test_the_second_of_two_people_with_one_id_is_left_out(bench):
    bench.use_map()
    bench.tell(anna(-2.0), anna(2.0))
    got = bench.next_grid(np.any, "costs")
    expected = np.rint(99 * social_field([anna(-2.0)], shipped_model(), GRID))
    np.testing.assert_array_equal(got, expected)
    assert "the id 'anna' is used twice" in bench.warnings[0]


def test_five_hundred_people(bench):
    rng = np.random.default_rng(1)
    places = rng.uniform((-4.0, -3.0, -3.1), (4.0, 3.0, 3.1), (500, 3))
    bench.use_map()
    bench.tell(*(Person(f"p{index}", pose) for index, pose in enumerate(places)))
    got = bench.next_grid(np.any, "costs")
    assert got.max() == 99 and got.min() >= 0


def test_a_frame_without_a_transform_gives_no_costs_and_one_warning(bench):
    bench.use_map()
    bench.tell(anna(), frame="moon")
    bench.graph.pass_time(1.0)
    for _ in range(3):
        assert not bench.next_grid().any()
    assert len(bench.warnings) == 1
    assert "'moon'" in bench.warnings[0] and "'map'" in bench.warnings[0]


def test_the_grid_follows_a_map_that_changes_its_size(bench):
    bench.use_map()
    bench.tell(anna())
    assert bench.next_grid(np.any, "costs").shape == GRID.shape
    small = GridGeometry(30, 20, 0.2, (-1.0, -1.0, 0.4))
    bench.use_map(small)
    got = bench.next_grid(lambda c: c.shape == small.shape, "a grid of the new size")
    expected = np.rint(99 * social_field([anna()], shipped_model(), small))
    np.testing.assert_array_equal(got, expected)


def test_a_map_that_makes_no_sense_is_refused(bench):
    bench.use_map()
    bench.tell(anna())
    bench.next_grid(np.any, "costs")
    broken = grid_message(np.zeros(GRID.shape, np.int8), GRID, bench.graph.header("map"))
    broken.info.resolution = 0.0
    bench.maps.publish(broken)
    bench.graph.spin_until(lambda: bench.warnings, "a warning")
    assert "resolution is 0" in bench.warnings[0]
    assert bench.next_grid().shape == GRID.shape


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"max_cost": 100}, ["social_costmap", "max_cost is 100", "1 to 99 %"]),
        ({"timeout": -1.0}, ["timeout is -1.0", "0.05 to 60 s"]),
        ({"rate": "fast"}, ["rate is 'fast'", "0.1 to 50 Hz"]),
        ({"zones.combination": "best"}, ["zones.combination is 'best'", "max, sum, mixture"]),
        ({"zones.cutof": 0.1}, ["unknown parameter zones.cutof", "zones.cutoff"]),
    ],
)
def test_a_bad_parameter_stops_the_node(graph, parameters, words):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    with pytest.raises(ParameterError) as error:
        SocialCostmapNode(context=graph.context, parameter_overrides=overrides)
    for word in words:
        assert word in str(error.value)


def _nan_height(message):
    message.people[0].pose.pose.position.z = float("nan")


def _huge_quaternion(message):
    message.people[0].pose.pose.orientation.w = 1e200


def _huge_covariance(message):
    message.people[0].pose.covariance[0] = 1.7e308
    message.people[0].pose.covariance[7] = 1.7e308


def _huge_velocity(message):
    message.people[0].velocity.x = message.people[0].velocity.y = 1.7e308


def _beyond_the_earth(message):
    message.people[0].pose.pose.position.x = 1e15


def _no_name(message):
    message.people[0].id = ""


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_nan_height, "pose is (2.0, 0.0, nan) m"),
        (_huge_quaternion, "quaternion of length 1e+200"),
        (_huge_covariance, "covariance has the value 1.7e+308"),
        (_huge_velocity, "velocity has the value 1.7e+308"),
        (_beyond_the_earth, "pose has the value 1e+15"),
        (_no_name, "id is empty"),
    ],
)
def test_numbers_that_overflow_harm_nobody_else(bench, spoil, reason):
    good = Person("ben", np.array([-2.0, 0.0, 0.0]))
    bench.use_map()
    bench.tell(anna(2.0), good, spoil=spoil)
    got = bench.next_grid(np.any, "costs of the good person")
    expected = np.rint(99 * social_field([good], shipped_model(), GRID))
    np.testing.assert_array_equal(got, expected)
    assert reason in bench.warnings[0]


def test_a_stamp_before_time_zero_is_refused(bench):
    bench.use_map()
    bench.tell(anna(), spoil=lambda message: setattr(message.header.stamp, "sec", -1))
    bench.graph.spin_until(lambda: bench.warnings, "a warning")
    assert "its stamp is -1 s" in bench.warnings[0]
    assert not bench.next_grid().any()


@pytest.mark.parametrize(
    ("learn", "per_person"), [(False, False), (False, True), (True, False), (True, True)]
)
def test_costs_follow_what_people_do_when_learning_is_on(graph, learn, per_person):
    about = {"learning.learn": learn, "learning.refresh": 0.2, "prior.strength": 10.0}
    about["learning.per_person"] = per_person
    bench = Bench(graph, **about)
    bench.use_map()
    bench.tell(anna())
    before = bench.next_grid(np.any, "costs")
    shipped = np.rint(99 * social_field([anna()], shipped_model(), GRID))
    np.testing.assert_array_equal(before, shipped)
    rng = np.random.default_rng(1)
    for _ in range(60):  # others come close in front, where the shipped model keeps them out
        ahead, aside = rng.uniform((0.2, -0.2), (0.6, 0.2))
        bench.tell(anna(), Person("ben", np.array([ahead, aside, np.pi])))
        bench.graph.pass_time(0.3)
    bench.tell(anna())
    bench.graph.pass_time(0.5)
    after = bench.next_grid(np.any, "costs")
    assert np.array_equal(after, shipped) != learn
    if per_person:
        bench.tell(Person("carl", np.zeros(3)))
        bench.next_grid(lambda cells: np.array_equal(cells, shipped), "a stranger's costs")


def test_costs_go_on_when_no_model_can_be_fitted(graph):
    bench = Bench(graph, **{"learning.learn": True, "learning.refresh": 0.2})
    bench.use_map()
    bench.tell(anna(), Person("ben", np.array([0.5, 0.0, 0.0])))
    bench.next_grid(np.any, "costs")
    everywhere = np.random.default_rng(0).uniform(-1.0, 1.0, (60000, 2))
    bench.node._learner._models[""].observe(everywhere)
    last = bench.node._learner.model_of("anna", bench.graph.now)
    bench.graph.pass_time(0.5)
    bench.tell(anna())
    got = bench.next_grid(np.any, "costs")
    bench.graph.spin_until(lambda: bench.warnings, "a warning")
    assert "the site's model stays as it was: " in bench.warnings[0]
    assert got.any() and bench.node._learner.model_of("anna", bench.graph.now) is last
