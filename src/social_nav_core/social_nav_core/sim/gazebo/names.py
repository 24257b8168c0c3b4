"""What Gazebo cannot be given of a scene: names that it needs itself, and flows."""

from __future__ import annotations

import re

from social_nav_core.sim.gazebo.walkers import actor_name, walks
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import Scene

ROBOT_MODEL = "tiago"
"""Name of the robot's model."""
LIGHT, PHYSICS = "sun", "default"
"""Names of other parts of a world."""
_TOPIC = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}", re.ASCII)
"""A part of a topic's name, in ROS 2 and in Gazebo."""


def check_for_gazebo(scene: Scene, robot: str = ROBOT_MODEL) -> None:
    """Raise `SceneError` where Gazebo could not have a scene's people.

    It has no flows; the velocities of who has a script go over a topic with the person's id; all
    parts of a world have names of their own.

    Args:
        scene: to be written, or to be moved in Gazebo.
        robot: name of the robot's model.
    """
    where = f"scene '{scene.name}'"
    if scene.flows:
        raise SceneError(f"{where} has flows, which only the simulator of this package moves")
    taken = {LIGHT, PHYSICS, robot, scene.room.name}
    taken |= {actor_name(person) for person in scene.people if walks(person)}
    for person in scene.people:
        named = f"{where}: the id of person '{person.id}'"
        if person.script and not _TOPIC.fullmatch(person.id):
            raise SceneError(
                f"{named} is no part of a topic's name, as in /model/ID/cmd_vel, by which Gazebo"
                " moves who has a script; expected letters, digits and _, no digit first"
            )
        if person.id in taken:
            raise SceneError(
                f"{named} is a name in the Gazebo world already (of the robot, the room, the light"
                " or somebody's actor), expected another one"
            )
        if "::" in person.id or person.id.startswith("__"):
            raise SceneError(f"{named} is reserved in SDF, expected no '::' and no '__' in front")
