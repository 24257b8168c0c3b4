"""Rules that every file of the repository keeps."""

from __future__ import annotations

import ast
import contextlib
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    *("src", "launch", "config", "worlds", "docker", "underlay", "test", "benchmarks", "tools"),
    ".ci",
)
SKIPPED = {"__pycache__", "build", "install", "log"}
CODE = {"", ".py", ".hpp", ".h", ".cpp", ".sh", ".cmake"}
NOT_ALLOWED_IN_CORE = re.compile(
    r"rclpy|rclcpp|launch|launch_ros|ament_index_python|tf2\w*|\w+_msgs"
)
# Registries are chosen by the user's own settings; paths are those of the checkout.
FORBIDDEN = re.compile(
    r"pypi\.(?:org)|pythonhosted\.(?:org)|deb\.debian\.(?:org)|registry\.npmjs|"
    r"[\s\"'=:(](?:/work/|/root/)"
)


def files():
    """Every file of the repository that people write."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            parts = set(path.relative_to(ROOT).parts)
            if path.is_file() and not parts & SKIPPED and ".egg-info" not in str(path):
                found.append(path)
    return sorted(found)


def texts():
    for path in files():
        with contextlib.suppress(UnicodeDecodeError):
            yield path, path.read_text()


def test_no_code_file_is_over_400_lines():
    long = {
        str(path.relative_to(ROOT)): lines
        for path, text in texts()
        if path.suffix in CODE and path.name != "LICENSE" and (lines := text.count("\n")) > 400
    }
    assert long == {}


def test_no_registry_host_and_no_path_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path, text in texts()
        if path != Path(__file__).resolve()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := FORBIDDEN.search(line))
    ]
    assert found == []


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def test_the_core_knows_no_ros():
    core = sorted((ROOT / "src/social_nav_core/social_nav_core").rglob("*.py"))
    assert len(core) > 10
    found = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in core
        for module in imported_modules(path)
        if NOT_ALLOWED_IN_CORE.fullmatch(module.partition(".")[0])
    }
    assert found == set()


@pytest.mark.parametrize("name", ["rclpy", "tf2_ros", "social_nav_msgs", "tf2_geometry_msgs"])
def test_the_rule_for_the_core_knows_ros_names(name):
    assert NOT_ALLOWED_IN_CORE.fullmatch(name)


def manifests():
    return sorted(ROOT.glob("src/*/package.xml"))


def test_packages_are_named_as_their_folders_and_share_version_and_licence():
    found = {}
    for path in manifests():
        package = ElementTree.parse(path).getroot()
        assert package.findtext("name") == path.parent.name
        found[path.parent.name] = (package.findtext("version"), package.findtext("license"))
    assert set(found.values()) == {("0.1.0", "Apache-2.0")}, found


def test_colcon_sees_the_packages_of_src_and_no_others():
    listed = subprocess.run(
        ["colcon", "--log-base", "/dev/null", "list", "--names-only"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(listed.stdout.split()) == [path.parent.name for path in manifests()]


def test_bringup_installs_the_top_level_folders(tmp_path):
    command = ["colcon", "--log-base", str(tmp_path / "log"), "build"]
    command += ["--build-base", str(tmp_path / "build")]
    command += ["--install-base", str(tmp_path / "install")]
    command += ["--paths", "src/social_nav_bringup"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    share = tmp_path / "install/social_nav_bringup/share/social_nav_bringup"
    for folder in ("launch", "config", "worlds"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert (share / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert (share / "package.xml").is_file()
