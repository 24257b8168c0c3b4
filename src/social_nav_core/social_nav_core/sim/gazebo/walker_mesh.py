"""The skin of a person: tubes about the bones, with a face, a badge and shoes in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.body import Figures
from social_nav_core.sim.gazebo.gait_cycle import BONE, bone_frames
from social_nav_core.skeleton import JOINT

Weights = Mapping[str, float]
_UP = np.array([0.0, 0.0, 1.0])
_UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_AHEAD = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Part:
    """A closed piece of skin in one colour.

    Attributes:
        material: name of its colour.
        vertices: (v, 3) in the person's frame when standing [m].
        triangles: (t, 3) indices of vertices, anticlockwise from outside.
        weights: (v, bones) shares of the bones that a vertex moves with; rows sum to 1.
    """

    material: str
    vertices: FloatArray
    triangles: NDArray[np.int64]
    weights: FloatArray

    @property
    def normals(self) -> FloatArray:
        """(v, 3) unit vectors out of the skin."""
        corners = self.vertices[self.triangles]
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(normals, self.triangles[:, corner], faces)
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def walker_parts(rest: Figures) -> tuple[Part, ...]:
    """The skin of a person who stands.

    Args:
        rest: the body, leading shape ().
    """
    parts = [_trunk(rest), *_head(rest), _badge(rest)]
    for side in ("left", "right"):
        parts += [_leg(rest, side), _shoe(rest, side), _sleeve(rest, side), _hand(rest, side)]
    return tuple(parts)


def posed_parts(parts: Sequence[Part], now: Figures, rest: Figures) -> tuple[Part, ...]:
    """The skin of a person who stands as it is when the person does something else.

    Args:
        parts: of `walker_parts`.
        now: the body then, leading shape ().
        rest: the body that stands, leading shape ().
    """
    moves = bone_frames(now, rest) @ np.linalg.inv(bone_frames(rest, rest))
    return tuple(
        replace(
            part,
            vertices=np.einsum("vb,bij,vj->vi", part.weights, moves[:, :3, :3], part.vertices)
            + part.weights @ moves[:, :3, 3],
        )
        for part in parts
    )


def _tube(
    material: str,
    rings: Sequence[tuple[FloatArray, float, float, Weights]],
    sides: int,
    axes: FloatArray = _UPRIGHT,
) -> Part:
    """Ellipses (centre, two half axes [m], weights) one after another along the axes' normal."""
    angle = 2.0 * np.pi * np.arange(sides) / sides
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    points = [centre + (circle * (a, b)) @ axes for centre, a, b, _ in rings]
    ends = np.stack([rings[0][0], rings[-1][0]])
    shares = np.zeros((len(rings), len(BONE)))
    for row, (*_, weights) in zip(shares, rings, strict=True):
        for bone, share in weights.items():
            row[BONE[bone]] = share
    here = np.arange(sides)
    on = (here + 1) % sides
    faces = []
    for ring in range(len(rings) - 1):
        low, high = ring * sides, (ring + 1) * sides
        faces += [np.stack([low + here, low + on, high + on], axis=-1)]
        faces += [np.stack([low + here, high + on, high + here], axis=-1)]
    bottom, top = len(rings) * sides + np.arange(2)
    last = (len(rings) - 1) * sides
    faces += [np.stack([on, here, np.full(sides, bottom)], axis=-1)]
    faces += [np.stack([last + here, last + on, np.full(sides, top)], axis=-1)]
    return Part(
        material=material,
        vertices=np.concatenate([*points, ends]),
        triangles=np.concatenate(faces),
        weights=np.concatenate([np.repeat(shares, sides, axis=0), shares[[0, -1]]]),
    )


def _ellipsoid(
    material: str, centre: FloatArray, radii: Sequence[float], bone: str, sides: int, rings: int
) -> Part:
    latitude = np.linspace(-0.5, 0.5, rings + 2)[1:-1] * np.pi
    stack = [
        (
            centre + radii[2] * np.sin(angle) * _UP,
            float(radii[0] * np.cos(angle)),
            float(radii[1] * np.cos(angle)),
            {bone: 1.0},
        )
        for angle in latitude
    ]
    part = _tube(material, stack, sides)
    part.vertices[-2:] = centre + np.array([[0.0, 0.0, -radii[2]], [0.0, 0.0, radii[2]]])
    return part


def _trunk(rest: Figures) -> Part:
    """From the crotch to the neck; it bends at the waist."""
    size = float(rest.physique.stature)
    hips = 0.5 * (rest.joints[JOINT["left_hip"]] + rest.joints[JOINT["right_hip"]])
    way = rest.neck - hips
    shape = (  # share of the way, half depth and half width as shares of the stature, chest's share
        (-0.10, 0.045, 0.060, 0.0),
        (0.0, 0.066, 0.096, 0.0),
        (0.22, 0.060, 0.084, 0.5),
        (0.50, 0.064, 0.094, 1.0),
        (0.80, 0.064, 0.108, 1.0),
        (0.95, 0.050, 0.095, 1.0),
        (1.03, 0.036, 0.050, 1.0),
    )
    rings = [
        (hips + share * way, a * size, b * size, {"chest": chest, "pelvis": 1.0 - chest})
        for share, a, b, chest in shape
    ]
    return _tube("shirt", rings, 10)


