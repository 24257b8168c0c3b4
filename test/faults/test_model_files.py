"""A node that is given a damaged or hostile model says one line and ends; it never starts half."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from social_nav_nodes.endurance.bad_models import PARAMETERS, bad_models

ALLOWED = 120.0  # to start, read and refuse on a busy machine [s]
CASES = [(node, kind) for node in PARAMETERS for kind in bad_models(node)]


@pytest.mark.parametrize(("node", "kind"), CASES, ids=map(" ".join, CASES))
def test_one_line_names_the_file_and_what_is_wrong(tmp_path, node, kind):
    parameter, suffix = PARAMETERS[node]
    content, reason = bad_models(node)[kind]
    file = tmp_path / f"{kind}{suffix}"
    file.write_bytes(content)
    command = [sys.executable, "-m", f"social_nav_nodes.{node}_node", "--ros-args"]
    process = subprocess.run(
        [*command, "-p", f"{parameter}:={file}"],
        capture_output=True,
        text=True,
        timeout=ALLOWED,
        check=False,
    )
    said = [line for line in process.stderr.splitlines() if "[rcl]" not in line]
    assert process.returncode == 1
    assert len(said) == 1 and said[0].startswith(f"error: {file}: "), process.stderr
    assert re.search(reason, said[0]), said


@pytest.mark.parametrize("node", PARAMETERS)
def test_every_kind_of_harm_is_there(node):
    assert set(bad_models(node)) >= {"empty", "truncated", "huge", "bomb"}
    assert node == "body_tracker" or set(bad_models(node)) >= {"version", "nan"}
