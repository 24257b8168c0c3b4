"""Articulated people: 3-D joints from pose, motion, gesture, gaze and body size.

    motion = standing(np.array([[2.0, 0.0, np.pi]]), Gesture.WAVE)
    joints = figures(motion, average_physique([1.72])).joints      # (1, 23, 3) in the map [m]

Everything is vectorised over any leading shape: people, or times and people.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from social_nav_core.geometry import FloatArray, rotation
from social_nav_core.sim.anatomy import face, limbs
from social_nav_core.sim.anatomy.gait import Gait, gait
from social_nav_core.sim.anatomy.gestures import (
    ARM_CHANNELS,
    CHANNEL,
    Manner,
    average_manner,
    blended,
    posture,
)
from social_nav_core.sim.anatomy.hands import hand_points
from social_nav_core.sim.anatomy.physique import Physique
from social_nav_core.sim.anatomy.rotations import about_x, about_y, about_z, rotate
from social_nav_core.sim.motion import Motion

_HEAD_YAW, _HEAD_DOWN, _HEAD_UP = np.radians(75.0), np.radians(55.0), np.radians(50.0)
_EYES = np.radians(35.0)
_NECK_FORWARD = 0.25
_TOE_OUT = np.radians(8.0)
_ARM = slice(0, len(ARM_CHANNELS))
_OTHER_ARM = slice(len(ARM_CHANNELS), 2 * len(ARM_CHANNELS))


@dataclass(frozen=True)
class Figures:
    """Articulated bodies in the map, arrays of one leading shape ``(...)``.

    Attributes:
        joints: (..., 23, 3) in the order of `skeleton.JOINTS` [m].
        neck: (..., 3) base of the neck [m].
        head: (..., 3, 3) rotation of the head (x out of the face, z to the crown).
        skull: (..., 3) centre of the head [m].
        chest: (..., 3, 3) rotation of the chest (x out of it, z up the spine).
        gaze: (..., 3) unit vector along which the eyes look.
        hands: wrists and hand frames, sides ``(..., 2, 3)``, and bends ``(..., 2)``.
    """

    joints: FloatArray
    neck: FloatArray
    head: FloatArray
    skull: FloatArray
    chest: FloatArray
    gaze: FloatArray
    hands: Hands
    pivot: FloatArray
    smile: FloatArray
    mouth: FloatArray
    physique: Physique

    def at(self, index: int) -> Figures:
        """The bodies ``(...)`` of one of the first leading axis' instants."""
        parts = {item.name: getattr(self.hands, item.name)[index] for item in fields(Hands)}
        names = [item.name for item in fields(self) if item.name not in ("hands", "physique")]
        arrays: dict[str, Any] = {name: getattr(self, name)[index] for name in names}
        return Figures(hands=Hands(**parts), physique=self.physique, **arrays)

    def whole_body(self) -> FloatArray:
        """All 133 points ``(..., 133, 3)`` [m] in the order of `skeleton.WHOLE_BODY`."""
        size, hands = self.physique.hand, self.hands
        face_68 = face.face_points(
            self.pivot, self.head, self.physique.head, self.smile, self.mouth
        )
        left, right = (
            hand_points(
                hands.wrist[..., side, :],
                hands.along[..., side, :],
                hands.palm[..., side, :],
                hands.thumb[..., side, :],
                np.broadcast_to(size, self.smile.shape),
                hands.curl[..., side],
                hands.index[..., side],
            )
            for side in (0, 1)
        )
        return np.concatenate([self.joints, face_68, left, right], axis=-2)


@dataclass(frozen=True)
class Hands:
    """Hand frames in the map, sides ``(..., 2, 3)``: left, right; bends ``(..., 2)``, 0 to 1."""

    wrist: FloatArray
    along: FloatArray
    palm: FloatArray
    thumb: FloatArray
    curl: FloatArray
    index: FloatArray


