"""Arms and legs from where hands and feet should be, within the joints' limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.anatomy.gait import Gait
from social_nav_core.sim.anatomy.physique import Physique
from social_nav_core.sim.anatomy.rotations import (
    rotate,
    transported,
    turned,
    two_bone,
    unit,
)

# Joint limits [degree] of healthy adults, rounded up from the means of Norkin and White,
# "Measurement of Joint Motion" (2016): elbow flexion 150, knee flexion 140, shoulder extension 60,
# horizontal adduction 45 past straight ahead, forearm 85 each way, wrist 75.
ELBOW_SHARPEST = np.radians(180.0 - 150.0)
KNEE_SHARPEST = np.radians(180.0 - 140.0)
SHOULDER_BACK = np.radians(60.0)
SHOULDER_ACROSS = np.radians(50.0)
FOREARM_ROLL = np.radians(85.0)
WRIST_FLEXION = np.radians(75.0)
_CLEAR_OF_TRUNK = 1.1
"""Swivel [rad] that lifts the elbow off the trunk when the hand goes straight across."""

_DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True)
class Arms:
    """Both arms in the chest's frame, sides ``(..., 2, 3)``: left, right; unit vectors and metres.

    ``along`` runs from the wrist to the middle finger, ``palm`` out of the palm, and ``thumb``
    across the hand to the thumb's side.
    """

    shoulder: FloatArray
    elbow: FloatArray
    wrist: FloatArray
    along: FloatArray
    palm: FloatArray
    thumb: FloatArray


@dataclass(frozen=True)
class ArmWish:
    """Where two arms should be, per side ``(..., 2)``: left, right.

    Attributes:
        hand: (..., 2, 3) wrist from the neutral shoulder [m], along forward, outward, up.
        swivel, roll, wrist: angles [rad] as in `gestures.ARM_CHANNELS`.
    """

    hand: FloatArray
    swivel: FloatArray
    roll: FloatArray
    wrist: FloatArray


def mirrored(vectors: FloatArray) -> FloatArray:
    """Sides ``(..., 2, 3)`` between (forward, outward, up) and (forward, left, up)."""
    return vectors * np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0]])


def neutral_shoulders(physique: Physique) -> FloatArray:
    """Shoulders ``(..., 2, 3)`` at rest from the base of the neck, forward, outward, up [m]."""
    out = physique.half_shoulders
    place = np.stack([-0.004 * physique.stature, out, -0.012 * physique.stature], axis=-1)
    return np.stack([place, place], axis=-2)


def hanging_hands(gait: Gait, physique: Physique) -> FloatArray:
    """Wrists ``(..., 2, 3)`` of hanging or swinging arms from the shoulders [m]."""
    upper, lower = physique.upper_arm[..., None], physique.forearm[..., None]
    swing, bent = gait.shoulder, gait.shoulder + gait.elbow
    out = 0.12 * (upper + lower) * np.ones_like(swing)
    return np.stack(
        [
            upper * np.sin(swing) + lower * np.sin(bent),
            out,
            -(upper * np.cos(swing) + lower * np.cos(bent)),
        ],
        axis=-1,
    )


def arms(wish: ArmWish, physique: Physique) -> Arms:
    """Both arms from where the hands should be; lengths kept, angles within their limits."""
    rest = neutral_shoulders(physique)
    hand = _within_reach(wish.hand)
    shoulder = rest + _girdle(hand, physique)
    target = rest + hand
    way = unit(target - shoulder)
    back = transported(np.array([-0.95, 0.30, 0.0]) + np.zeros_like(way), _DOWN, way)
    across = np.clip(-way[..., 1], 0.0, 1.0)
    pole = turned(back, way, wish.swivel + _CLEAR_OF_TRUNK * across)
    upper, lower = physique.upper_arm[..., None], physique.forearm[..., None]
    elbow, wrist, bend = two_bone(shoulder, target, pole, upper, lower, ELBOW_SHARPEST)
    forearm = unit(wrist - elbow)
    medial = np.cross(bend, unit(wrist - shoulder))
    palm = turned(medial, forearm, -np.clip(wish.roll, -FOREARM_ROLL, FOREARM_ROLL))
    flexion = np.clip(wish.wrist, -WRIST_FLEXION, WRIST_FLEXION)[..., None]
    along = np.cos(flexion) * forearm + np.sin(flexion) * palm
    palm = np.cos(flexion) * palm - np.sin(flexion) * forearm
    thumb = np.cross(palm, along)
    return Arms(*(mirrored(item) for item in (shoulder, elbow, wrist, along, palm, thumb)))


def _within_reach(hand: FloatArray) -> FloatArray:
    """Hands brought to directions that a shoulder can take, at the same distance."""
    forward, out, up = hand[..., 0], hand[..., 1], hand[..., 2]
    distance = np.linalg.norm(hand, axis=-1)
    level = np.hypot(forward, out)
    azimuth = np.arctan2(out, forward)
    azimuth = np.clip(azimuth, -SHOULDER_ACROSS, np.pi)
    behind = np.maximum(-np.cos(azimuth), 0.0) * level
    allowed = np.sin(SHOULDER_BACK) * np.maximum(distance, 1e-9)
    level = np.where(behind > allowed, level * allowed / np.maximum(behind, 1e-9), level)
    up = np.sign(up) * np.sqrt(np.maximum(distance**2 - level**2, 0.0))
    return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), up], axis=-1)


def _girdle(hand: FloatArray, physique: Physique) -> FloatArray:
    """Shift of the shoulders when the collarbones follow the arms (scapulohumeral rhythm)."""
    way = unit(hand)
    reach = np.linalg.norm(hand, axis=-1) / physique.arm[..., None]
    raised = np.clip(way[..., 2] + 0.5, 0.0, 1.5) / 1.5
    ahead = np.clip(way[..., 0], -0.5, 1.0) * np.clip(reach - 0.5, 0.0, 0.5) * 2.0
    width = physique.half_shoulders[..., None]
    lift, drawn = np.radians(28.0) * raised**1.5, np.radians(20.0) * ahead
    return np.stack(
        [
            width * np.sin(drawn) * np.cos(lift),
            width * (np.cos(drawn) * np.cos(lift) - 1.0),
            width * np.sin(lift),
        ],
        axis=-1,
    )


@dataclass(frozen=True)
class Legs:
    """Both legs in the person's frame, sides ``(..., 2, 3)``: left, right [m]."""

    hip: FloatArray
    knee: FloatArray
    ankle: FloatArray
    heel: FloatArray
    big_toe: FloatArray
    small_toe: FloatArray


