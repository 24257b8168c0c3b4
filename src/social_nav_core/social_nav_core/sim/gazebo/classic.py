"""Worlds for Gazebo classic (SDF 1.6), in which PAL's simulation for ROS 2 Humble runs.

The same room and people as in `world_file`, with what SDF 1.6 knows: boxes and cylinders in place
of meshes, no systems, and everybody stands where the scene begins.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from social_nav_core.sim.gazebo.world import world_file
from social_nav_core.sim.gazebo.xml import add, document
from social_nav_core.sim.scene import Scene


def classic_world_file(scene: Scene) -> bytes:
    """The SDF 1.6 file of a scene; the same bytes for the same scene."""
    root = ElementTree.fromstring(world_file(scene, meshes=False))
    root.set("version", "1.6")
    world = root[0]
    for parent in [world, *world.iter("model")]:
        for plugin in parent.findall("plugin"):
            parent.remove(plugin)
    for model in world.findall("model"):
        _find(model, "static").text = "true"
    _find(world, "physics").set("type", "ode")
    for geometry in root.iter("geometry"):
        _simplify(geometry)
    return document(root, f"Gazebo classic's form of the scene '{scene.name}'.")


def _simplify(geometry: Element) -> None:
    shape = geometry[0]
    if shape.tag == "capsule":
        shape.tag = "cylinder"
    elif shape.tag == "ellipsoid":
        radii = (_find(shape, "radii").text or "").split()
        geometry.remove(shape)
        add(add(geometry, "box"), "size", [1.7 * float(radius) for radius in radii])


def _find(parent: Element, tag: str) -> Element:
    found = parent.find(tag)
    assert found is not None, f"<{parent.tag}> without <{tag}>"
    return found
