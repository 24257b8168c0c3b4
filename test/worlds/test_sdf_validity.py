"""libsdformat agrees with every world (Debian: ignition-tools and libsdformat-dev; or gz sdf)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "worlds").glob("sdf/*.sdf"))
CHECKER = shutil.which("ign") or shutil.which("gz")
needs_checker = pytest.mark.skipif(
    CHECKER is None,
    reason="no SDF checker: install ignition-tools and libsdformat-dev, or Gazebo (gz)",
)


def complaints(path, home):
    """What libsdformat says about a file, on the terminal and in its log; nothing when it is good."""
    assert CHECKER is not None
    environment = {**os.environ, "HOME": str(home), "LD_LIBRARY_PATH": ""}
    answer = subprocess.run(
        [CHECKER, "sdf", "-k", str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = (answer.stdout + answer.stderr).splitlines()
    for log in home.rglob("*.log"):
        said += [line for line in log.read_text().splitlines() if "not defined in SDF" in line]
    harmless = ("Valid.", "Library error: libignition-tools-backward.so")
    found = [line for line in said if line.strip() and not line.startswith(harmless)]
    return found if found or answer.returncode == 0 else [f"exit status {answer.returncode}"]


@needs_checker
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_worlds_are_valid(path, tmp_path):
    assert complaints(path, tmp_path) == []


@needs_checker
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<gravity>", "<grafity>"),
        ('name="wall_north"', 'name="wall_south"'),
        ("<mass>70</mass>", "<mass>-70</mass>"),
        ('version="1.9"', 'version="9.9"'),
        ("<static>true</static>", "<static>maybe</static>"),
    ],
)
def test_the_check_finds_faults(right, wrong, tmp_path):
    text = (ROOT / "worlds/sdf/head_on.sdf").read_text()
    text = text.replace(right, wrong).replace("</gravity>", "</grafity>" * ("fity" in wrong))
    (tmp_path / "bad.sdf").write_text(text)
    assert complaints(tmp_path / "bad.sdf", tmp_path) != []
