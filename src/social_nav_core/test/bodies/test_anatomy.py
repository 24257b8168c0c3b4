"""Articulated bodies: proportions, limits, symmetry, gait and gestures, by value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.geometry import FloatArray, transform_points
from social_nav_core.sim.anatomy.gait import STANCE, stride_rate
from social_nav_core.sim.anatomy.gestures import Gesture, sample_manners
from social_nav_core.sim.anatomy.physique import (
    Physique,
    average_physique,
    sample_physiques,
    sample_statures,
)
from social_nav_core.sim.body import Figures, figures
from social_nav_core.sim.motion import standing
from social_nav_core.skeleton import JOINT, MIRROR, WHOLE_BODY_MIRROR

EVERY = np.array(list(Gesture))
TIMES = np.linspace(0.0, 6.0, 61)


def joint(body: Figures, name: str) -> FloatArray:
    return body.joints[..., JOINT[name], :]


def span(body: Figures, a: str, b: str) -> FloatArray:
    return np.linalg.norm(joint(body, a) - joint(body, b), axis=-1)


def everything(seated: float = 0.0) -> tuple[Figures, Physique]:
    """All gestures at all times, of people of random sizes who aim at a point: (gestures, 61)."""
    rng = np.random.default_rng(5)
    stature = sample_statures(len(EVERY), rng, children=0.3)[:, None]
    physique = sample_physiques(stature, rng)
    aim = rng.uniform([0.4, -1.0, 0.3], [1.5, 1.0, 1.6], (len(EVERY), 1, 3))
    poses = np.zeros((len(EVERY), len(TIMES), 3))
    motion = standing(poses, EVERY[:, None], TIMES, target=aim, gaze=aim, seated=seated)
    return figures(motion, physique), physique


def angle(a: FloatArray, b: FloatArray) -> FloatArray:
    cosine = np.sum(a * b, axis=-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def test_heights_of_a_standing_average_person() -> None:
    body = figures(standing([0.0, 0.0, 0.0]), average_physique(2.0))
    assert joint(body, "left_ankle")[2] == pytest.approx(2.0 * 0.039, abs=0.01)
    assert joint(body, "left_knee")[2] == pytest.approx(2.0 * 0.285, abs=0.02)
    assert joint(body, "left_hip")[2] == pytest.approx(2.0 * 0.530, abs=0.01)
    assert joint(body, "left_shoulder")[2] == pytest.approx(2.0 * 0.818, abs=0.02)
    body = figures(standing([0.0, 0.0, 0.0]), average_physique(1.72))
    assert joint(body, "left_eye")[2] == pytest.approx(1.72 * 0.936, abs=0.025)
    assert joint(body, "nose")[0] > joint(body, "left_ear")[0] + 0.08


@pytest.mark.parametrize("seated", [0.0, 1.0])
def test_limbs_keep_their_lengths_through_every_gesture(seated: float) -> None:
    body, physique = everything(seated)
    for side in ("left", "right"):
        lengths = (
            ("shoulder", "elbow", physique.upper_arm),
            ("elbow", "wrist", physique.forearm),
            ("hip", "knee", physique.thigh),
            ("knee", "ankle", physique.shank),
        )
        for a, b, length in lengths:
            got = span(body, f"{side}_{a}", f"{side}_{b}")
            np.testing.assert_allclose(got, np.broadcast_to(length, got.shape), rtol=1e-9)
    np.testing.assert_allclose(
        span(body, "left_hip", "right_hip"),
        np.broadcast_to(2.0 * physique.half_hips, (len(EVERY), len(TIMES))),
    )


@pytest.mark.parametrize("seated", [0.0, 1.0])
def test_no_joint_is_bent_beyond_its_limit(seated: float) -> None:
    body, _ = everything(seated)
    neck = body.neck
    down = body.chest @ np.array([0.0, 0.0, -1.0])
    for side, out in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow = joint(body, f"{side}_shoulder"), joint(body, f"{side}_elbow")
        wrist, hip = joint(body, f"{side}_wrist"), joint(body, f"{side}_hip")
        knee, ankle = joint(body, f"{side}_knee"), joint(body, f"{side}_ankle")
        assert angle(shoulder - elbow, wrist - elbow).min() > 29.9
        assert angle(hip - knee, ankle - knee).min() > 39.9
        assert angle(neck - shoulder, elbow - shoulder).min() > 40.0
        upper = np.einsum("...ji,...j->...i", body.chest, elbow - shoulder)
        behind = np.degrees(np.arctan2(-upper[..., 0], np.hypot(upper[..., 1], upper[..., 2])))
        assert behind.max() < 65.0
        across = -out * upper[..., 1] / np.linalg.norm(upper, axis=-1)
        assert across.max() < np.sin(np.radians(60.0))
        assert (angle(down, hip - shoulder) < 60.0).all()
        middle = 0.5 * (hip + ankle)  # knees bend forward
        assert (knee[..., 0] > middle[..., 0]).all()


@pytest.mark.parametrize("seated", [0.0, 1.0])
def test_arms_stay_out_of_the_trunk(seated: float) -> None:
    body, physique = everything(seated)
    hips = 0.5 * (joint(body, "left_hip") + joint(body, "right_hip"))
    for name in ("left_wrist", "right_wrist", "left_elbow", "right_elbow"):
        axis, place = body.neck - hips, joint(body, name) - hips
        share = np.clip(np.sum(axis * place, -1) / np.sum(axis * axis, -1), 0.0, 1.0)
        gap = np.linalg.norm(place - share[..., None] * axis, axis=-1)
        assert (gap > 0.055 * physique.stature).all(), name


def test_feet_stay_on_the_ground_in_every_gesture() -> None:
    body, _ = everything()
    toes = [JOINT[f"{s}_{p}"] for s in ("left", "right") for p in ("big_toe", "small_toe", "heel")]
    height = body.joints[..., toes, 2]
    assert height.min() > 0.0
    assert height.max() < 0.035


def test_gestures_move_without_jumps() -> None:
    rng = np.random.default_rng(8)
    manner = sample_manners(len(EVERY), rng)
    manner = type(manner)(**{name: value[:, None] for name, value in vars(manner).items()})
    times = np.arange(0.0, 6.0, 1.0 / 120.0)
    poses = np.zeros((len(EVERY), len(times), 3))
    body = figures(standing(poses, EVERY[:, None], times), average_physique(1.72), manner)
    speed = np.linalg.norm(np.diff(body.joints, axis=1), axis=-1) * 120.0
    fastest = speed.max(axis=(1, 2))
    assert fastest[Gesture.THROW] < 16.0
    assert 3.0 < fastest[Gesture.PUNCH] < 12.0
    calm = [g for g in Gesture if g not in (Gesture.THROW, Gesture.PUNCH)]
    assert fastest[calm].max() < 6.0


def test_a_new_gesture_goes_on_from_the_one_before() -> None:
    idle = standing(np.zeros((1, 3)), Gesture.WAVE, 1.3)
    wave = figures(idle, average_physique(np.array([1.7])))
    after = replace(
        standing(np.zeros((1, 3)), Gesture.POINT, 0.0),
        previous=np.array([Gesture.WAVE]),
        previous_time=np.array([1.3]),
    )
    begun = figures(after, average_physique(np.array([1.7])))
    np.testing.assert_allclose(begun.joints, wave.joints, atol=1e-12)


@given(
    st.sampled_from(list(Gesture)),
    st.floats(0.0, 5.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.4),
    st.floats(-1.0, 1.0),
)
@settings(max_examples=60, deadline=None)
def test_left_handed_people_are_mirror_images(
    gesture: Gesture, time: float, phase: float, speed: float, aside: float
) -> None:
    aim = np.array([1.2, aside, 1.1])
    flip = np.array([1.0, -1.0, 1.0])

    def body(left: bool, gait_phase: float, point: FloatArray) -> FloatArray:
        motion = standing(
            np.zeros((1, 3)),
            gesture,
            time,
            velocity=[speed, 0.0],
            gait_phase=gait_phase,
            gaze=point,
            target=point,
        )
        return figures(motion, average_physique(np.array([1.7]), np.array([left]))).whole_body()

    right = body(False, phase, aim)
    left = body(True, phase + 0.5, aim * flip)
    np.testing.assert_allclose(left[..., WHOLE_BODY_MIRROR, :] * flip, right, atol=1e-9)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-3.1, 3.1), st.sampled_from(list(Gesture)))
@settings(max_examples=40, deadline=None)
def test_a_moved_person_is_the_same_person_moved(
    x: float, y: float, yaw: float, gesture: Gesture
) -> None:
    pose, gaze = np.array([x, y, yaw]), np.array([1.5, 0.7, 1.4])
    velocity = np.array([0.6, 0.1])
    physique = average_physique(1.65)
    here = figures(
        standing(np.zeros(3), gesture, 1.1, gaze=gaze, target=gaze, velocity=velocity), physique
    ).whole_body()
    aim = np.append(transform_points(pose, gaze[:2]), gaze[2])
    turned = transform_points(np.array([0.0, 0.0, yaw]), velocity)
    there = figures(
        standing(pose, gesture, 1.1, gaze=aim, target=aim, velocity=turned), physique
    ).whole_body()
    np.testing.assert_allclose(there[:, :2], transform_points(pose, here[:, :2]), atol=1e-9)
    np.testing.assert_allclose(there[:, 2], here[:, 2], atol=1e-9)


def test_a_standing_foot_keeps_its_place_while_the_body_walks_on() -> None:
    physique, speed = average_physique(1.72), 1.2
    rate = float(stride_rate(speed, physique))
    phase = np.linspace(0.12, 0.30, 10)  # left foot flat on the ground
    along = speed * phase / rate
    poses = np.column_stack([along, np.zeros((10, 2))])
    body = figures(standing(poses, velocity=[speed, 0.0], gait_phase=phase), physique)
    heel, toe = joint(body, "left_heel"), joint(body, "left_big_toe")
    assert np.ptp(heel[:, 0]) < 0.01
    assert np.ptp(toe[:, 0]) < 0.01
    assert heel[:, 2].max() < 0.02
    assert STANCE > 0.30


def test_walking_speed_sets_a_natural_cadence() -> None:
    physique = average_physique(1.72)
    cadence = 120.0 * stride_rate(1.3, physique)
    assert cadence == pytest.approx(111.0, abs=5.0)  # steps per minute
    assert stride_rate(0.0, physique) == 0.0
    small = average_physique(1.2)
    assert stride_rate(1.0, small) > stride_rate(1.0, physique)


def test_walking_arms_swing_against_the_legs() -> None:
    body = figures(
        standing(np.zeros((2, 3)), velocity=[1.3, 0.0], gait_phase=[0.0, 0.5]),
        average_physique(1.72),
    )
    left_ahead = joint(body, "left_ankle")[:, 0] - joint(body, "right_ankle")[:, 0]
    hand_ahead = joint(body, "left_wrist")[:, 0] - joint(body, "right_wrist")[:, 0]
    assert left_ahead[0] > 0.4
    assert left_ahead[1] < -0.4
    assert hand_ahead[0] < -0.2
    assert hand_ahead[1] > 0.2


def test_seated_people_sit_at_the_seats_height() -> None:
    motion = standing([0.0, 0.0, 0.0], seated=1.0, seat=0.45)
    body = figures(motion, average_physique(1.72))
    assert joint(body, "left_hip")[2] == pytest.approx(0.45 + 0.048 * 1.72)
    hip, knee, ankle = (joint(body, f"left_{name}") for name in ("hip", "knee", "ankle"))
    assert 75.0 < angle(hip - knee, ankle - knee) < 115.0
    assert ankle[2] == pytest.approx(0.039 * 1.72, abs=0.01)


def test_pointing_hand_lies_on_the_way_to_the_target() -> None:
    target = np.array([3.0, 1.0, 0.8])
    body = figures(
        standing([0.0, 0.0, 0.0], Gesture.POINT, 2.0, target=target), average_physique(1.72)
    )
    shoulder, wrist = joint(body, "right_shoulder"), joint(body, "right_wrist")
    assert angle(wrist - shoulder, target - shoulder) < 6.0
    tip = body.whole_body()[112 + 8]
    assert np.linalg.norm(target - tip) < np.linalg.norm(target - wrist) - 0.1


def test_eyes_follow_the_point_looked_at_and_look_away_does_not() -> None:
    point = np.array([1.0, 1.0, 1.5])
    motion = standing(np.zeros((2, 3)), [Gesture.GAZE, Gesture.LOOK_AWAY], 3.0, gaze=point)
    body = figures(motion, average_physique(1.72))
    way = point - body.skull
    assert angle(body.gaze[0], way[0]) < 6.0
    assert angle(body.gaze[1], way[1]) > 60.0


@pytest.mark.parametrize("gesture", [Gesture.WAVE, Gesture.HANDSHAKE, Gesture.PUNCH, Gesture.PET])
def test_gestures_are_made_with_the_better_hand(gesture: Gesture) -> None:
    physique = average_physique(np.array([1.7, 1.7]), np.array([False, True]))
    body = figures(standing(np.zeros((2, 3)), gesture, 0.9), physique)
    left, right = joint(body, "left_wrist"), joint(body, "right_wrist")
    rest = figures(standing(np.zeros(3)), average_physique(1.7))
    moved_left = np.linalg.norm(left - joint(rest, "left_wrist"), axis=-1)
    moved_right = np.linalg.norm(right - joint(rest, "right_wrist"), axis=-1)
    assert moved_right[0] > 0.35
    assert moved_left[1] > 0.35
    np.testing.assert_allclose(moved_right[0], moved_left[1], rtol=1e-9)


def test_a_wave_is_raised_and_swings_sideways() -> None:
    times = np.linspace(0.6, 2.4, 50)
    body = figures(standing(np.zeros((50, 3)), Gesture.WAVE, times), average_physique(1.72))
    wrist, shoulder = joint(body, "right_wrist"), joint(body, "right_shoulder")
    assert (wrist[:, 2] > shoulder[:, 2] + 0.1).all()
    assert 0.15 < np.ptp(wrist[:, 1]) < 0.5


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected 0\.8 m to 2\.3 m"):
        average_physique(np.array([1.7, np.nan]))
    with pytest.raises(ValueError, match="stature"):
        sample_physiques(np.array([17.0]), np.random.default_rng(0))


def test_sampled_people_are_the_same_for_a_seed_and_differ_within_reason() -> None:
    one, two = (
        sample_physiques(sample_statures(500, rng), rng)
        for rng in (np.random.default_rng(1), np.random.default_rng(1))
    )
    np.testing.assert_array_equal(one.forearm, two.forearm)
    assert 1.6 < one.stature.mean() < 1.8
    assert 0.05 < one.left_handed.mean() < 0.16
    ratio = one.forearm / one.stature
    assert ratio.std() / ratio.mean() == pytest.approx(0.03, abs=0.006)
    np.testing.assert_array_equal(MIRROR[MIRROR], np.arange(23))
