"""Walking people in Gazebo: an actor that is seen follows a solid model that cannot be.

Gazebo's actors have no bodies, nothing tells where they are, and their scripts know of no robot.
So the solid model takes velocities and tells its pose, as `gazebo_people` needs it, and Gazebo's
FollowActor lets the actor walk after it; the animation goes on with the way over ground, so that
feet stay where they step.  FollowActor keeps a distance from the model's frame and faces it:
that frame is therefore `LEAD` ahead of the body, and the actor walks where the body is.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.geometry import FloatArray, compose
from social_nav_core.sim.gazebo.collada import collada
from social_nav_core.sim.gazebo.colours import SHIRTS, of_person
from social_nav_core.sim.gazebo.gait_cycle import gait_cycle
from social_nav_core.sim.gazebo.walker_mesh import walker_parts
from social_nav_core.sim.gazebo.xml import add, add_plugin
from social_nav_core.sim.scene import Scene, ScenePerson

LEAD = 0.25
"""Distance [m] from a walker's body to the frame of its model, straight ahead."""
SLACK = 0.015
"""Distance [m] that the actor lets the frame gain before it steps after it."""
CATCH_UP = 1.4
"""Speed of the actor over the fastest of the script."""


def walks(person: ScenePerson) -> bool:
    """Whether the script lets the person walk, so that an actor shows it."""
    return bool(_speeds(person))


def model_of_body(person: ScenePerson, pose: ArrayLike) -> FloatArray:
    """Pose (x [m], y [m], yaw [rad]) of the model's frame when the body has a pose in the map."""
    return compose(pose, (LEAD if walks(person) else 0.0, 0.0, 0.0))


def body_of_model(person: ScenePerson, pose: ArrayLike) -> FloatArray:
    """Pose (x [m], y [m], yaw [rad]) of the body when the model's frame has a pose in the map."""
    return compose(pose, (-LEAD if walks(person) else 0.0, 0.0, 0.0))


def actor_name(person: ScenePerson) -> str:
    """Name in the world of what is seen of a walker."""
    return f"{person.id}_walking"


def mesh_name(person: ScenePerson, index: int) -> str:
    """File of a walker's looks: height and usual speed in cm and cm/s, and number of the shirt."""
    return (
        f"walker_{100.0 * person.height:.0f}_{100.0 * _usual_speed(person):.0f}_"
        f"{index % len(SHIRTS)}.dae"
    )


def mesh_files(scene: Scene) -> dict[str, bytes]:
    """The files of a scene's walkers by name; the same bytes for the same scene."""
    return {
        mesh_name(person, index): _mesh(person, index)
        for index, person in enumerate(scene.people)
        if walks(person)
    }


def add_actor(world: Element, person: ScenePerson, index: int) -> None:
    """Append the actor of a walker.

    It starts without yaw, because FollowActor would turn its way by that yaw about the world's
    origin; from the first step on it faces where the person does.
    """
    x, y, _ = person.pose
    actor = add(world, "actor", name=actor_name(person))
    add(actor, "pose", (x, y, 0, 0, 0, 0))
    file = f"../meshes/{mesh_name(person, index)}"
    add(add(actor, "skin"), "filename", file)
    animation = add(actor, "animation", name="walking")
    add(animation, "filename", file)
    add_plugin(
        actor,
        "follow-actor",
        "FollowActor",
        target=person.id,
        min_distance=(LEAD - SLACK,),
        max_distance=(100.0,),
        velocity=(CATCH_UP * max(_speeds(person)),),
        animation="walking",
        animation_x_vel=(gait_cycle(person.height, _usual_speed(person)).seconds_per_metre,),
    )


def _speeds(person: ScenePerson) -> list[float]:
    return [step.speed for step in person.script if step.kind == "walk_to"]


def _usual_speed(person: ScenePerson) -> float:
    return float(np.mean(_speeds(person)))


def _mesh(person: ScenePerson, index: int) -> bytes:
    cycle = gait_cycle(person.height, _usual_speed(person))
    return collada(cycle, walker_parts(cycle.rest), of_person(index))
