"""Where the shipped scenes are, and small scenes to try things in."""

from pathlib import Path

import pytest
from social_nav_core.sim.room import Room, load_room
from social_nav_core.sim.scene import Scene, ScenePerson, load_scene

WORLDS = Path(__file__).resolve().parents[4] / "worlds"


@pytest.fixture(scope="session")
def worlds():
    """Folder of the shipped rooms and scenes."""
    return WORLDS


@pytest.fixture(scope="session")
def room():
    """The shipped room: x -6.5 to 6.5 m, y -3.5 to 3.5 m, with furniture."""
    return load_room(WORLDS / "room.yaml")


@pytest.fixture(scope="session")
def bare_room(room):
    """The same floor and walls without furniture."""
    return Room(room.name, room.x, room.y, room.wall_thickness, room.walls, ())


@pytest.fixture(scope="session")
def shipped():
    """All shipped scenes by name."""
    files = sorted((WORLDS / "scenes").glob("*.yaml"))
    return {file.stem: load_scene(file) for file in files}


@pytest.fixture
def scene_of(bare_room):
    """Make a scene of people in the bare room."""

    def make(*people: ScenePerson, robot=(-5.0, 0.0, 0.0), goal=(5.0, 0.0, 0.0)) -> Scene:
        return Scene("test", "A scene to try things in.", bare_room, people, robot, goal)

    return make
