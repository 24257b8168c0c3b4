"""Made-up encounters: seeds, splits, labels, and no way to guess them without the pose."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from social_nav_core.geometry import wrap_angle
from social_nav_core.people import Action
from social_nav_core.perception.corruption import Corruption
from social_nav_core.perception.encounters import passing
from social_nav_core.perception.encounters.behaviour import draw_circumstances
from social_nav_core.perception.encounters.company import with_others
from social_nav_core.perception.encounters.generator import (
    Encounters,
    EncounterSettings,
    generate,
)
from social_nav_core.perception.encounters.loss import with_loss
from social_nav_core.perception.encounters.pools import pool_of
from social_nav_core.perception.encounters.render import crop_box
from social_nav_core.perception.encounters.shortcuts import SHORTCUTS, shortcut_accuracy
from social_nav_core.perception.tasks import label_table
from social_nav_core.perception.windows import centred, mirrored
from social_nav_core.sim.anatomy.gestures import Gesture
from social_nav_core.sim.motion import standing
from social_nav_core.skeleton import JOINT

PLAIN = EncounterSettings(image=0)


@pytest.fixture(scope="module")
def some() -> Encounters:
    return generate("train", 60, 7, PLAIN)


def test_same_seed_same_encounters_whatever_the_count(some: Encounters) -> None:
    fewer = generate("train", 12, 7, PLAIN)
    for item in fields(Encounters):
        np.testing.assert_array_equal(getattr(fewer, item.name), getattr(some, item.name)[:12])
    other = generate("train", 3, 8, PLAIN)
    assert not np.array_equal(other.pixels, some.pixels[:3])


def test_actions_are_balanced_and_labels_follow_from_them(some: Encounters) -> None:
    np.testing.assert_array_equal(np.bincount(some.labels[:, 2]), np.full(10, 6))
    np.testing.assert_array_equal(some.labels, label_table()[some.labels[:, 2]])


def test_splits_share_no_person_style_or_camera() -> None:
    pools = [pool_of(split) for split in ("train", "validation", "test")]
    for read in (
        lambda pool: set(pool.people.forearm.tolist()),
        lambda pool: {style.hand_height for style in pool.styles},
        lambda pool: {lens.camera.mount_z for lens in pool.cameras},
    ):
        sets = [read(pool) for pool in pools]
        assert len(set.union(*sets)) == sum(map(len, sets))
    heights = [lens.camera.mount_z for pool in pools for lens in pool.cameras]
    assert min(heights) >= 0.6
    assert max(heights) <= 1.4
    with pytest.raises(ValueError, match="expected one of train, validation, test"):
        pool_of("holdout")


def test_pixels_are_in_the_image_with_confidences(some: Encounters) -> None:
    assert np.isfinite(some.whole_body).all()
    size = some.image_size[:, None, None]
    assert (some.pixels[..., :2] >= 0.0).all()
    assert (some.pixels[..., :2] <= size).all()
    assert some.pixels[..., 2].min() >= 0.0
    assert some.pixels[..., 2].max() <= 1.0
    assert (some.present.mean(axis=1) >= 0.6).all()
    np.testing.assert_array_equal(some.whole_body[:, :, :23], some.pixels)


def test_windows_at_30_per_second_have_30_steps() -> None:
    fast = generate("validation", 2, 1, EncounterSettings(rate=30, image=0))
    assert fast.pixels.shape == (2, 30, 23, 3)


def test_pictures_show_the_person_in_the_square() -> None:
    made = generate("test", 4, 3, EncounterSettings(image=24))
    assert made.crop.shape == (4, 10, 24, 24, 3)
    assert made.crop.std() > 10.0
    for window in range(4):
        sure = made.pixels[window][made.pixels[window][..., 2] > 0.2][:, :2]
        corner, edge = made.box[window, :2], made.box[window, 2]
        assert (sure >= corner - 1e-3).all()
        assert (sure <= corner + edge + 1e-3).all()


def test_circumstances_do_not_know_the_action() -> None:
    """They are drawn before it: the function has no way to be told."""
    rng = np.random.default_rng(0)
    drawn = [draw_circumstances(np.zeros(2), 0.3, 1.2, rng) for _ in range(2000)]
    distance = np.array([np.linalg.norm(one.place) for one in drawn])
    assert 0.6 <= distance.min() < 0.8
    assert 6.0 < distance.max() <= 7.0
    assert np.median(distance) < 2.6
    assert np.mean([one.ahead < 0.0 for one in drawn]) == pytest.approx(0.1, abs=0.03)
    walking = np.mean([one.speed > 0.0 for one in drawn])
    assert walking == pytest.approx(0.55 * 0.88, abs=0.04)


def test_shortcuts_alone_do_not_tell_the_action() -> None:
    train = generate("train", 400, 21, EncounterSettings(rate=10, seconds=0.5, image=0))
    test = generate("test", 200, 22, EncounterSettings(rate=10, seconds=0.5, image=0))
    for task, classes in ((0, 3), (2, 10)):
        labels = train.labels[:, task], test.labels[:, task]
        got, chance = shortcut_accuracy(train, test, labels, SHORTCUTS)
        assert chance == pytest.approx(0.6 if classes == 3 else 0.1, abs=0.01)
        assert got < chance + 0.08


def test_waving_raises_a_wrist_and_leaving_turns_the_face_away() -> None:
    made = generate("train", 120, 5, EncounterSettings(image=0))
    late = made.ahead > 0.6
    last = made.pixels[:, -1]
    shoulders = last[:, [JOINT["left_shoulder"], JOINT["right_shoulder"]], 1].mean(axis=1)
    wrists = last[:, [JOINT["left_wrist"], JOINT["right_wrist"]], 1].min(axis=1)
    wave, leave = (made.labels[:, 2] == action - 1 for action in (Action.WAVE, Action.LEAVE))
    raised = (wrists < shoulders)[wave & late].mean()
    assert raised > 0.7
    assert (wrists < shoulders)[leave & late].mean() < 0.2
    nose = last[:, JOINT["nose"], 2]
    assert np.median(nose[leave & late]) < np.median(nose[wave & late]) - 0.2


def test_passers_by_walk_and_do_not_respond() -> None:
    made = generate("train", 0, 3, PLAIN, passing=12)
    assert (made.speed >= 0.3).all()
    np.testing.assert_array_equal(made.labels, label_table()[[Action.NO_RESPONSE - 1] * 12])


def test_passers_by_come_after_the_others_and_change_none_of_them() -> None:
    both = generate("train", 12, 3, PLAIN, passing=5)
    parts = generate("train", 12, 3, PLAIN).and_more(generate("train", 0, 3, PLAIN, passing=5))
    for item in fields(Encounters):
        np.testing.assert_array_equal(getattr(both, item.name), getattr(parts, item.name))


def test_a_passers_by_course_leads_past_the_robot_within_a_metre() -> None:
    """The distance of the robot from the line of the course, by hand: |robot x heading|."""
    rng = np.random.default_rng(0)
    before = np.linspace(-0.9, 0.0, 10)
    aside = []
    for _ in range(300):
        robot = rng.uniform(1.5, 4.0) * np.array([np.cos(1.0), np.sin(1.0)])
        yaw = passing.course(robot, before, rng)
        assert abs(wrap_angle(yaw[-1] - 1.0)) < np.pi / 2
        aside.append(abs(robot[0] * np.sin(yaw[-1]) - robot[1] * np.cos(yaw[-1])))
    assert max(aside) < 1.0 + 0.03 * 4.0
    assert np.mean(aside) == pytest.approx(0.5, abs=0.06)


def test_passers_by_look_along_their_course_and_at_the_robot_for_moments() -> None:
    """Somebody on the robot's own line looks to its side all the same: where the course leads."""
    rng = np.random.default_rng(1)
    before, robot = np.linspace(-0.9, 0.0, 10), np.array([3.0, 0.0, 1.0])
    place = np.column_stack([before, np.zeros(10)])
    yaw, at_robot, along = np.zeros(10), [], []
    for _ in range(300):
        points = passing.gaze(robot, place, yaw, Gesture.IDLE, 1.6, before, rng)
        at_robot.append((np.linalg.norm(points - robot, axis=1) < 0.01).mean())
        turned = np.arctan2(points[:, 1], points[:, 0] - place[:, 0])
        along.append(np.abs(turned) < np.radians(15.0))
    assert np.mean(np.array(at_robot) > 0.0) == pytest.approx(0.35, abs=0.12)
    assert np.mean(at_robot) < 0.2
    assert np.mean(along) > 0.95


