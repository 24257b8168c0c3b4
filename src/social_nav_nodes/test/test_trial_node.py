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


class Bench:
    """All that `trial` needs, and a navigator that never arrives."""

    def __init__(self, graph, place_frame):
        self.graph, self.navigator = graph, PlayedNavigator(graph)
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
        return subprocess.Popen(
            command,
            env={**os.environ, "ROS_DOMAIN_ID": str(self.graph.context.get_domain_id())},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def tell(self):
        """One tenth of a second of simulated time with everything in it."""
        geometry, cells = occupancy(load_scene(SCENE))
        for publisher, values in zip(self.maps, (cells, np.zeros_like(cells)), strict=True):
            if not self.navigator.handles:
                publisher.publish(grid_message(values, geometry, self.graph.header("map")))
        for publisher in self.people:
            person = Person("anna", np.ones(3))
            publisher.publish(people_message([person], self.graph.header("map")))
        self.graph.tick(0.1)

    def is_cancelled(self):
        return bool(self.navigator.handles) and self.navigator.handles[0].is_cancel_requested


@pytest.fixture
def bench(graph, place_frame):
    return Bench(graph, place_frame)


def spin_until(bench, happened):
    for _ in range(2000):
        if happened():
            return
        bench.tell()
    pytest.fail("it did not happen")


def test_a_goal_that_takes_too_long_is_cancelled(bench, tmp_path):
    """Or the robot would drive on with nobody who watches."""
    trial = bench.start(timeout=1.0, out=tmp_path)
    spin_until(bench, lambda: trial.poll() is not None)
    said, _ = trial.communicate()
    assert trial.returncode == 1 and "gave up after 1 s" in said
    assert bench.is_cancelled()
    assert "time_limit: 1.0" in (tmp_path / "task.yaml").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_goal_of_a_trial_that_is_interrupted_is_cancelled(bench, number):
    trial = bench.start()
    spin_until(bench, lambda: bench.navigator.handles)
    for _ in range(50):  # until it knows that the goal was accepted
        bench.tell()
    trial.send_signal(number)
    spin_until(bench, lambda: trial.poll() is not None)
    said, _ = trial.communicate()
    assert trial.returncode == 130 and "Traceback" not in said
    assert bench.is_cancelled()
