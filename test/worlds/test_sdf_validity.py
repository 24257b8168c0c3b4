"""libsdformat agrees with every world (Debian: ignition-tools and libsdformat-dev; or gz sdf)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from social_nav_core.sim.gazebo.classic import classic_world_file
from social_nav_core.sim.scene import load_scene

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "worlds").glob("sdf/*.sdf"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_worlds_are_valid(path, sdf):
    assert sdf("-k", path) == (0, "Valid.\n", [])


@pytest.mark.parametrize("name", ["circle", "approach", "corridor_crossing"])
def test_worlds_for_gazebo_classic_are_valid(name, sdf, tmp_path):
    scene = load_scene(ROOT / "worlds" / "scenes" / f"{name}.yaml")
    (tmp_path / "world.sdf").write_bytes(classic_world_file(scene))
    assert sdf("-k", tmp_path / "world.sdf") == (0, "Valid.\n", [])
    root = ElementTree.fromstring(classic_world_file(scene))
    assert root.get("version") == "1.6"
    assert {g[0].tag for g in root.iter("geometry")} <= {"box", "cylinder", "sphere", "plane"}
    assert {p.id for p in scene.people} < {m.get("name") for m in root.iter("model")}
    assert not list(root.iter("plugin"))


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
