"""tools/env and the set-up behind it, without network: each test uses the standing environment or a
small checkout of its own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import build_environment
import pytest
import steps
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
PYTHONS = {"3.11", "3.12"}
NEEDED_BY_TOOLS_ENV = ("bash", "cat", "dirname", "env", "readlink", "sha256sum")


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def pins():
    """(requirement, hashes) of every entry of requirements.txt."""
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if not line.startswith("#"):
            requirement, *hashes = line.split("--hash=")
            yield Requirement(requirement), [digest.strip() for digest in hashes]


def test_every_pin_is_exact_and_has_hashes():
    for requirement, hashes in pins():
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", requirement
        assert hashes, requirement
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in hashes), requirement


def test_every_requirement_is_pinned_once_for_each_python():
    for line in (ROOT / "requirements.in").read_text().splitlines():
        if not (text := line.partition("#")[0].strip()):
            continue
        wanted = Requirement(text)
        covered = []
        for pin, _ in pins():
            if canonicalize_name(pin.name) == canonicalize_name(wanted.name):
                (specifier,) = pin.specifier
                assert wanted.specifier.contains(specifier.version), (text, str(pin))
                covered += [
                    python
                    for python in PYTHONS
                    if pin.marker is None or pin.marker.evaluate({"python_version": python})
                ]
        assert sorted(covered) == sorted(PYTHONS), f"{text} is pinned for {covered}: run tools/pin"


def test_arguments_folder_input_and_status_pass_through(tmp_path):
    script = "import os, sys; print(sys.argv[1:], os.getcwd(), sys.stdin.read()); sys.exit(7)"
    arguments = ["", "two words", "*", "$HOME", '"', "ü"]
    found = run([TOOLS / "env", "python", "-c", script, *arguments], cwd=tmp_path, input="typed\n")
    assert found.stdout == f"{arguments} {tmp_path} typed\n\n"
    assert found.stderr == ""
    assert found.returncode == 7


def test_an_unknown_command_and_none_at_all():
    assert run([TOOLS / "env", "no-such-command"]).returncode == 127
    nothing = run([TOOLS / "env"])
    assert nothing.returncode == 2
    assert nothing.stderr.startswith("usage: ")


def test_a_sourced_ros_distribution_is_dropped():
    names = ("PYTHONPATH", "LD_LIBRARY_PATH", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "PATH")
    sourced = {name: f"/opt/ros/humble/{name}:{os.environ.get(name, '')}" for name in names}
    sourced["AMENT_PREFIX_PATH"] = "/opt/ros/humble::/usr"
    sourced["PATH"] = f"/opt/ros/humble/bin:{os.environ['PATH']}"
    sourced["ROS_DISTRO"] = "humble"
    found = run([TOOLS / "env", "env"], env={**os.environ, **sourced})
    assert found.returncode == 0
    assert "humble" not in found.stdout
    assert "ROS_DISTRO=jazzy" in found.stdout
    assert re.search(r"^PATH=.*:/usr/bin(:|$)", found.stdout, re.MULTILINE)


def test_an_own_choice_of_discovery_range_stays():
    found = run(
        [TOOLS / "env", "env"], env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}
    )
    assert "ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET" in found.stdout


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a space in its path and nothing built in it."""
    root = tmp_path / "new checkout"
    shutil.copytree(TOOLS, root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "colcon.meta"):
        shutil.copy(ROOT / name, root)
    return root


