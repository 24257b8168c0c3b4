"""libsdformat, wherever it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

CHECKER = shutil.which("ign") or shutil.which("gz")


@pytest.fixture
def sdf(tmp_path):
    """Runs ``sdf OPTION FILE``: exit status, standard output, and all that is said besides."""
    if CHECKER is None:
        pytest.skip("no SDF checker: install ignition-tools and libsdformat-dev, or Gazebo (gz)")
    home = tmp_path / "home"
    home.mkdir()

    def run(option, path):
        answer = subprocess.run(
            [CHECKER, "sdf", option, str(path)],
            env={**os.environ, "HOME": str(home), "LD_LIBRARY_PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        said = answer.stderr.splitlines()
        for log in home.rglob("*.log"):
            said += [line for line in log.read_text().splitlines() if "not defined in SDF" in line]
        harmless = "Library error: libignition-tools-backward.so"
        said = [line for line in said if line.strip() and not line.startswith(harmless)]
        return answer.returncode, answer.stdout, said

    return run
