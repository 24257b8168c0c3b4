"""A node that is given a damaged or hostile model says one line and ends; it never starts half."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

MODELS = Path(str(files("social_nav_core"))) / "models"
BOMB = "a: &a [1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
ALLOWED = 30.0  # to start, read and refuse on a busy machine [s]


def truncated(name: str) -> bytes:
    content = (MODELS / name).read_bytes()
    return content[: len(content) // 2]


def of_another_version(name: str) -> bytes:
    return (MODELS / name).read_bytes().replace(b"format: 1", b"format: 9")


CASES = {
    "empty YAML": ("social_costmap", "model", b"", ".yaml"),
    "YAML bomb": ("social_costmap", "model", BOMB.encode(), ".yaml"),
    "wrong version": ("social_costmap", "model", of_another_version("proxemics.yaml"), ".yaml"),
    "truncated NPZ": ("goal_selector", "interaction_model", truncated("interaction.npz"), ".npz"),
    "truncated ONNX": ("perception", "model", truncated("student.onnx"), ".onnx"),
    "YAML as ONNX": ("perception", "model", BOMB.encode(), ".onnx"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_names_the_file(tmp_path, case):
    node, parameter, content, suffix = CASES[case]
    file = tmp_path / f"model{suffix}"
    file.write_bytes(content)
    command = [sys.executable, "-m", f"social_nav_nodes.{node}_node", "--ros-args"]
    process = subprocess.run(
        [*command, "-p", f"{parameter}:={file}"],
        capture_output=True,
        text=True,
        timeout=4 * ALLOWED,
        check=False,
    )
    said = [line for line in process.stderr.splitlines() if "[rcl]" not in line]
    assert process.returncode == 1
    assert len(said) == 1 and said[0].startswith("error: "), process.stderr
    assert file.name in said[0]