def _head(rest: Figures) -> list[Part]:
    """Neck, skull, hair behind; nose and eyes in front."""
    size, pivot = float(rest.physique.head), rest.pivot

    def place(x: float, y: float, z: float) -> FloatArray:
        return pivot + size * np.array([x, y, z])

    neck = [(rest.neck - 0.02 * _UP, 0.055, 0.06, {"chest": 1.0})]
    neck += [(place(0.0, 0.0, -0.05), 0.05, 0.055, {"head": 1.0})]
    parts = [
        _tube("skin", neck, 8),
        _ellipsoid(
            "skin", place(0.06, 0.0, 0.23), (0.40 * size, 0.33 * size, 0.5 * size), "head", 10, 5
        ),
        _ellipsoid(
            "hair", place(-0.06, 0.0, 0.34), (0.36 * size, 0.35 * size, 0.41 * size), "head", 10, 4
        ),
        _ellipsoid(
            "skin", place(0.46, 0.0, 0.10), (0.10 * size, 0.05 * size, 0.11 * size), "head", 6, 2
        ),
    ]
    for y in (0.14, -0.14):
        radii = (0.04 * size, 0.05 * size, 0.05 * size)
        parts.append(_ellipsoid("hair", place(0.425, y, 0.25), radii, "head", 6, 1))
    return parts


def _badge(rest: Figures) -> Part:
    """A white card on the left of the chest."""
    size = float(rest.physique.stature)
    hips = 0.5 * (rest.joints[JOINT["left_hip"]] + rest.joints[JOINT["right_hip"]])
    middle = hips + 0.68 * (rest.neck - hips) + [0.061 * size, 0.040 * size, 0.0]
    rings = [(middle + shift * _UP, 0.015, 0.045, {"chest": 1.0}) for shift in (-0.045, 0.045)]
    return _tube("white", rings, 6)


def _leg(rest: Figures, side: str) -> Part:
    """A trouser leg from the ankle into the trunk; it bends at the knee and at the hip."""
    joints = rest.joints
    hip, knee, ankle = (joints[JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
    size = float(rest.physique.stature)
    thigh, shank = f"{side}_thigh", f"{side}_shank"
    shape = (
        (ankle + 0.02 * (knee - ankle), 0.040, {shank: 1.0}),
        (ankle + 0.45 * (knee - ankle), 0.043, {shank: 1.0}),
        (ankle + 0.86 * (knee - ankle), 0.041, {shank: 1.0}),
        (knee, 0.040, {shank: 0.5, thigh: 0.5}),
        (knee + 0.14 * (hip - knee), 0.043, {thigh: 1.0}),
        (knee + 0.60 * (hip - knee), 0.050, {thigh: 1.0}),
        (knee + 0.95 * (hip - knee), 0.053, {thigh: 0.7, "pelvis": 0.3}),
        (knee + 1.10 * (hip - knee), 0.030, {"pelvis": 1.0}),
    )
    rings = [(centre, radius * size, radius * size, weights) for centre, radius, weights in shape]
    return _tube("trousers", rings, 8)


def _shoe(rest: Figures, side: str) -> Part:
    """From the heel to the toes, on the ground."""
    joints = rest.joints
    heel, big, small = (
        joints[JOINT[f"{side}_{name}"]] for name in ("heel", "big_toe", "small_toe")
    )
    toes = 0.5 * (big + small)
    length, breadth = toes - heel, 0.5 * float(rest.physique.foot_breadth)
    rings = []
    for share, wide, high in (
        (-0.1, 0.5, 0.025),
        (0.1, 0.75, 0.04),
        (0.65, 1.05, 0.028),
        (1.0, 0.7, 0.016),
    ):
        centre = heel + share * length
        rings.append(
            (np.array([centre[0], centre[1], high]), wide * breadth, high, {f"{side}_foot": 1.0})
        )
    return _tube("shoes", rings, 6, _AHEAD)


def _sleeve(rest: Figures, side: str) -> Part:
    """From the wrist to the shoulder; it bends at the elbow."""
    names = ("shoulder", "elbow", "wrist")
    shoulder, elbow, wrist = (rest.joints[JOINT[f"{side}_{name}"]] for name in names)
    size = float(rest.physique.stature)
    upper, lower = f"{side}_upper_arm", f"{side}_forearm"
    shape = (
        (wrist, 0.019, {lower: 1.0}),
        (wrist + 0.8 * (elbow - wrist), 0.025, {lower: 1.0}),
        (elbow, 0.025, {lower: 0.5, upper: 0.5}),
        (elbow + 0.25 * (shoulder - elbow), 0.028, {upper: 1.0}),
        (elbow + 0.85 * (shoulder - elbow), 0.032, {upper: 0.8, "chest": 0.2}),
        (elbow + 0.98 * (shoulder - elbow), 0.022, {upper: 0.3, "chest": 0.7}),
    )
    rings = [(centre, radius * size, radius * size, weights) for centre, radius, weights in shape]
    return _tube("shirt", rings, 6)


def _hand(rest: Figures, side: str) -> Part:
    elbow, wrist = (rest.joints[JOINT[f"{side}_{name}"]] for name in ("elbow", "wrist"))
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    length = float(rest.physique.hand)
    centre = wrist + 0.42 * length * along
    radii = (0.25 * length, 0.14 * length, 0.5 * length)
    return _ellipsoid("skin", centre, radii, f"{side}_forearm", 6, 3)
