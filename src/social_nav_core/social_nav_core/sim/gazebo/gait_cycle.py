"""The bones of a walking person and how they move during one stride, from the suite's anatomy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.anatomy.gait import stride_rate
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.anatomy.rotations import transported, unit
from social_nav_core.sim.body import Figures, figures
from social_nav_core.sim.motion import standing
from social_nav_core.skeleton import JOINT

FRAMES = 12
"""Key frames of a stride; one more repeats the first."""
LIMBS = {
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "foot": ("heel", "big_toe"),
}
"""Bones of each side: the joints along which each points."""
_PARENTS = {
    "root": "",
    "pelvis": "root",
    "chest": "pelvis",
    "head": "chest",
    **{
        f"{side}_{bone}": parent if parent in ("chest", "pelvis") else f"{side}_{parent}"
        for side in ("left", "right")
        for bone, parent in (
            ("upper_arm", "chest"),
            ("forearm", "upper_arm"),
            ("thigh", "pelvis"),
            ("shank", "thigh"),
            ("foot", "shank"),
        )
    },
}
BONES = tuple(_PARENTS)
BONE = {name: index for index, name in enumerate(BONES)}
PARENTS = tuple(BONE[parent] if parent else -1 for parent in _PARENTS.values())
"""Index of each bone's parent, which comes before it; -1 for the root."""


@dataclass(frozen=True)
class GaitCycle:
    """One stride of a person on the spot, in the person's frame (x ahead, z up; metres).

    Attributes:
        rest: the body when it stands, leading shape ().
        bind: (bones, 4, 4) the bones' frames when the person stands; all axes are the person's.
        frames: (FRAMES + 1, bones, 4, 4) the bones' frames during the stride; the last is the
            first.
        times: (FRAMES + 1,) from the left heel's strike [s].
        stride: way over ground in one cycle [m].
    """

    rest: Figures
    bind: FloatArray
    frames: FloatArray
    times: FloatArray
    stride: float

    @property
    def seconds_per_metre(self) -> float:
        """Time of the cycle that goes by over a metre of ground [s/m]."""
        return float(self.times[-1]) / self.stride


def gait_cycle(height: float, speed: float) -> GaitCycle:
    """The stride of a person of average proportions.

    Args:
        height: stature [m], 0.8 to 2.3.
        speed: of walking over ground [m/s], above 0.02.

    Raises:
        ValueError: a height or a speed out of range.
    """
    physique = average_physique(height)
    rate = float(stride_rate(speed, physique))
    if not rate > 0.0:
        raise ValueError(f"speed is {speed} m/s, expected a walking speed above 0.02 m/s")
    rest = figures(standing(np.zeros(3)), physique)
    phase = np.arange(FRAMES + 1) % FRAMES / FRAMES
    walk = figures(
        standing(np.zeros((FRAMES + 1, 3)), velocity=(speed, 0.0), gait_phase=phase), physique
    )
    return GaitCycle(
        rest=rest,
        bind=bone_frames(rest, rest),
        frames=bone_frames(walk, rest),
        times=np.arange(FRAMES + 1) / (FRAMES * rate),
        stride=speed / rate,
    )


def bone_frames(now: Figures, rest: Figures) -> FloatArray:
    """Frames ``(..., bones, 4, 4)`` of the bones; those of the limbs turn with their segments."""
    shape = now.joints.shape[:-2]
    frames = np.zeros((*shape, len(BONES), 4, 4))
    frames[...] = np.eye(4)
    hips = [now.joints[..., JOINT[f"{side}_hip"], :] for side in ("left", "right")]
    left = unit(hips[0] - hips[1])
    ahead = unit(np.cross(left, [0.0, 0.0, 1.0]))
    pelvis = np.stack([ahead, left, np.cross(ahead, left)], axis=-1)
    back = now.chest @ np.array([0.0, 0.0, float(now.physique.back)])
    trunk = {
        "pelvis": (pelvis, 0.5 * (hips[0] + hips[1])),
        "chest": (now.chest, now.neck - back),
        "head": (now.head, now.pivot),
    }
    for name, (turn, place) in trunk.items():
        frames[..., BONE[name], :3, :3] = turn @ np.swapaxes(_at_rest(name, rest), -1, -2)
        frames[..., BONE[name], :3, 3] = place
    for side in ("left", "right"):
        for bone, (start, end) in LIMBS.items():
            index = BONE[f"{side}_{bone}"]
            begin, tip = JOINT[f"{side}_{start}"], JOINT[f"{side}_{end}"]
            way = unit(now.joints[..., tip, :] - now.joints[..., begin, :])
            before = unit(rest.joints[tip] - rest.joints[begin]) + np.zeros_like(way)
            axes = [transported(axis + np.zeros_like(way), before, way) for axis in np.eye(3)]
            frames[..., index, :3, :3] = np.stack(axes, axis=-1)
            joint = JOINT[f"{side}_ankle"] if bone == "foot" else begin
            frames[..., index, :3, 3] = now.joints[..., joint, :]
    return frames


def _at_rest(name: str, rest: Figures) -> FloatArray:
    turns = {"pelvis": np.eye(3), "chest": rest.chest, "head": rest.head}
    return turns[name]
