"""People as SDF models, with a front that one sees and legs that lidars see.

A person without a script is a static model.  One with a script has Gazebo's VelocityControl: it
moves as ``/model/ID/cmd_vel`` says, in its own frame, and tells its pose on ``/model/ID/pose``.
Whoever walks is seen as an actor (`walkers`), and the model has a body alone; the others have a
mesh (`stills`).  Where meshes cannot be, people are made of primitives.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from social_nav_core.sim.gazebo.colours import BADGE, HAIR, SHIRTS, SHOES, SKIN, TROUSERS
from social_nav_core.sim.gazebo.stills import add_still
from social_nav_core.sim.gazebo.walkers import LEAD, add_actor, model_of_body, walks
from social_nav_core.sim.gazebo.xml import Colour, add, add_collision, add_plugin, add_visual
from social_nav_core.sim.lidar import LidarParameters
from social_nav_core.sim.scene import BODY_RADIUS, ScenePerson

MASS = 70.0  # [kg]
SEAT = 0.45  # height of a seat [m]
SHOE = 0.07  # height of shoes [m], below TIAGo's lidar
POSE_RATE = 30.0  # [Hz]


def add_person(world: Element, person: ScenePerson, index: int, meshes: bool) -> None:
    """Append a person at the start of a scene.

    Args:
        world: to append to.
        person: to append.
        index: chooses the colour of the shirt.
        meshes: whether meshes show people, those who walk as actors; else primitives do.
    """
    model = add(world, "model", name=person.id)
    is_actor = meshes and walks(person)
    x, y, yaw = model_of_body(person, person.pose) if is_actor else person.pose
    add(model, "pose", (x, y, 0, 0, 0, yaw))
    add(model, "static", str(not person.script).lower())
    link = add(model, "link", name="body")
    if is_actor:
        add(link, "pose", (-LEAD, 0, 0, 0, 0, 0))
    if person.script:
        add(link, "gravity", "false")
        _add_inertia(link, person.height)
    top = person.height if not person.seated else SEAT + 0.52 * person.height
    add_collision(link, "body", (0, 0, 0.5 * top, 0, 0, 0), "cylinder", (BODY_RADIUS, top))
    if is_actor:
        add_actor(world, person, index)
    elif meshes:
        add_still(link, person, index)
    else:
        hips = _add_legs(link, person)
        _add_upper_body(link, person.height, hips, SHIRTS[index % len(SHIRTS)])
    if person.script:
        _add_systems(model)


def _add_systems(model: Element) -> None:
    """Velocities in, the pose out."""
    add_plugin(model, "velocity-control", "VelocityControl")
    add_plugin(
        model,
        "pose-publisher",
        "PosePublisher",
        publish_model_pose="true",
        publish_nested_model_pose="false",
        publish_link_pose="false",
        publish_visual_pose="false",
        publish_collision_pose="false",
        use_pose_vector_msg="true",
        update_frequency=(POSE_RATE,),
    )


def _add_inertia(link: Element, height: float) -> None:
    """Of an upright cylinder of a body's size."""
    inertial = add(link, "inertial")
    add(inertial, "pose", (0, 0, 0.5 * height, 0, 0, 0))
    add(inertial, "mass", (MASS,))
    across = MASS * (3.0 * BODY_RADIUS**2 + height**2) / 12.0
    inertia = add(inertial, "inertia")
    moments = {"ixx": across, "iyy": across, "izz": 0.5 * MASS * BODY_RADIUS**2}
    for tag in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz"):
        add(inertia, tag, (moments.get(tag, 0.0),))


def _add_legs(link: Element, person: ScenePerson) -> float:
    """Legs as wide as the simulated lidar takes them, and shoes; returns the hips' height [m]."""
    about = LidarParameters()
    hips = SEAT if person.seated else 0.48 * person.height
    ahead = 0.35 if person.seated else 0.0
    for side, y in (("left", about.leg_spread), ("right", -about.leg_spread)):
        pose = (ahead, y, 0.5 * hips, 0, 0, 0)
        add_visual(link, f"{side}_leg", pose, "cylinder", (about.leg_radius, hips), TROUSERS)
        shoe = (ahead + 0.06, y, 0.5 * SHOE, 0, 0, 0)
        add_visual(link, f"{side}_shoe", shoe, "box", (0.28, 0.1, SHOE), SHOES)
        if person.seated:
            thigh = (0.5 * ahead, y, hips, 0, 1.5708, 0)
            size = (0.9 * about.leg_radius, ahead)
            add_visual(link, f"{side}_thigh", thigh, "cylinder", size, TROUSERS)
    return hips


def _add_upper_body(link: Element, height: float, hips: float, shirt: Colour) -> None:
    """Torso, arms, head; the badge, the nose and the face are in front, the hair behind."""
    torso, head = 0.36 * height, 0.062 * height
    chest = hips + 0.5 * torso
    add_visual(
        link, "torso", (0, 0, chest, 0, 0, 0), "ellipsoid", (0.13, 0.21, 0.54 * torso), shirt
    )
    badge = (0.12, 0.06, chest + 0.18 * torso, 0, 0, 0)
    add_visual(link, "badge", badge, "box", (0.02, 0.1, 0.07), BADGE)
    for side, y in (("left", 0.23), ("right", -0.23)):
        arm = (0.02, y, chest + 0.02, 0, -0.12, 0)
        add_visual(link, f"{side}_arm", arm, "capsule", (0.045, 0.3 * height), shirt)
        hand = (0.06, y, hips - 0.02, 0, 0, 0)
        add_visual(link, f"{side}_hand", hand, "sphere", (0.05,), SKIN)
    middle = hips + torso + 0.02 * height + head
    add_visual(
        link,
        "head",
        (0.01, 0, middle, 0, 0, 0),
        "ellipsoid",
        (head, 0.85 * head, 1.15 * head),
        SKIN,
    )
    hair = (-0.2 * head, 0, middle + 0.25 * head, 0, 0, 0)
    add_visual(link, "hair", hair, "ellipsoid", (head, 0.9 * head, 1.05 * head), HAIR)
    nose = (0.01 + head, 0, middle - 0.1 * head, 0, 0, 0)
    add_visual(link, "nose", nose, "box", (0.04, 0.025, 0.04), SKIN)
    for side, y in (("left", 0.35 * head), ("right", -0.35 * head)):
        eye = (0.01 + 0.88 * head, y, middle + 0.15 * head, 0, 0, 0)
        add_visual(link, f"{side}_eye", eye, "sphere", (0.014,), HAIR)
