"""Arguments that a launch file does not declare are refused, for whoever starts it."""

from __future__ import annotations

import pytest
from social_nav_nodes.launch_arguments import MissingError
from social_nav_nodes.launch_command import check_names

DECLARED = ("input", "scene", "use_sim_time", "params_file")


@pytest.fixture
def path(tmp_path):
    launch_file = tmp_path / "social_nav.launch.py"
    launch_file.touch()
    return launch_file


def words(path, *arguments):
    return ["/opt/ros/bin/ros2", "launch", str(path), *arguments]


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("inputs:=ros4hri", "input"),
        ("use_sim_tme:=true", "use_sim_time"),
        ("param_file:=a.yaml", "params_file"),
        ("x:=scene:=1", "scene"),
    ],
)
def test_the_nearest_name_is_told(path, given, nearest):
    name = given.partition(":=")[0]
    expected = rf"^social_nav.launch.py has no argument '{name}': did you mean '\w+'\? --show-args"
    with pytest.raises(MissingError, match=expected) as caught:
        check_names(path, DECLARED, words(path, "scene:=circle", given))
    if name != "x":
        assert f"'{nearest}'" in str(caught.value)


def test_it_is_the_same_by_the_package_and_from_its_folder(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    for command in (
        ["ros2", "launch", "--debug", "social_nav_bringup", path.name, "inputs:=none"],
        ["ros2", "launch", path.name, "inputs:=none"],
    ):
        with pytest.raises(MissingError, match="no argument 'inputs'"):
            check_names(path, DECLARED, command)


def test_what_is_declared_or_launchs_own_passes(path):
    check_names(path, DECLARED, words(path, "input:=none", "scene:=a:=b", "launch-prefix:=nice"))
    check_names(path, DECLARED, words(path))


def test_a_launch_file_of_others_may_have_arguments_of_its_own(path, tmp_path):
    bringup = tmp_path / "own" / path.name
    bringup.parent.mkdir()
    bringup.touch()
    check_names(path, DECLARED, words(bringup, "robot_name:=x"))
    check_names(path, DECLARED, ["ros2", "launch", "their_package", path.name, "robot_name:=x"])
