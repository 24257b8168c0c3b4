"""People as COLLADA 1.4.1: skin alone, or with bones and the animation of one stride.

https://www.khronos.org/files/collada_spec_1_4.pdf.  Gazebo puts the root bone where the actor is,
so that bone is still and the pelvis below it bobs and sways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.gazebo.gait_cycle import BONE, BONES, PARENTS, GaitCycle
from social_nav_core.sim.gazebo.walker_mesh import Part
from social_nav_core.sim.gazebo.xml import Colour, add

_XYZ = (("X", "float"), ("Y", "float"), ("Z", "float"))
_MATRIX = (("TRANSFORM", "float4x4"),)


def collada(cycle: GaitCycle, parts: Sequence[Part], colours: Mapping[str, Colour]) -> bytes:
    """The bytes of a file; the same for the same person.

    Args:
        cycle: bones and how they move.
        parts: the skin.
        colours: of the parts' materials, by name.
    """
    root = _document(parts, colours)
    _add_skin(root, cycle, parts)
    _add_animation(root, cycle)
    _add_scene(root, cycle, colours)
    return _bytes(root)


def still_collada(parts: Sequence[Part], colours: Mapping[str, Colour]) -> bytes:
    """The bytes of a file without bones; the same for the same person.

    Args:
        parts: the skin.
        colours: of the parts' materials, by name.
    """
    root = _document(parts, colours)
    scene = add(add(root, "library_visual_scenes"), "visual_scene", id="scene", name="scene")
    person = add(scene, "node", id="person", name="person", type="NODE")
    _bind_materials(add(person, "instance_geometry", url="#body"), colours)
    add(add(root, "scene"), "instance_visual_scene", url="#scene")
    return _bytes(root)


def _document(parts: Sequence[Part], colours: Mapping[str, Colour]) -> Element:
    xmlns = "http://www.collada.org/2005/11/COLLADASchema"
    root = Element("COLLADA", xmlns=xmlns, version="1.4.1")
    asset = add(root, "asset")
    add(asset, "created", "2026-01-01T00:00:00Z")
    add(asset, "modified", "2026-01-01T00:00:00Z")
    add(asset, "unit", name="meter", meter="1")
    add(asset, "up_axis", "Z_UP")
    _add_materials(root, colours)
    _add_geometry(root, parts)
    return root


def _bytes(root: Element) -> bytes:
    ElementTree.indent(root, space="")
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'.encode()


def _text(numbers: FloatArray, digits: int) -> str:
    """Numbers as short as they can be with some digits behind the point."""
    rounded = np.round(np.asarray(numbers, dtype=float).ravel(), digits) + 0.0
    return " ".join(f"{number:.{digits}f}".rstrip("0").rstrip(".") for number in rounded)


def _add_source(
    parent: Element,
    name: str,
    numbers: FloatArray,
    parameters: Sequence[tuple[str, str]],
    digits: int,
) -> None:
    """Rows of numbers; each row is one matrix, or one number per parameter."""
    source = add(parent, "source", id=name)
    count, stride = len(numbers), int(np.prod(np.shape(numbers)[1:]))
    add(
        source, "float_array", _text(numbers, digits), id=f"{name}-array", count=str(count * stride)
    )
    _add_accessor(source, name, count, stride, parameters)


def _add_accessor(
    source: Element, name: str, count: int, stride: int, parameters: Sequence[tuple[str, str]]
) -> None:
    common = add(source, "technique_common")
    accessor = add(
        common, "accessor", source=f"#{name}-array", count=str(count), stride=str(stride)
    )
    for parameter, kind in parameters:
        add(accessor, "param", name=parameter, type=kind)


def _add_names(parent: Element, name: str, names: Sequence[str], parameter: str) -> None:
    source = add(parent, "source", id=name)
    add(source, "Name_array", " ".join(names), id=f"{name}-array", count=str(len(names)))
    _add_accessor(source, name, len(names), 1, ((parameter, "name"),))


def _add_input(parent: Element, semantic: str, source: str, offset: str = "") -> None:
    offsets = {"offset": offset} if offset else {}
    add(parent, "input", semantic=semantic, source=f"#{source}", **offsets)


def _add_materials(root: Element, colours: Mapping[str, Colour]) -> None:
    effects, materials = add(root, "library_effects"), add(root, "library_materials")
    for name, colour in colours.items():
        profile = add(add(effects, "effect", id=f"{name}-effect"), "profile_COMMON")
        shading = add(add(profile, "technique", sid="common"), "lambert")
        for tag in ("ambient", "diffuse"):
            add(add(shading, tag), "color", (*colour, 1.0))
        material = add(materials, "material", id=name, name=name)
        add(material, "instance_effect", url=f"#{name}-effect")


def _add_geometry(root: Element, parts: Sequence[Part]) -> None:
    geometry = add(add(root, "library_geometries"), "geometry", id="body", name="body")
    mesh = add(geometry, "mesh")
    _add_source(mesh, "places", np.concatenate([part.vertices for part in parts]), _XYZ, 3)
    _add_source(mesh, "normals", np.concatenate([part.normals for part in parts]), _XYZ, 2)
    vertices = add(mesh, "vertices", id="vertices")
    _add_input(vertices, "POSITION", "places")
    _add_input(vertices, "NORMAL", "normals")
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    for material in sorted({part.material for part in parts}):
        corners = np.concatenate(
            [
                part.triangles + start
                for part, start in zip(parts, starts[:-1], strict=True)
                if part.material == material
            ]
        )
        triangles = add(mesh, "triangles", material=material, count=str(len(corners)))
        _add_input(triangles, "VERTEX", "vertices", "0")
        add(triangles, "p", " ".join(map(str, corners.ravel().tolist())))


def _add_skin(root: Element, cycle: GaitCycle, parts: Sequence[Part]) -> None:
    controller = add(add(root, "library_controllers"), "controller", id="skinning", name="skinning")
    skin = add(controller, "skin", source="#body")
    add(skin, "bind_shape_matrix", np.eye(4).ravel().tolist())
    _add_names(skin, "bones", BONES, "JOINT")
    inverse: FloatArray = np.linalg.inv(cycle.bind).astype(np.float64)
    _add_source(skin, "inverse-bind", inverse, _MATRIX, 4)
    weights = np.concatenate([part.weights for part in parts])
    shares, which = np.unique(weights.round(3), return_inverse=True)
    _add_source(skin, "shares", shares[:, None], (("WEIGHT", "float"),), 3)
    joints = add(skin, "joints")
    _add_input(joints, "JOINT", "bones")
    _add_input(joints, "INV_BIND_MATRIX", "inverse-bind")
    which = which.reshape(weights.shape)
    vertex_weights = add(skin, "vertex_weights", count=str(len(weights)))
    _add_input(vertex_weights, "JOINT", "bones", "0")
    _add_input(vertex_weights, "WEIGHT", "shares", "1")
    held = weights > 0.0
    add(vertex_weights, "vcount", " ".join(map(str, held.sum(axis=1).tolist())))
    rows, columns = np.nonzero(held)
    pairs = np.stack([columns, which[rows, columns]], axis=-1)
    add(vertex_weights, "v", " ".join(map(str, pairs.ravel().tolist())))


def _locals(frames: FloatArray) -> FloatArray:
    """Frames ``(..., bones, 4, 4)`` of the bones in their parents' frames."""
    parents = [max(parent, 0) for parent in PARENTS]
    local = np.linalg.inv(frames[..., parents, :, :]) @ frames
    local[..., 0, :, :] = frames[..., 0, :, :]
    return local