def figures(motion: Motion, physique: Physique, manner: Manner | None = None) -> Figures:
    """The bodies of people.

    Args:
        motion: arrays of a leading shape ``(...)``.
        physique: dimensions that broadcast with ``(...)``.
        manner: how they make gestures, broadcasting with ``(...)``; the average when left out.
    """
    shape = motion.pose.shape[:-1]
    manner = average_manner(shape) if manner is None else manner
    channels = _channels(motion, manner)
    turn = about_z(motion.pose[..., 2])
    inverse = np.swapaxes(rotation(motion.pose[..., 2]), -1, -2)
    forward = np.einsum("...ij,...j->...i", inverse, motion.velocity)
    walk = gait(forward, motion.gait_phase, physique)
    lower = _lower_body(motion, channels, walk, physique)
    chest, neck = _spine(motion, channels, walk, manner, lower, physique)
    gaze = _in_person(motion, motion.gaze, turn)
    head, pivot, eyes = _head(channels, gaze, chest, neck, physique)
    target = _in_person(motion, motion.target, turn)
    arms, curl, index = _arms(motion, channels, walk, target, chest, neck, physique)
    joints = _joints(arms, lower.legs, head, pivot, physique)
    place = np.concatenate([motion.pose[..., :2], np.zeros((*shape, 1))], axis=-1)

    def in_map(points: FloatArray) -> FloatArray:
        return points @ np.swapaxes(turn, -1, -2) + place[..., None, :]

    def turned(vectors: FloatArray) -> FloatArray:
        return vectors @ np.swapaxes(turn, -1, -2)

    skull = pivot + physique.head[..., None] * rotate(head, face.CENTRE)
    single = in_map(np.stack([neck, skull, pivot], axis=-2))
    hands = Hands(
        in_map(arms.wrist), turned(arms.along), turned(arms.palm), turned(arms.thumb), curl, index
    )
    return Figures(
        joints=in_map(joints),
        neck=single[..., 0, :],
        head=turn @ head,
        skull=single[..., 1, :],
        chest=turn @ chest,
        gaze=rotate(turn, eyes),
        hands=hands,
        pivot=single[..., 2, :],
        smile=channels[..., CHANNEL["smile"]],
        mouth=channels[..., CHANNEL["mouth"]],
        physique=physique,
    )


def _channels(motion: Motion, manner: Manner) -> FloatArray:
    now = posture(motion.gesture, motion.gesture_time, manner)
    past = motion.previous_time + motion.gesture_time
    before = posture(motion.previous, past, manner)
    return blended(before, now, motion.gesture_time)


def _in_person(motion: Motion, point_in_map: FloatArray, turn: FloatArray) -> FloatArray:
    shifted = point_in_map - np.concatenate(
        [motion.pose[..., :2], np.zeros_like(motion.pose[..., :1])], axis=-1
    )
    return rotate(np.swapaxes(turn, -1, -2), shifted)


@dataclass(frozen=True)
class _LowerBody:
    pelvis: FloatArray
    frame: FloatArray
    legs: limbs.Legs


def _main_side(physique: Physique, shape: tuple[int, ...]) -> FloatArray:
    """+1 for right-handed people, -1 for left-handed ones."""
    return np.broadcast_to(np.where(physique.left_handed, -1.0, 1.0), shape)