def legs(
    hip: FloatArray, sole: FloatArray, pitch: FloatArray, yaw: FloatArray, physique: Physique
) -> Legs:
    """Both legs from hips and feet.

    Args:
        hip: (..., 2, 3) in the person's frame [m].
        sole: (..., 2, 3) ground point below the ankle when the foot is flat [m].
        pitch: (..., 2) of the foot, toes up positive [rad].
        yaw: (..., 2) of the foot from straight ahead, left positive [rad].
        physique: dimensions ``(...)``.
    """
    size = physique.stature[..., None]
    heel_x, ball_x = -0.25 * physique.foot[..., None], 0.50 * physique.foot[..., None]
    tip = 0.25 * physique.foot[..., None]
    height = physique.ankle[..., None]
    pivot = np.where(pitch > 0.0, heel_x, ball_x)
    cos, sin = np.cos(pitch), np.sin(pitch)
    ahead = np.stack([np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)], axis=-1)
    outward = np.cross(np.array([0.0, 0.0, 1.0]), ahead) * np.array([[1.0], [-1.0]])

    def on_foot(x: FloatArray, out: FloatArray, z: FloatArray) -> FloatArray:
        along, up = pivot + (x - pivot) * cos - z * sin, (x - pivot) * sin + z * cos
        spread = sole + along[..., None] * ahead + out[..., None] * outward
        return spread + np.stack([np.zeros_like(up), np.zeros_like(up), up], axis=-1)

    flat = np.zeros_like(pitch)
    ankle = on_foot(flat, flat, height + flat)
    heel = on_foot(heel_x + flat, flat, 0.006 * size + flat)
    ball = on_foot(ball_x + flat, flat, 0.006 * size + flat)
    toes_cos, toes_sin = np.cos(np.maximum(pitch, 0.0)), np.sin(np.maximum(pitch, 0.0))
    toes = (tip * toes_cos)[..., None] * ahead + (tip * toes_sin)[..., None] * np.array([0, 0, 1.0])
    breadth = physique.foot_breadth[..., None, None]
    knee, ankle, _ = two_bone(
        hip,
        ankle,
        ahead + 0.12 * outward,
        physique.thigh[..., None],
        physique.shank[..., None],
        KNEE_SHARPEST,
    )
    return Legs(
        hip=hip,
        knee=knee,
        ankle=ankle,
        heel=heel,
        big_toe=ball + toes - 0.35 * breadth * outward,
        small_toe=ball + 0.7 * toes + 0.55 * breadth * outward,
    )


def world_of(matrix: FloatArray, origin: FloatArray, points: FloatArray) -> FloatArray:
    """Sides ``(..., 2, 3)`` of a frame ``(..., 3, 3)`` at an origin ``(..., 3)``, in its parent."""
    return rotate(matrix[..., None, :, :], points) + origin[..., None, :]