def test_passers_by_walk_as_fast_and_as_far_away_as_others_who_walk() -> None:
    """They are drawn from the same circumstances, so that neither tells them apart."""
    passers, others = (
        generate("train", 0, 8, PLAIN, passing=150),
        generate("train", 300, 9, PLAIN),
    )
    walks = others.speed > 0.0
    for name in ("speed", "distance"):
        one, other = getattr(passers, name), getattr(others, name)[walks]
        assert np.median(one) == pytest.approx(np.median(other), abs=0.25), name


def test_bad_count_is_refused() -> None:
    for count, more in ((0, 0), (-1, 5), (5, -1)):
        with pytest.raises(ValueError, match=f"count is {count} and passing {more}, expected 1"):
            generate("train", count, 0, PLAIN, passing=more)


def test_crop_box_leaves_out_unsure_joints() -> None:
    pixels = np.zeros((2, 23, 3), dtype=np.float32)
    pixels[..., :2] = 1000.0
    pixels[:, :2, 2] = 0.9
    pixels[:, 0, :2] = (100.0, 200.0)
    pixels[:, 1, :2] = (140.0, 280.0)
    np.testing.assert_allclose(crop_box(pixels), [70.0, 190.0, 100.0, 100.0])


def test_centred_forgets_place_and_size_but_not_growth() -> None:
    rng = np.random.default_rng(1)
    window = rng.uniform(-0.3, 0.3, (1, 10, 23, 3)).astype(np.float32)
    window[..., 2] = 0.8
    window[0, :, :, :2] *= np.linspace(0.5, 1.0, 10)[:, None, None]
    moved = window.copy()
    moved[..., :2] = 0.5 * moved[..., :2] + np.array([0.3, -0.2])
    np.testing.assert_allclose(centred(moved), centred(window), atol=1e-5)
    got = centred(window)[..., :2]
    assert np.abs(got).max() == pytest.approx(1.0, abs=1e-5)
    assert np.ptp(got[0, -1, :, 0]) > 1.5 * np.ptp(got[0, 0, :, 0])


