"""The map that a launch file serves is that of the scene's room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("launch.actions", reason="ROS 2's launch is not installed")

from social_nav_core.sim.gazebo.map import map_files
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.launching import map_of

ROOT = Path(__file__).resolve().parents[2]


def test_a_room_of_ones_own_gets_a_map_of_its_own(tmp_path):
    scene = load_scene(ROOT / "worlds/scenes/circle.yaml")
    assert map_of(ROOT, scene) == ROOT / "worlds/maps/room.yaml"
    other = replace(scene.room, furniture=scene.room.furniture[1:])
    file = map_of(ROOT, replace(scene, room=other))
    assert file.parent != ROOT / "worlds/maps" and file.name == "room.yaml"
    image, description = map_files(other)
    assert file.read_bytes() == description
    assert file.with_suffix(".pgm").read_bytes() == image
