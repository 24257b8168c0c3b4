"""libsdformat agrees with every world (Debian: ignition-tools and libsdformat-dev; or gz sdf)."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "worlds").glob("sdf/*.sdf"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_worlds_are_valid(path, sdf):
    assert sdf("-k", path) == (0, "Valid.\n", [])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<gravity>false</gravity>", "<grafity>false</grafity>"),
        ('name="wall_north"', 'name="wall_south"'),
        ("<mass>70</mass>", "<mass>-70</mass>"),
        ('version="1.9"', 'version="9.9"'),
        ("<static>true</static>", "<static>maybe</static>"),
    ],
)
def test_the_check_finds_faults(right, wrong, sdf, tmp_path):
    text = (ROOT / "worlds/sdf/head_on.sdf").read_text()
    assert right in text
    (tmp_path / "bad.sdf").write_text(text.replace(right, wrong))
    assert sdf("-k", tmp_path / "bad.sdf") != (0, "Valid.\n", [])
