"""`trial` as a process of its own, whose goal is not reached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from goal_selector_bench import PlayedNavigator
from nav_msgs.msg import OccupancyGrid
from social_nav_core.people import Person
from social_nav_core.sim.scene import load_scene, occupancy
from social_nav_nodes.conversions import grid_message, people_message

from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics

SCENE = Path(__file__).resolve().parents[3] / "worlds" / "scenes" / "approach.yaml"
INTERRUPTS = [signal.SIGINT, signal.SIGTERM]


class Bench:
    """All that `trial` needs, and a navigator that never arrives."""

    def __init__(self, graph, place_frame, output):
        self.graph, self.navigator, self.output = graph, PlayedNavigator(graph), output
        self.geometry, self.cells = occupancy(load_scene(SCENE))
        probe = graph.probe
        self.maps = [
            probe.create_publisher(OccupancyGrid, name, topics.LATCHED_QOS)
            for name in (topics.MAP, topics.SOCIAL_COSTMAP)
        ]
        self.people = [
            probe.create_publisher(SocialPersonArray, name, topics.RELIABLE_QOS)
            for name in (topics.SOCIAL_PEOPLE_TRUTH, topics.SOCIAL_PEOPLE)
        ]
        place_frame("base_footprint", in_="map", pose=(1.0, 2.0, 0.5))

    def start(self, **parameters):
        about = {"scene": SCENE, "nav2": "false", **parameters}
        command = [sys.executable, "-m", "social_nav_nodes.trial_node", "--ros-args"]
        for name, value in about.items():
            command += ["-p", f"{name}:={value}"]
        with self.output.open("w") as output:
            self.trial = subprocess.Popen(
                command,
                env={**os.environ, "ROS_DOMAIN_ID": str(self.graph.context.get_domain_id())},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def tell(self):
        """A moment of simulated time with everything in it."""
        for publisher, values in zip(self.maps, (self.cells, 0 * self.cells), strict=True):
            if not self.navigator.handles:
                publisher.publish(grid_message(values, self.geometry, self.graph.header("map")))
        for publisher in self.people:
            person = Person("anna", np.ones(3))
            publisher.publish(people_message([person], self.graph.header("map")))
        self.navigator.keep_alive()

    def tell_until(self, happened, what):
        def look():
            self.tell()
            return happened()

        self.graph.spin_until(look, what)

    def end(self):
        """Exit status of the trial, when it has ended by itself."""
        self.tell_until(lambda: self.trial.poll() is not None, "the end of the trial")
        return self.trial.returncode

    def said(self):
        return self.output.read_text()

    def is_cancelled(self):
        return bool(self.navigator.handles) and self.navigator.handles[0].is_cancel_requested


@pytest.fixture
def bench(graph, place_frame, tmp_path):
    bench = Bench(graph, place_frame, tmp_path / "said.txt")
    yield bench
    bench.trial.kill()
    bench.trial.wait()


def test_a_goal_that_takes_too_long_is_cancelled(bench, tmp_path):
    """Or the robot would drive on with nobody who watches."""
    bench.start(timeout=1.0, out=tmp_path)
    assert bench.end() == 1 and "gave up after 1 s" in bench.said()
    assert bench.is_cancelled()
    assert "time_limit: 1.0" in (tmp_path / "task.yaml").read_text()


@pytest.mark.parametrize("number", INTERRUPTS)
def test_the_goal_of_a_trial_that_is_interrupted_is_cancelled(bench, number):
    bench.start()
    bench.tell_until(lambda: "1.5 m left" in bench.said(), "the way to the goal")
    bench.trial.send_signal(number)
    assert bench.end() == 130 and "Traceback" not in bench.said(), bench.said()
    assert bench.is_cancelled()


@pytest.mark.parametrize("number", INTERRUPTS)
def test_a_goal_that_has_no_answer_yet_is_cancelled_as_well(bench, number):
    bench.navigator.before_answer = lambda: bench.trial.send_signal(number)
    bench.start()
    assert bench.end() == 130 and "Traceback" not in bench.said(), bench.said()
    assert bench.is_cancelled()


@pytest.mark.parametrize("number", INTERRUPTS)
def test_a_trial_that_waits_can_be_interrupted(bench, number):
    """For Nav2, which is not there."""
    bench.start(nav2="true")
    bench.tell_until(lambda: "waiting for Nav2" in bench.said(), "the wait for Nav2")
    bench.trial.send_signal(number)
    assert bench.end() == 130 and "Traceback" not in bench.said(), bench.said()
    assert not bench.navigator.handles
