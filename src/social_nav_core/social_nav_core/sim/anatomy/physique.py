"""Body sizes: segment lengths as shares of the stature, and how they vary between people."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from social_nav_core.geometry import FloatArray

# Shares of the stature.  Limbs and heights: Drillis and Contini (1966), as printed in Winter,
# "Biomechanics and Motor Control of Human Movement" (2009), figure 4.1: ankle 0.039, knee 0.285,
# hip 0.530, shoulder 0.818, chin 0.870; upper arm 0.186, forearm 0.146, hand 0.108, foot 0.152.
# Widths between joint centres: the biacromial breadth of ANSUR II (Gordon et al., 2014), 0.23, less
# 2 cm of soft tissue and bone on each side; hip joint centres after Bell et al. (1989).
_SHANK, _THIGH, _ANKLE = 0.246, 0.245, 0.039
_UPPER_ARM, _FOREARM, _HAND = 0.186, 0.146, 0.108
_FOOT, _FOOT_BREADTH = 0.152, 0.055
_HALF_SHOULDERS, _HALF_HIPS = 0.103, 0.054
_LUMBAR, _BACK = 0.060, 0.240
_NECK, _HEAD = 0.075, 0.130
_ADULT = 1.72
"""Stature [m] at which the head has its adult share; heads vary less than bodies do."""


@dataclass(frozen=True)
class Physique:
    """Body dimensions of people, arrays of one shape ``(...)``, lengths in metres.

    ``lumbar`` is the height of the spine's bend above the hip joints and ``back`` runs from there
    to the base of the neck; ``neck`` from there to the head's pivot between the ears; ``head`` from
    chin to crown.  ``girth`` scales the body's thickness (1 is average).
    """

    stature: FloatArray
    half_shoulders: FloatArray
    half_hips: FloatArray
    lumbar: FloatArray
    back: FloatArray
    neck: FloatArray
    head: FloatArray
    upper_arm: FloatArray
    forearm: FloatArray
    hand: FloatArray
    thigh: FloatArray
    shank: FloatArray
    ankle: FloatArray
    foot: FloatArray
    foot_breadth: FloatArray
    girth: FloatArray
    left_handed: NDArray[np.bool_]

    @property
    def arm(self) -> FloatArray:
        """Length of the arm from shoulder to wrist [m]."""
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> FloatArray:
        """Length of the leg from hip to ankle [m]."""
        return self.thigh + self.shank

    def take(self, index: int | slice | NDArray[np.int64]) -> Physique:
        """The dimensions of some of the people."""
        return Physique(**{item.name: getattr(self, item.name)[index] for item in fields(self)})


def average_physique(stature: ArrayLike, left_handed: ArrayLike = False) -> Physique:
    """People of average proportions with the given statures [m], 0.8 to 2.3."""
    return _physique(np.asarray(stature, dtype=float), np.asarray(left_handed))


def sample_statures(count: int, rng: np.random.Generator, children: float = 0.0) -> FloatArray:
    """Statures ``(count,)`` [m] of random people.

    Adults' are an even mixture of normals at 1.76 and 1.63 m (sd 0.07), children's are uniform from
    1.10 to 1.50 m.

    Args:
        count: number of people.
        rng: source of randomness.
        children: share of children, 0 to 1.
    """
    mean = np.where(rng.random(count) < 0.5, 1.76, 1.63)
    adult = np.clip(rng.normal(mean, 0.07), 1.45, 2.02)
    child = rng.uniform(1.10, 1.50, count)
    return np.where(rng.random(count) < children, child, adult)


def sample_physiques(stature: ArrayLike, rng: np.random.Generator) -> Physique:
    """Random dimensions of people with the given statures [m].

    Shares of arms and legs vary by 3 % between people, of shoulders by 6 % and of hips by 8 %; one
    person in ten is left-handed.
    """
    stature = np.asarray(stature, dtype=float)
    left_handed = rng.random(stature.shape) < 0.1
    spread = np.clip(rng.normal(0.0, 1.0, (4, *stature.shape)), -2.0, 2.0)
    girth = np.clip(rng.lognormal(0.0, 0.12, stature.shape), 0.75, 1.4)
    return _physique(stature, left_handed, spread, girth)


def _physique(
    stature: FloatArray,
    left_handed: NDArray[np.bool_],
    spread: FloatArray | None = None,
    girth: FloatArray | None = None,
) -> Physique:
    if not (np.isfinite(stature).all() and (stature > 0.8).all() and (stature < 2.3).all()):
        raise ValueError(f"stature is {stature.tolist()} m, expected 0.8 m to 2.3 m")
    spread = np.zeros((4, *stature.shape)) if spread is None else spread
    girth = np.ones(stature.shape) if girth is None else girth
    arms, legs = 1.0 + 0.03 * spread[0], 1.0 + 0.03 * spread[1]
    shoulders, hips = 1.0 + 0.06 * spread[2], 1.0 + 0.08 * spread[3]
    head = _HEAD * _ADULT * (stature / _ADULT) ** 0.35
    leg = legs * (_THIGH + _SHANK) * stature
    trunk = stature * (1.0 - _ANKLE) - leg - head * (1.0 - 0.27) - _NECK * stature
    return Physique(
        stature=stature,
        half_shoulders=shoulders * _HALF_SHOULDERS * stature,
        half_hips=hips * _HALF_HIPS * stature,
        lumbar=trunk * _LUMBAR / (_LUMBAR + _BACK),
        back=trunk * _BACK / (_LUMBAR + _BACK),
        neck=_NECK * stature,
        head=head,
        upper_arm=arms * _UPPER_ARM * stature,
        forearm=arms * _FOREARM * stature,
        hand=arms * _HAND * stature,
        thigh=legs * _THIGH * stature,
        shank=legs * _SHANK * stature,
        ankle=_ANKLE * stature,
        foot=_FOOT * stature,
        foot_breadth=_FOOT_BREADTH * stature,
        girth=girth,
        left_handed=np.broadcast_to(left_handed, stature.shape),
    )
