"""The demonstration end to end: both jobs on a real DDS graph, and what is left of them."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rosbags.rosbag2 import Reader
from scipy.spatial import Delaunay
from security_policies import compared, lacking, running_enclaves
from social_nav_core.evaluation.record_file import load_run
from social_nav_core.geometry import bearing, relative, wrap_angle
from social_nav_core.people import Intent
from social_nav_nodes.demo.domain import free_domain

ROOT = Path(__file__).parents[1]
MARK = "SOCIAL_NAV_DEMO_TEST"
LONGEST = 300.0  # [s] of wall-clock time, on a machine that does other things too


ROBOTS = {"ROS_DOMAIN_ID": "57", "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}
"""As in the shell of somebody who also works with a robot, or on the robot itself."""


def _start(out: Path, mark: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "social_nav_nodes.demo", "--out", str(out), *more],
        cwd=ROOT,
        env={**os.environ, **ROBOTS, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _left_over(mark: str) -> dict[str, set[str]]:
    """Of the processes that a demonstration started and that still run: environments by command."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = set((process / "environ").read_text().split("\0"))
            if f"{MARK}={mark}" in environment:
                found[(process / "cmdline").read_text().replace("\0", " ")] = environment
        except (OSError, UnicodeDecodeError):
            continue
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demonstration that has run: its folder, what it printed, and its exit status."""
    out = tmp_path_factory.mktemp("demo")
    process = _start(out, "whole")
    printed, _ = process.communicate(timeout=LONGEST)
    return out, printed, process.returncode


def test_both_jobs_reach_their_goals(demo):
    out, printed, status = demo
    assert status == 0, printed
    assert printed.count("reached the goal") == 3
    assert str(out / "report.html") in printed
    assert not _left_over("whole")


def _inside_group(run):
    """Whether the robot was ever within the triangle of the three people."""
    triangle = Delaunay(np.nanmean(run.people_in_map[:, :, :2], axis=0))
    return bool((triangle.find_simplex(run.robot_in_map[:, :2]) >= 0).any())


def test_avoid_goes_around_with_the_social_costs_and_through_without(demo):
    with_costs = load_run(demo[0] / "runs" / "avoid_social_costs.npz")
    without = load_run(demo[0] / "runs" / "avoid_no_social_costs.npz")
    assert with_costs.reached and without.reached
    assert with_costs.seed == without.seed
    assert not _inside_group(with_costs)
    assert _inside_group(without)


def test_approach_ends_in_front_of_the_person_who_moved(demo):
    run = load_run(demo[0] / "runs" / "approach_social_costs.npz")
    assert run.reached and run.target_id == "ana"
    person, robot = run.person("ana"), run.robot_in_map[-1]
    assert np.hypot(*(person[-1, :2] - person[0, :2])) > 1.5
    assert len(run.goals_in_map) >= 2
    robot_in_person = relative(person[-1], robot)
    assert 0.6 < np.hypot(*robot_in_person[:2]) < 1.7
    assert abs(np.arctan2(robot_in_person[1], robot_in_person[0])) < np.radians(75)
    assert abs(wrap_angle(bearing(robot[:2], person[-1, :2]) - robot[2])) < np.radians(15)


def _believed(demo, name, until):
    """Mean probabilities of a person's intents while it was known, up to a time [s]."""
    with np.load(demo[0] / "runs" / "approach_social_costs_perceived.npz") as file:
        column = file["person_ids"].tolist().index(name)
        intent = file["intent"][file["times"] <= until, column]
    return np.nanmean(intent, axis=0)


def test_labels_come_from_skeletons_and_the_right_one_is_approached(demo):
    run = load_run(demo[0] / "runs" / "approach_social_costs.npz")
    ana, ben = (_believed(demo, name, until=4.0) for name in ("ana", "ben"))
    assert ana[Intent.INTERACTING] + ana[Intent.INTERESTED] > 0.6
    assert ben[Intent.INTERACTING] + ben[Intent.INTERESTED] < 0.3
    assert ben[Intent.NOT_INTERESTED] > 0.3
    start, ben_at = run.robot_in_map[0, :2], run.person("ben")[0, :2]
    assert np.hypot(*(ben_at - start)) < np.hypot(*(run.person("ana")[0, :2] - start))
    nearest = np.linalg.norm(run.robot_in_map[:, :2] - run.person("ben")[:, :2], axis=1).min()
    assert nearest > 1.2
    assert 0.0 < ana[Intent.UNKNOWN] < 1.0, "a truth would know everything"