def _lower_body(motion: Motion, channels: FloatArray, walk: Gait, physique: Physique) -> _LowerBody:
    def get(name: str) -> FloatArray:
        return channels[..., CHANNEL[name]]

    stature, seated = physique.stature, motion.seated
    main = _main_side(physique, seated.shape)
    lunge = get("lunge") * stature * (1.0 - seated)
    lean = 0.45 * get("lean") * (1.0 - 0.5 * seated)
    step = np.sqrt(np.maximum(physique.leg**2 - (0.75 * lunge) ** 2, 0.0))
    sink = np.maximum(walk.sink, physique.leg - step) + get("crouch") * stature
    upright = physique.ankle + physique.leg - sink
    on_seat = motion.seat + 0.048 * stature * physique.girth
    height = upright * (1.0 - seated) + on_seat * seated
    rock = 0.006 * np.sin(0.9 * motion.time) * (1.0 - walk.effort) * (1.0 - seated)
    pelvis = np.stack(
        [0.25 * lunge - 0.10 * stature * np.sin(lean), walk.sway + rock, height], axis=-1
    )
    frame = about_z(walk.pelvis_yaw) @ about_y(lean - 0.06 * seated)
    half = physique.half_hips + np.zeros_like(seated)
    across = np.zeros((*seated.shape, 2, 3))
    across[..., 0, 1], across[..., 1, 1] = half, -half
    hip = limbs.world_of(frame, pelvis, across)
    sole = np.zeros_like(hip)
    sole[..., :2] = walk.foot
    sole[..., 1] += np.stack([half, -half], axis=-1) * (1.05 + 0.25 * seated[..., None])
    sole[..., 2] = walk.lift
    ahead = np.stack([0.25 + 0.5 * main, 0.25 - 0.5 * main], axis=-1)
    seat_reach = np.stack([0.93 * physique.thigh, 0.99 * physique.thigh], axis=-1)
    sole[..., 0] += ahead * lunge[..., None] + seat_reach * seated[..., None]
    yaw = np.array([_TOE_OUT, -_TOE_OUT]) + np.zeros_like(walk.lift)
    legs = limbs.legs(hip, sole, walk.pitch, yaw, physique)
    return _LowerBody(pelvis, frame, legs)


def _spine(
    motion: Motion,
    channels: FloatArray,
    walk: Gait,
    manner: Manner,
    lower: _LowerBody,
    physique: Physique,
) -> tuple[FloatArray, FloatArray]:
    """Rotation of the chest and base of the neck in the person's frame."""
    main = _main_side(physique, motion.seated.shape)
    yaw = walk.chest_yaw + main * channels[..., CHANNEL["twist"]]
    breath = 0.006 * np.sin(1.6 * motion.time)
    lean = channels[..., CHANNEL["lean"]] + manner.stoop + breath + 0.03 * walk.effort
    side = main * channels[..., CHANNEL["side"]]
    chest = about_z(yaw) @ about_y(lean) @ about_x(side)
    zero = np.zeros_like(yaw)
    lumbar = lower.pelvis + rotate(
        lower.frame, np.stack([zero, zero, physique.lumbar + zero], axis=-1)
    )
    return chest, lumbar + rotate(chest, np.stack([zero, zero, physique.back + zero], axis=-1))


