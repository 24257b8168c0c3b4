"""Bad values of all arguments of all launch files: a line with name, value, what is expected."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("launch", reason="ROS 2's launch is not installed")
pytest.importorskip("launch_ros", reason="ROS 2's launch_ros is not installed")

from launch.actions import DeclareLaunchArgument
from launch.launch_description_sources import PythonLaunchDescriptionSource
from social_nav_nodes.launching import MissingError

from launch import LaunchContext

ROOT = Path(__file__).resolve().parents[2]
Walk = runpy.run_path(str(Path(__file__).with_name("launch_walk.py")))["Walk"]
NO_FILE = ("", "nowhere.yaml", str(ROOT))
NO_NAME = ("a b", "a: {b", "x/../y", "7up", "a//b", "/a/", "a-b", "{}", "a\nb", "a" * 999)
NO_FRAME = ("a b", "/base", "a//b", "{}", "a\nb", " ")
BAD = {
    "seed": ("x", "-1", "1.5", "1e3", "2147483648", "\N{SUPERSCRIPT TWO}", " ", ""),
    "trials": ("x", "0", "-1", "1.5", "9999999"),
    "speed": ("x", "nan", "inf", "0", "-1", "51", "1 2", "1_0", ""),
    "initial_pose": ("1 2", "1 2 3 4", "x y z", "nan nan nan", "0 0 inf", "1e9 0 0", "1,2,3", " "),
    "social_timeout": ("x", "nan", "0", "61", "1 2", " "),
    "namespace": (*NO_NAME, "/"),
    "scan_topic": NO_NAME,
    "odom_topic": NO_NAME,
    "camera": (*(name for name in NO_NAME if name != "/a/"), ""),
    "image": (*NO_NAME, ""),
    "camera_info": (*NO_NAME, ""),
    "depth": (*NO_NAME, ""),
    "base_frame": NO_FRAME,
    "camera_frame": NO_FRAME,
    "gz_version": ("x", "-8", "8.1", "0"),
    "out": (str(ROOT / "README.md"), str(ROOT / "README.md" / "below")),
    "scene": ("circel", "nowhere.yaml", "", str(ROOT)),
    "suite": ("papre", "nowhere.yaml", ""),
    "only": ("avoid all",),
    "arms": ("ours", "social,social", ""),
    "target": ("nobody", "7"),
    "params_file": NO_FILE,
    "nav2_params_file": NO_FILE,
    "extra_params_file": NO_FILE[1:],
    "map": NO_FILE[1:],
    "weights": NO_FILE,
}
WITH = {
    ("navigation", "initial_pose"): {"map": str(ROOT / "worlds/maps/room.yaml")},
    ("social_nav", "weights"): {"input": "camera"},
    ("social_nav", "scene"): {"input": "truth"},
    ("tiago_gazebo", "weights"): {"people": "camera"},
}
"""What else has to be given for an argument to matter."""


def arguments():
    """(launch file, name, whether it is a choice) of every argument."""
    for path in sorted((ROOT / "launch").glob("*.launch.py")):
        source = PythonLaunchDescriptionSource(str(path))
        for entity in source.get_launch_description(LaunchContext()).entities:
            if isinstance(entity, DeclareLaunchArgument):
                yield path.name.removesuffix(".launch.py"), entity.name, bool(entity.choices)


@pytest.mark.parametrize(("launch_file", "name", "choice"), [*arguments()])
def test_a_bad_value_is_said_in_one_line(installed, tmp_path, launch_file, name, choice):
    installed()
    about = WITH.get((launch_file, name), {})
    if launch_file.startswith("evaluate") and name != "out":
        about = {"out": str(tmp_path / "out")}
    for value in ("maybe",) if choice else BAD[name]:
        with pytest.raises(RuntimeError) as caught:
            Walk(f"{launch_file}.launch.py", **{**about, name: value})
        said = str(caught.value)
        assert name.removeprefix("nav2_") in said and value in said
        if choice:
            assert "Valid options are" in said
        else:
            assert isinstance(caught.value, MissingError)
            assert "expected" in said
            assert "\n" not in said.replace(value or "\0", "")
    assert not (tmp_path / "out").exists()


def test_strings_stay_strings(installed, tmp_path, monkeypatch):
    """Also those that look like numbers to ROS."""
    installed()
    monkeypatch.chdir(tmp_path)
    for launch_file in ("tiago_headless.launch.py", "tiago_gazebo.launch.py"):
        assert Walk(launch_file, out="2026").parameters["trial"]["out"] == "2026"


def test_good_values_are_taken(installed):
    installed()
    given = {"namespace": "fleet/tiago", "scan_topic": "/a/_b", "odom_topic": "odom"}
    given |= {"map": str(ROOT / "worlds/maps/room.yaml"), "initial_pose": " -1.5  2e0\t.5"}
    walk = Walk("navigation.launch.py", **given)
    amcl = walk.parameters["amcl"]
    assert [amcl[f"initial_pose.{key}"] for key in ("x", "y", "yaw")] == [-1.5, 2.0, 0.5]
    assert "__ns:=/fleet/tiago" in walk.commands["amcl"]
    Walk("tiago_headless.launch.py", scene="single", seed="0", speed="0.05", target="ana")