def test_the_group_was_found(demo):
    with np.load(demo[0] / "runs" / "avoid_social_costs_perceived.npz") as file:
        together = [len(set(row)) == 1 and row[0] != "" for row in file["group_ids"].tolist()]
        before_they_are_passed = (file["times"] > 1.0) & (file["times"] < 5.0)
    assert np.mean(np.array(together)[before_they_are_passed]) > 0.6


def test_the_report_holds_everything(demo):
    out = demo[0]
    page = (out / "report.html").read_text()
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", page)
    assert page.count("data:image/png;base64,") >= 6
    assert "simulated skeletons alone" in page
    assert len(list(out.glob("*.png"))) >= 6
    with (out / "metrics.csv").open() as file:
        assert len(list(csv.reader(file))) > 20


def test_the_recordings_hold_the_topics(demo):
    for job in ("avoid_social_costs", "avoid_no_social_costs", "approach_social_costs"):
        with Reader(demo[0] / "recordings" / job) as bag:
            counts = {connection.topic: connection.msgcount for connection in bag.connections}
        for topic in ("/tf", "/map", "/odom", "/scan", "/bodies", "/social_people", "/plan"):
            assert counts[topic] > 0, topic
        assert counts["/social_people_truth"] > 0
        assert counts["/odom"] > 300
    assert counts["/approach_place"] >= 2


def test_interrupting_leaves_no_process_behind(tmp_path):
    process = _start(tmp_path, "interrupted")
    deadline = time.monotonic() + LONGEST
    while len(_left_over("interrupted")) < 7:  # itself and six nodes
        assert time.monotonic() < deadline
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    nodes = [e for command, e in _left_over("interrupted").items() if "_node " in command]
    assert len(nodes) == 6
    for environment in nodes:
        assert "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST" in environment
        assert "ROS_DOMAIN_ID=57" not in environment, "a robot's own would hear /cmd_vel"
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 130, printed
    assert "interrupted" in printed
    assert not _left_over("interrupted")


def test_with_enclaves_every_process_has_its_own_and_what_its_policy_allows(tmp_path):
    nodes = ("goal_selector", "navigator", "perception", "recorder", "simulator", "social_costmap")
    enclaves = {f"/social_nav/{name}": {name} for name in nodes}
    enclaves["/social_nav/demo"] = {"demo_observer"}
    not_here = ["demo_observer: call /approach_person", "simulator: publish /social_people"]
    domain = free_domain()
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    watcher = Node("security_check", context=context)
    process = _start(tmp_path, "secured", "--enclaves", str(domain))
    try:
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline and (
            len(compared(watcher)[0]) < len(enclaves) or lacking(watcher) != not_here
        ):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
        assert compared(watcher) == (sorted([*nodes, "demo_observer"]), [], [])
        found = {path: set(profiles) for path, profiles in running_enclaves(watcher).items()}
        assert found == enclaves
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        watcher.destroy_node()
        context.try_shutdown()


def test_a_scene_folder_without_the_scene_is_one_line(tmp_path):
    command = [sys.executable, "-m", "social_nav_nodes.demo", "--out", str(tmp_path / "out")]
    process = subprocess.run(
        [*command, "--scenes", str(tmp_path)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    assert "circle.yaml" in process.stderr


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "holiday.png").write_text("precious")
    command = [sys.executable, "-m", "social_nav_nodes.demo", "--out", str(tmp_path)]
    process = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert process.returncode == 1
    assert "holds something else" in process.stderr
    assert (tmp_path / "holiday.png").read_text() == "precious"
