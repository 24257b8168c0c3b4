"""SDF elements with numbers that read well and come out the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

Colour = tuple[float, float, float]
Numbers = Sequence[float]


def text_of(numbers: Numbers) -> str:
    """Numbers with at most six digits behind the point, separated by blanks."""
    return " ".join(
        f"{number + 0.0:.6f}".rstrip("0").rstrip(".") for number in map(_plain, numbers)
    )


def _plain(number: float) -> float:
    return 0.0 if abs(number) < 5e-7 else number


def add(parent: Element, tag: str, value: str | Numbers = "", **attributes: str) -> Element:
    """Append an element with a text or with numbers."""
    element = SubElement(parent, tag, attributes)
    content = value if isinstance(value, str) else text_of(value)
    if content:
        element.text = content
    return element


def add_geometry(parent: Element, shape: str, size: Numbers) -> None:
    """A primitive: box (x, y, z), cylinder or capsule (radius, length), sphere (radius),
    ellipsoid (three radii), plane (x, y); lengths in metres."""
    geometry = add(add(parent, "geometry"), shape)
    if shape in ("cylinder", "capsule"):
        add(geometry, "radius", size[:1])
        add(geometry, "length", size[1:])
    elif shape == "sphere":
        add(geometry, "radius", size)
    elif shape == "ellipsoid":
        add(geometry, "radii", size)
    elif shape == "box":
        add(geometry, "size", size)
    else:
        add(geometry, "normal", (0, 0, 1))
        add(geometry, "size", size)


def add_visual(
    link: Element, name: str, pose: Numbers, shape: str, size: Numbers, colour: Colour
) -> None:
    """A coloured primitive at a pose x, y, z [m], roll, pitch, yaw [rad] in the link's frame."""
    visual = add(link, "visual", name=name)
    add(visual, "pose", pose)
    add_geometry(visual, shape, size)
    material = add(visual, "material")
    add(material, "ambient", (*colour, 1.0))
    add(material, "diffuse", (*colour, 1.0))
    add(material, "specular", (0.1, 0.1, 0.1, 1.0))


def add_collision(link: Element, name: str, pose: Numbers, shape: str, size: Numbers) -> None:
    """A solid primitive at a pose in the link's frame."""
    collision = add(link, "collision", name=f"{name}_collision")
    add(collision, "pose", pose)
    add_geometry(collision, shape, size)


def add_plugin(parent: Element, system: str, name: str, **settings: str | Numbers) -> None:
    """System of Gazebo: library ``gz-sim-<system>-system``, class ``gz::sim::systems::Name``."""
    plugin = SubElement(
        parent, "plugin", filename=f"gz-sim-{system}-system", name=f"gz::sim::systems::{name}"
    )
    for tag, value in settings.items():
        add(plugin, tag, value)


def document(root: Element, comment: str) -> bytes:
    """The bytes of an SDF file."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0"?>\n<!-- {comment} -->\n{body}\n'.encode()
