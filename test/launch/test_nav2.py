"""The suite and real Nav2, with the headless simulator as the robot; needs Nav2 and the layer."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from social_nav_core.__main__ import main
from social_nav_core.evaluation.metrics.table import measure
from social_nav_core.evaluation.record_file import load_run
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.proxemics.model import shipped_model

packages = pytest.importorskip("ament_index_python.packages")
NEEDED = (
    *("launch_ros", "nav2_bt_navigator", "nav2_controller", "nav2_planner", "nav2_behaviors"),
    *("nav2_lifecycle_manager", "social_nav_costmap", "social_nav_nodes"),
)
MISSING = sorted(set(NEEDED) - set(packages.get_packages_with_prefixes()))
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

LAUNCH = Path(__file__).resolve().parents[2] / "launch" / "tiago_headless.launch.py"
LIMIT = 240.0  # wall-clock time of one run [s]


def drive(out, **arguments):
    """One task, from the start of all nodes to their end; the record of the run."""
    command = ["ros2", "launch", str(LAUNCH), f"out:={out}"]
    command += [f"{name}:={value}" for name, value in arguments.items()]
    environment = {**os.environ, "ROS_LOG_DIR": str(out / "log"), "ROS_DOMAIN_ID": "199"}
    with (out / "said.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30.0)
    assert (out / "run.npz").is_file(), (out / "said.txt").read_text()[-3000:]
    return load_run(out / "run.npz")


def test_nav2_goes_around_people_who_talk(tmp_path):
    run = drive(tmp_path, scene="circle", task="avoid")
    assert run.reached
    values = measure(run, shipped_model(), shipped_interaction_model())
    assert values["o_space_intrusions"] == 0
    assert values["minimum_distance"] > 0.6


def test_nav2_localises_in_its_own_map_and_the_recording_is_measured(tmp_path, capsys):
    run = drive(tmp_path, scene="side_by_side", task="avoid", localization="true", record="true")
    assert run.reached
    said = re.search(
        r"localised to ([\d.]+) m and ([\d.]+) rad", (tmp_path / "said.txt").read_text()
    )
    assert said and float(said[1]) < 0.15 and float(said[2]) < 0.1
    out = tmp_path / "measured"
    assert main(["report-runs", "--recordings", str(tmp_path), "--out", str(out)]) == 0
    (row,) = csv.DictReader((out / "runs.csv").open())
    values = measure(run, shipped_model(), shipped_interaction_model())
    for name in ("path_length", "time_to_goal", "minimum_distance"):
        assert float(row[name]) == pytest.approx(values[name], rel=0.05, abs=0.1), name


def test_nav2_takes_the_robot_to_who_is_interested(tmp_path):
    run = drive(tmp_path, scene="single", task="approach")
    assert run.reached
    assert run.target_id == "ana"