def _add_animation(root: Element, cycle: GaitCycle) -> None:
    walk = add(add(root, "library_animations"), "animation", id="walk", name="walk")
    local = _locals(cycle.frames)
    for name, index in BONE.items():
        if name == "root":
            continue
        bone = add(walk, "animation", id=f"{name}-walk")
        _add_source(bone, f"{name}-time", cycle.times[:, None], (("TIME", "float"),), 4)
        _add_source(bone, f"{name}-frame", local[:, index], _MATRIX, 4)
        _add_names(bone, f"{name}-way", ["LINEAR"] * len(cycle.times), "INTERPOLATION")
        sampler = add(bone, "sampler", id=f"{name}-sampler")
        _add_input(sampler, "INPUT", f"{name}-time")
        _add_input(sampler, "OUTPUT", f"{name}-frame")
        _add_input(sampler, "INTERPOLATION", f"{name}-way")
        add(bone, "channel", source=f"#{name}-sampler", target=f"{name}/transform")


def _add_scene(root: Element, cycle: GaitCycle, colours: Mapping[str, Colour]) -> None:
    scene = add(add(root, "library_visual_scenes"), "visual_scene", id="scene", name="scene")
    local = _locals(cycle.bind)
    nodes: list[Element] = []
    for name, parent, matrix in zip(BONES, PARENTS, local, strict=True):
        above = scene if parent < 0 else nodes[parent]
        node = add(above, "node", id=name, name=name, sid=name, type="JOINT")
        add(node, "matrix", _text(matrix, 4), sid="transform")
        nodes.append(node)
    person = add(scene, "node", id="person", name="person", type="NODE")
    instance = add(person, "instance_controller", url="#skinning")
    add(instance, "skeleton", "#root")
    _bind_materials(instance, colours)
    add(add(root, "scene"), "instance_visual_scene", url="#scene")


def _bind_materials(instance: Element, colours: Mapping[str, Colour]) -> None:
    common = add(add(instance, "bind_material"), "technique_common")
    for name in colours:
        add(common, "instance_material", symbol=name, target=f"#{name}")
