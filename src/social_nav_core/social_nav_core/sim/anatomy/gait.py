"""Walking: cadence, feet, pelvis and arm swing as functions of the stride's phase.

Phase 0 is the left heel's strike, phase 0.5 the right one's.  A foot that stands keeps its place
on the ground while the body moves on, so feet do not slide when the phase is advanced by
`stride_rate` times the time step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from social_nav_core.geometry import FloatArray
from social_nav_core.sim.anatomy.physique import Physique

STANCE = 0.62
"""Share of a stride during which a foot is on the ground."""
_WALK_RATIO = 0.0063
"""Step length over cadence [m / (steps / min)] of adults (Sekiya and Nagasaki, 1998)."""
_ADULT_LEG = 0.845
_FULL_SPEED = 1.3
_FORWARD_SHARE = 0.85
"""Heel strike ahead of the hips, as a share of half the foot's path; toe-off is behind by 1.15."""

# Pitch of the foot over its own stride [degree], toes up positive: heel strike, flat, heel off,
# toe off, swing (after Winter, 2009, ankle and foot angles of natural cadence).
_PITCH_PHASES = (0.0, 0.10, 0.32, 0.48, STANCE, 0.76, 0.88, 1.0)
_PITCH_DEGREES = (16.0, 0.0, 0.0, -16.0, -52.0, -24.0, 6.0, 16.0)
_PHASES = np.linspace(0.0, 1.0, 257)
_PITCH = np.radians(PchipInterpolator(_PITCH_PHASES, _PITCH_DEGREES)(_PHASES))


@dataclass(frozen=True)
class Gait:
    """The body's lower half and arm swing in the person's frame, sides ``(..., 2)``: left, right.

    Attributes:
        foot: (..., 2, 2) forward and left shift [m] of the soles from where they stand at rest.
        lift: (..., 2) height [m] of the soles' pivots above the ground.
        pitch: (..., 2) foot pitch [rad], toes up positive.
        sink: (...) how far [m] the hips are below their height at rest.
        sway: (...) shift of the hips [m] to the left.
        pelvis_yaw: (...) turn of the pelvis [rad].
        chest_yaw: (...) turn of the chest [rad] against the walker's heading.
        shoulder: (..., 2) arm swing [rad], forward positive.
        elbow: (..., 2) elbow flexion [rad].
        effort: (...) 0 standing to 1 walking at 1.3 m/s.
    """

    foot: FloatArray
    lift: FloatArray
    pitch: FloatArray
    sink: FloatArray
    sway: FloatArray
    pelvis_yaw: FloatArray
    chest_yaw: FloatArray
    shoulder: FloatArray
    elbow: FloatArray
    effort: FloatArray


def stride_rate(speed: ArrayLike, physique: Physique) -> FloatArray:
    """Strides (two steps) per second [1/s] at a walking speed [m/s]; 0 when standing.

    Step length and cadence keep the walk ratio of adults, scaled by the leg's length.
    """
    pace = np.abs(np.asarray(speed, dtype=float))
    ratio = _WALK_RATIO * physique.leg / _ADULT_LEG
    step = np.sqrt(60.0 * pace * ratio)
    return np.where(pace > 0.02, pace / np.maximum(2.0 * step, 1e-6), 0.0)


def gait(velocity_in_person: FloatArray, phase: ArrayLike, physique: Physique) -> Gait:
    """The gait of people.

    Args:
        velocity_in_person: (..., 2) forward and left speed [m/s].
        phase: (...) of the stride; only the fraction counts.
        physique: dimensions that broadcast with ``(...)``.
    """
    speed = np.linalg.norm(velocity_in_person, axis=-1)
    direction = velocity_in_person / np.maximum(speed, 1e-9)[..., None]
    effort = np.clip(speed / _FULL_SPEED, 0.0, 1.0)
    moving = np.clip(speed / 0.25, 0.0, 1.0) ** 2 * (3.0 - 2.0 * np.clip(speed / 0.25, 0.0, 1.0))
    left = np.mod(np.asarray(phase, dtype=float), 1.0) + np.zeros_like(speed)
    own = np.mod(np.stack([left, left + 0.5], axis=-1), 1.0)
    rate = stride_rate(speed, physique)
    reach = 0.5 * STANCE * np.where(rate > 0.0, speed / np.maximum(rate, 1e-6), 0.0)
    path, air = _foot_path(own)
    travel = (path - (1.0 - _FORWARD_SHARE)) * reach[..., None]
    ahead = np.maximum(direction[..., 0], 0.0)
    swing = 2.0 * np.pi * left
    cosine = np.cos(swing)[..., None] * np.array([-1.0, 1.0])
    arms = effort[..., None] * ahead[..., None]
    return Gait(
        foot=travel[..., None] * direction[..., None, :] * np.array([1.0, 0.5]),
        lift=(0.02 + 0.05 * effort)[..., None] * moving[..., None] * air,
        pitch=np.interp(own, _PHASES, _PITCH) * (effort**0.7 * ahead)[..., None],
        sink=_sink(reach, swing, physique, effort),
        sway=0.02 * moving * np.sin(swing),
        pelvis_yaw=-0.08 * effort * ahead * np.cos(swing),
        chest_yaw=0.09 * effort * ahead * np.cos(swing),
        shoulder=0.06 + 0.42 * arms * (cosine - 0.1),
        elbow=0.24 + arms * (0.18 + 0.16 * cosine),
        effort=effort,
    )


def _foot_path(phase: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Place along the path, 1 at heel strike to -1 at toe-off, and height 0 to 1, of one foot."""
    stand = 1.0 - 2.0 * phase / STANCE
    u = np.clip((phase - STANCE) / (1.0 - STANCE), 0.0, 1.0)
    slope = -2.0 * (1.0 - STANCE) / STANCE
    swing = (4.0 * u**3 - 6.0 * u**2 + 1.0) * -1.0 + slope * (2.0 * u**3 - 3.0 * u**2 + u)
    return np.where(phase < STANCE, stand, swing), np.sin(np.pi * u) ** 2


def _sink(
    reach: FloatArray, swing: FloatArray, physique: Physique, effort: FloatArray
) -> FloatArray:
    """Lowered hips: low enough to reach the striking heel, and bobbing twice a stride."""
    leg = physique.leg
    strike = np.minimum(_FORWARD_SHARE * reach, 0.6 * leg)
    lowest = leg - np.sqrt((0.995 * leg) ** 2 - strike**2)
    bob = 0.014 * effort * physique.stature * 0.5 * (1.0 - np.cos(2.0 * swing - 0.6))
    return np.maximum(lowest - bob, 0.001 * physique.stature)
