"""SDF 1.9 worlds (Gazebo Harmonic and newer) of scenes: room, furniture, people.

The world's frame is the map frame.  Furniture fills its whole ground plan at the height of the
lidar, as it does in the map and in the headless simulator.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

import numpy as np

from social_nav_core.sim.gazebo.names import LIGHT, PHYSICS, check_for_gazebo
from social_nav_core.sim.gazebo.people import add_person
from social_nav_core.sim.gazebo.stills import still_files
from social_nav_core.sim.gazebo.walkers import mesh_files
from social_nav_core.sim.gazebo.xml import (
    Colour,
    add,
    add_collision,
    add_plugin,
    add_visual,
    document,
)
from social_nav_core.sim.room import Box, Room
from social_nav_core.sim.scene import Scene

WOOD: Colour = (0.58, 0.42, 0.28)
LEAF: Colour = (0.24, 0.46, 0.22)
COLOURS: dict[str, Colour] = {
    "wall": (0.86, 0.85, 0.82),
    "table": WOOD,
    "chair": (0.36, 0.30, 0.26),
    "shelf": (0.50, 0.36, 0.24),
    "cabinet": (0.72, 0.66, 0.56),
    "sofa": (0.36, 0.44, 0.52),
    "plant": (0.55, 0.33, 0.24),
}
LOWER = {"chair": 0.45, "sofa": 0.42, "plant": 0.4}
"""Height [m] below which furniture of a kind fills its ground plan; all of it for other kinds."""
FLOOR: Colour = (0.70, 0.66, 0.60)
STEP = 0.004  # of the physics [s]


def world_files(scene: Scene, speed: float = 1.0) -> dict[str, bytes]:
    """The SDF file of a scene, ``sdf/NAME.sdf``, and the meshes of its people, ``meshes/*.dae``.

    The world names the meshes by where they are from itself, so keep the two folders together.

    Args:
        scene: to write.
        speed: simulated seconds per second, at most.

    Raises:
        ValueError: a speed of 0 or less, or none at all.
        SceneError: Gazebo could not have the scene's people; see `check_for_gazebo`.
    """
    if not 0.0 < speed < np.inf:
        raise ValueError(f"speed is {speed}, expected simulated seconds per second, above 0")
    meshes = mesh_files(scene) | still_files(scene)
    files = {f"meshes/{name}": content for name, content in meshes.items()}
    return {f"sdf/{scene.name}.sdf": world_file(scene, speed=speed), **files}


def world_file(scene: Scene, meshes: bool = True, speed: float = 1.0) -> bytes:
    """The SDF file of a scene; the same bytes for the same scene.

    Args:
        scene: to write.
        meshes: whether meshes show people, those who walk as actors; else primitives do.
        speed: simulated seconds per second, at most.

    Raises:
        SceneError: Gazebo could not have the scene's people; see `check_for_gazebo`.
    """
    check_for_gazebo(scene)
    root = Element("sdf", version="1.9")
    world = add(root, "world", name=scene.name)
    _add_systems(world, speed)
    _add_light(world)
    _add_room(world, scene.room)
    for index, person in enumerate(scene.people):
        add_person(world, person, index, meshes)
    return document(root, f"Written by export-world from the scene '{scene.name}'.")


def _add_systems(world: Element, speed: float) -> None:
    physics = add(world, "physics", name=PHYSICS, type="ignored")
    add(physics, "max_step_size", (STEP,))
    add(physics, "real_time_factor", (speed,))
    add_plugin(world, "physics", "Physics")
    add_plugin(world, "user-commands", "UserCommands")
    add_plugin(world, "scene-broadcaster", "SceneBroadcaster")
    add_plugin(world, "contact", "Contact")
    add_plugin(world, "sensors", "Sensors", render_engine="ogre2")
    scene = add(world, "scene")
    add(scene, "ambient", (0.6, 0.6, 0.6, 1.0))
    add(scene, "background", (0.8, 0.85, 0.9, 1.0))
    add(scene, "shadows", "true")


def _add_light(world: Element) -> None:
    light = add(world, "light", name=LIGHT, type="directional")
    add(light, "pose", (0, 0, 10, 0, 0, 0))
    add(light, "cast_shadows", "true")
    add(light, "diffuse", (0.7, 0.7, 0.68, 1.0))
    add(light, "specular", (0.2, 0.2, 0.2, 1.0))
    add(light, "direction", (-0.4, 0.3, -0.9))


def _add_room(world: Element, room: Room) -> None:
    model = add(world, "model", name=room.name)
    add(model, "static", "true")
    floor = add(model, "link", name="floor")
    size = (room.x[1] - room.x[0] + 4.0, room.y[1] - room.y[0] + 4.0)
    middle = (0.5 * sum(room.x), 0.5 * sum(room.y), 0, 0, 0, 0)
    add_collision(floor, "floor", middle, "plane", size)
    add_visual(floor, "floor", middle, "plane", size, FLOOR)
    for box in room.boxes:
        _add_box(model, box)


def _add_box(model: Element, box: Box) -> None:
    """A wall or a piece of furniture: solid as a whole; looks follow the kind."""
    link = add(model, "link", name=box.name)
    x, y, yaw = box.pose
    add(link, "pose", (x, y, 0, 0, 0, yaw))
    whole = (0, 0, 0.5 * box.height, 0, 0, 0)
    add_collision(link, "solid", whole, "box", (*box.size, box.height))
    lower = min(LOWER.get(box.kind, box.height), box.height)
    colour = COLOURS[box.kind]
    pose = (0, 0, 0.5 * lower, 0, 0, 0)
    add_visual(link, "body", pose, "box", (*box.size, lower), colour)
    if lower < box.height:
        _add_upper_part(link, box, lower)


def _add_upper_part(link: Element, box: Box, lower: float) -> None:
    """The back of a seat, the leaves of a plant."""
    rest = box.height - lower
    middle = lower + 0.5 * rest
    if box.kind == "plant":
        radii = (0.5 * box.size[0], 0.5 * box.size[1], 0.5 * rest)
        add_visual(link, "leaves", (0, 0, middle, 0, 0, 0), "ellipsoid", radii, LEAF)
        return
    thick = min(0.2 * box.size[1], 0.15)
    pose = (0, 0.5 * (box.size[1] - thick), middle, 0, 0, 0)
    add_visual(link, "back", pose, "box", (box.size[0], thick, rest), COLOURS[box.kind])