def _head(
    channels: FloatArray, gaze: FloatArray, chest: FloatArray, neck: FloatArray, physique: Physique
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rotation of the head, its pivot, and the gaze, in the person's frame."""
    main = _main_side(physique, neck.shape[:-1])
    above = np.zeros_like(neck)
    above[..., 2] = physique.neck + 0.2 * physique.head
    to_chest = np.swapaxes(chest, -1, -2)
    way = rotate(to_chest, gaze - neck - above)
    level = np.arcsin(np.clip(chest[..., 2, 0], -1.0, 1.0))
    follow = channels[..., CHANNEL["gaze"]] * np.isfinite(gaze).all(axis=-1)
    way = np.where(np.isfinite(way), way, 0.0)
    aim_yaw = follow * np.arctan2(way[..., 1], np.where(follow > 0.0, way[..., 0], 1.0))
    down = np.arctan2(-way[..., 2], np.maximum(np.hypot(way[..., 0], way[..., 1]), 1e-6))
    aim_down = follow * down + (1.0 - follow) * 0.8 * level
    yaw = 0.85 * aim_yaw - main * channels[..., CHANNEL["turn"]]
    yaw = np.clip(yaw, -_HEAD_YAW, _HEAD_YAW)
    pitch = np.clip(0.9 * aim_down + channels[..., CHANNEL["nod"]], -_HEAD_UP, _HEAD_DOWN)
    tilt = main * channels[..., CHANNEL["tilt"]]
    head = chest @ about_z(yaw) @ about_y(pitch) @ about_x(tilt)
    half = chest @ about_z(0.5 * yaw) @ about_y(0.45 * pitch + _NECK_FORWARD)
    pivot = neck + half[..., :, 2] * (physique.neck + np.zeros_like(yaw))[..., None]
    eye_yaw = follow * np.clip(aim_yaw - yaw, -_EYES, _EYES)
    eye_down = follow * np.clip(aim_down - pitch, -_EYES, _EYES)
    looks = chest @ about_z(yaw + eye_yaw) @ about_y(pitch + eye_down)
    return head, pivot, looks[..., :, 0]


def _arms(
    motion: Motion,
    channels: FloatArray,
    walk: Gait,
    target: FloatArray,
    chest: FloatArray,
    neck: FloatArray,
    physique: Physique,
) -> tuple[limbs.Arms, FloatArray, FloatArray]:
    """Both arms in the person's frame, finger bends and forefingers ``(..., 2)``."""
    right_main = _main_side(physique, motion.seated.shape)[..., None] > 0.0
    main, other = channels[..., _ARM], channels[..., _OTHER_ARM]
    left, right = np.where(right_main, other, main), np.where(right_main, main, other)
    sides = np.stack([left, right], axis=-2)
    wish = {name: sides[..., index] for index, name in enumerate(ARM_CHANNELS)}
    length = (physique.arm + np.zeros_like(motion.seated))[..., None, None]
    place = np.stack([wish["forward"], wish["out"], wish["up"]], axis=-1) * length
    weight = wish["weight"][..., None]
    seated = motion.seated[..., None, None]
    lap = np.array([0.52, -0.02, -0.60]) * length
    rest = limbs.hanging_hands(walk, physique) * (1.0 - seated) + lap * seated
    hand = rest * (1.0 - weight) + place * weight
    hand = _toward_target(hand, wish["reach"] * wish["weight"], target, chest, neck, physique)
    weight = weight[..., 0]
    arm_wish = limbs.ArmWish(
        hand=hand,
        swivel=wish["swivel"] * weight,
        roll=wish["roll"] * weight - 0.35 * (1.0 - weight) - 0.7 * (1.0 - weight) * seated[..., 0],
        wrist=wish["wrist"] * weight,
    )
    local = limbs.arms(arm_wish, physique)
    place_of = (limbs.world_of(chest, neck, item) for item in (local.shoulder, local.elbow))
    shoulder, elbow = place_of
    wrist = limbs.world_of(chest, neck, local.wrist)
    ways = (rotate(chest[..., None, :, :], item) for item in (local.along, local.palm, local.thumb))
    curl = np.clip(wish["curl"] * weight + 0.3 * (1.0 - weight), 0.0, 1.0)
    return limbs.Arms(shoulder, elbow, wrist, *ways), curl, wish["index"] * weight


def _toward_target(
    hand: FloatArray,
    reach: FloatArray,
    target: FloatArray,
    chest: FloatArray,
    neck: FloatArray,
    physique: Physique,
) -> FloatArray:
    """Hands moved toward a target in the person's frame as far as they should reach for it."""
    known = np.asarray(np.isfinite(target).all(axis=-1))[..., None]
    local = rotate(np.swapaxes(chest, -1, -2), np.where(known, target, 0.0) - neck)
    way = limbs.mirrored(local[..., None, :] + np.zeros_like(hand))
    way = way - limbs.neutral_shoulders(physique)
    distance = np.linalg.norm(way, axis=-1, keepdims=True)
    farthest = 1.05 * (physique.arm + np.zeros_like(distance[..., 0, 0]))[..., None, None]
    way = way * np.minimum(1.0, farthest / np.maximum(distance, 1e-9))
    share = (reach * known)[..., None]
    return hand * (1.0 - share) + way * share


def _joints(
    arms: limbs.Arms,
    legs: limbs.Legs,
    head: FloatArray,
    pivot: FloatArray,
    physique: Physique,
) -> FloatArray:
    size = (physique.head + np.zeros_like(pivot[..., 0]))[..., None, None]
    head_points = face.HEAD_POINTS @ np.swapaxes(head, -1, -2) * size + pivot[..., None, :]
    pairs = (arms.shoulder, arms.elbow, arms.wrist, legs.hip, legs.knee, legs.ankle)
    feet = np.stack([legs.big_toe, legs.small_toe, legs.heel], axis=-2)
    return np.concatenate([head_points, *pairs, feet[..., 0, :, :], feet[..., 1, :, :]], axis=-2)
