"""People in Gazebo who do not walk: one mesh of each, in the pose in which the scene begins."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import numpy as np

from social_nav_core.sim.anatomy.gestures import Gesture
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.body import figures
from social_nav_core.sim.gazebo.collada import still_collada
from social_nav_core.sim.gazebo.colours import SHIRTS, of_person
from social_nav_core.sim.gazebo.walker_mesh import posed_parts, walker_parts
from social_nav_core.sim.gazebo.walkers import walks
from social_nav_core.sim.gazebo.xml import add
from social_nav_core.sim.motion import standing
from social_nav_core.sim.scene import Scene, ScenePerson

INTO_GESTURE = 1.2
"""Time into the gesture [s] at which the person is shown."""


def still_name(person: ScenePerson, index: int) -> str:
    """File of a person's looks: height in cm, gesture, and number of the shirt."""
    manner = f"{person.gesture}_seated" if person.seated else person.gesture
    return f"still_{100.0 * person.height:.0f}_{manner}_{index % len(SHIRTS)}.dae"


def still_files(scene: Scene) -> dict[str, bytes]:
    """The files of those who do not walk, by name; the same bytes for the same scene."""
    return {
        still_name(person, index): _mesh(person, index)
        for index, person in enumerate(scene.people)
        if not walks(person)
    }


def add_still(link: Element, person: ScenePerson, index: int) -> None:
    """Append the looks of a person to the link of the person's model."""
    visual = add(link, "visual", name="looks")
    mesh = add(add(visual, "geometry"), "mesh")
    add(mesh, "uri", f"../meshes/{still_name(person, index)}")


def _mesh(person: ScenePerson, index: int) -> bytes:
    physique = average_physique(person.height)
    rest = figures(standing(np.zeros(3)), physique)
    now = figures(
        standing(
            np.zeros(3),
            Gesture[person.gesture.upper()],
            INTO_GESTURE,
            seated=float(person.seated),
        ),
        physique,
    )
    return still_collada(posed_parts(walker_parts(rest), now, rest), of_person(index))
