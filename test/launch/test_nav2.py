"""The suite and real Nav2, with the headless simulator as the robot; needs Nav2 and the layer."""

from __future__ import annotations

import csv
import re

import pytest
from social_nav_core.__main__ import main
from social_nav_core.evaluation.metrics.table import measure
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.proxemics.model import shipped_model

packages = pytest.importorskip("ament_index_python.packages")
NEEDED = (
    *("launch_ros", "nav2_bt_navigator", "nav2_controller", "nav2_planner", "nav2_behaviors"),
    *("nav2_lifecycle_manager", "nav2_velocity_smoother", "nav2_collision_monitor"),
    *("social_nav_costmap", "social_nav_nodes"),
)
MISSING = sorted(set(NEEDED) - set(packages.get_packages_with_prefixes()))
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

LAUNCH = "tiago_headless.launch.py"


def test_nav2_goes_around_people_who_talk(drive, tmp_path):
    run = drive(LAUNCH, tmp_path, scene="circle", task="avoid")
    assert run.reached
    values = measure(run, shipped_model(), shipped_interaction_model())
    assert values["o_space_intrusions"] == 0
    assert values["minimum_distance"] > 0.6


def test_nav2_localises_in_its_own_map_and_the_recording_is_measured(drive, tmp_path, capsys):
    about = {"scene": "side_by_side", "task": "avoid", "localization": "true", "record": "true"}
    run = drive(LAUNCH, tmp_path, **about)
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


def test_nav2_takes_the_robot_to_who_is_interested(drive, tmp_path):
    run = drive(LAUNCH, tmp_path, scene="single", task="approach")
    assert run.reached
    assert run.target_id == "ana"