@pytest.fixture
def commands(tmp_path):
    """A folder that holds what tools/env itself needs, and no compiler."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED_BY_TOOLS_ENV:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def one_line(found):
    """The only line that a refused set-up prints."""
    assert found.returncode == 1
    assert found.stdout == ""
    line = found.stderr.splitlines()[-1]
    assert line.startswith("tools/env: ")
    assert "Traceback" not in found.stderr
    return line


def test_no_usable_python_is_one_line(checkout, commands):
    found = run([checkout / "tools/env", "true"], env={"PATH": str(commands)})
    assert "install Debian's or Ubuntu's package python3" in one_line(found)
    found = run([checkout / "tools/env", "true"], env={**os.environ, "PYTHON": "/no/python"})
    assert "/no/python: no Python 3.11 or 3.12" in one_line(found)


def test_no_compiler_is_one_line(checkout, commands):
    environment = {"PATH": str(commands), "PYTHON": sys.executable}
    found = run([checkout / "tools/env", "true"], env=environment)
    assert "apt-get install g++" in one_line(found)


def test_a_folder_that_cannot_be_written_is_one_line(checkout):
    (checkout / ".env").write_text("in the way")
    found = run([checkout / "tools/env", "true"], env={**os.environ, "PYTHON": sys.executable})
    assert "cannot write in" in one_line(found)


def test_a_second_call_waits_for_the_first_and_then_runs(checkout):
    env = checkout / ".env"
    (env / "bin").mkdir(parents=True)
    (env / "bin/python").symlink_to(sys.executable)
    (env / "variables").touch()
    with (env / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [checkout / "tools/env", "echo", "ran"],
            env={**os.environ, "PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        assert "waiting" in second.stderr.readline()
        arguments = Path(f"/proc/{second.pid}/cmdline").read_text().split("\0")
        (env / "key").write_text(arguments[arguments.index("echo") - 1] + "\n")
    assert second.communicate(timeout=60) == ("ran\n", "")
    assert second.returncode == 0


def test_ending_a_session_leaves_no_process():
    script = "set -m; sleep 1000 & (sleep 1000 & echo started; sleep 1000)"
    process = subprocess.Popen(
        ["bash", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert len(steps.members(process.pid)) > 2
    steps.end_session(process)
    assert steps.members(process.pid) == []
    process.stdout.close()


def test_an_interrupted_set_up_ends_its_step(tmp_path):
    log, step = tmp_path / "log", ["bash", "-c", "echo $$; sleep 1000; echo awake"]
    script = f"""
import os, pathlib, signal, build_environment, steps
signal.signal(signal.SIGTERM, build_environment.stop)
folder = pathlib.Path({str(tmp_path)!r})
steps.run("a step", {step!r}, log=folder / "log", environment=dict(os.environ), cwd=folder)
"""
    environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    while not (log.exists() and log.read_text().endswith("\n")):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert steps.members(int(log.read_text())) == []


def test_what_is_built_is_built_with_what_is_pinned(tmp_path, monkeypatch):
    """pip's own choice of a setuptools would have no hash."""
    commands = []
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(build_environment, "ENV", tmp_path)
    monkeypatch.setattr(build_environment, "need_python_parts", lambda: None)
    monkeypatch.setattr(build_environment, "step", lambda _, *more, **__: commands.extend(more))
    build_environment.install_wheels()
    _, first, then = commands
    every = build_environment.REQUIREMENTS.read_text()
    builder = Path(first[first.index("-r") + 1]).read_text()
    assert re.fullmatch(r"setuptools==\S+ \\\n    --hash=sha256:[0-9a-f]{64}\n", builder)
    assert builder in every
    assert "--no-build-isolation" in then and str(build_environment.REQUIREMENTS) in then
    for command in (first, then):
        assert {"--require-hashes", "--only-binary=:all:", "--no-deps"} <= set(command)


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("Failed to establish a new connection: NewConnectionError", "no answer from the network"),
        ("E: Temporary failure resolving 'example.org'", "no answer from the network"),
        ("something else", "status 3; "),
    ],
)
def test_a_failed_step_names_the_cause(tmp_path, output, cause):
    with pytest.raises(steps.SetupError, match=re.escape(cause)):
        steps.run(
            "a step",
            ["sh", "-c", 'echo "$1"; exit 3', "sh", output],
            log=tmp_path / "log.txt",
            environment=dict(os.environ),
            cwd=tmp_path,
        )