def test_centred_ignores_lost_joints_and_survives_empty_windows() -> None:
    window = np.zeros((2, 10, 23, 3), dtype=np.float32)
    window[0, :, 0] = (0.1, 0.1, 0.9)
    window[0, :, 1] = (0.2, 0.3, 0.9)
    window[0, :, 2] = (-1.0, 1.0, 0.0)
    got = centred(window)
    assert np.isfinite(got).all()
    np.testing.assert_array_equal(got[0, :, 2], 0.0)
    np.testing.assert_allclose(got[0, 0, 1], [0.5, 1.0, 0.9], atol=1e-5)
    np.testing.assert_array_equal(got[1], 0.0)


def test_centred_holds_the_place_of_joints_that_are_lost_for_a_while() -> None:
    window = np.zeros((4, 23, 3), dtype=np.float32)
    window[:, 0] = [(-1.0, -1.0, 0.9)] * 4
    window[:, 1] = [(1.0, 1.0, 0.9)] * 4
    window[:, 2] = [(0.7, 0.7, 0.0), (0.2, 0.4, 0.9), (-0.6, 0.1, 0.0), (0.3, 0.5, 0.9)]
    got = centred(window)
    np.testing.assert_allclose(got[:, 2, 0], [0.2, 0.2, 0.2, 0.3], atol=1e-6)
    np.testing.assert_allclose(got[:, 2, 1], [0.4, 0.4, 0.4, 0.5], atol=1e-6)
    np.testing.assert_allclose(got[:, 2, 2], [0.0, 0.9, 0.0, 0.9], atol=1e-6)


def test_people_who_talk_have_somebody_where_they_look() -> None:
    pool = pool_of("train")
    times = np.linspace(0.0, 0.9, 10)
    motion = standing(
        np.tile([2.0, 1.0, np.pi / 2], (10, 1)), Gesture.TALK, gaze=(2.0, 4.0, 1.5), time=times
    )
    subject = pool.people.take(np.array([0]))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        bodies, colours = with_others(motion, subject, pool, pool.styles[0], True, rng)
        people = bodies.joints.shape[1]
        assert 2 <= people <= 4
        assert colours.shape == (people, 4, 3)
        apart = bodies.skull[-1, 1] - bodies.skull[-1, 0]
        assert 0.3 < np.hypot(*apart[:2]) < 1.9
        assert apart[1] > np.cos(np.radians(45.0)) * np.hypot(*apart[:2])
        assert bodies.gaze[-1, 1] @ -apart > 0.7 * np.linalg.norm(apart)


def test_lost_parts_of_encounters_are_neither_seen_nor_pictured() -> None:
    made = generate("test", 6, 4, EncounterSettings(image=12))
    lost = with_loss(made, Corruption(frames=0.3, joints=0.3), np.random.default_rng(0))
    grey = (lost.crop == 127).all(axis=(2, 3, 4))
    np.testing.assert_array_equal(grey.sum(axis=1), np.full(6, 3))
    assert (lost.whole_body[grey][..., 2] == 0.0).all()
    assert (lost.gaze[grey] < -1e5).all()
    np.testing.assert_array_equal(lost.gaze[~grey], made.gaze[~grey])
    gone = (lost.whole_body[..., 2] == 0.0).all(axis=1)
    assert (gone.sum(axis=1) >= round(0.3 * 133)).all()
    np.testing.assert_array_equal(made.whole_body[..., :2], lost.whole_body[..., :2])
    same = with_loss(made, Corruption(), np.random.default_rng(0))
    np.testing.assert_array_equal(same.whole_body, made.whole_body)


def test_mirrored_twice_is_the_same() -> None:
    window = np.random.default_rng(0).random((3, 10, 23, 3)).astype(np.float32)
    np.testing.assert_array_equal(mirrored(mirrored(window)), window)
    left, right = JOINT["left_wrist"], JOINT["right_wrist"]
    np.testing.assert_array_equal(mirrored(window)[..., right, 0], -window[..., left, 0])
