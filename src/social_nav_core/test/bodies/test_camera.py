"""The head camera and the body tracker: projection, what is hidden, and errors, by value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.parameters import ParameterError
from social_nav_core.sim.anatomy.gestures import Gesture
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.body import Figures, figures
from social_nav_core.sim.camera import BoxBlockers, Camera, CameraParameters, bodies_hide, capsules
from social_nav_core.sim.detector import Detector, DetectorParameters, View, view_of
from social_nav_core.sim.motion import standing
from social_nav_core.sim.room import Box
from social_nav_core.skeleton import JOINT, MIRROR

CAMERA = Camera()
AT_ORIGIN = CAMERA.pose([0.0, 0.0, 0.0])
NOTHING = BoxBlockers.of([])
FOCAL = 320.0 / np.tan(np.radians(31.5))  # 522.2 pixels
EXACT = DetectorParameters(
    pixel_noise=0.0, joint_noise=0.0, miss_rate=0.0, swap_rate=0.0, depth_noise=0.0,
    depth_growth=0.0, yaw_noise=0.0, yaw_growth=0.0,
)  # fmt: skip


def people(*poses: tuple[float, float, float], gesture: int = Gesture.IDLE) -> Figures:
    return figures(standing(np.array(poses), gesture), average_physique(np.full(len(poses), 1.72)))


def seen(*poses: tuple[float, float, float], boxes: tuple[Box, ...] = ()) -> View:
    return view_of(CAMERA, AT_ORIGIN, people(*poses), BoxBlockers.of(boxes))


def detect(
    body: Figures, seed: int = 0, parameters: DetectorParameters | None = None
) -> list[Body]:
    detector = Detector(CAMERA, parameters, np.random.default_rng(seed))
    names = [f"p{index}" for index in range(len(body.joints))]
    return detector.detect(names, body, AT_ORIGIN, NOTHING, 1.0 / 30.0)


def test_points_project_to_hand_computed_pixels() -> None:
    points = np.array([[1.216, 0.0, 1.217], [1.216, 0.1, 1.317], [2.216, -0.5, 0.717]])
    column, row, depth = CAMERA.project(AT_ORIGIN, points)
    np.testing.assert_allclose(column, [320.0, 320.0 - 52.22, 320.0 + 130.55], atol=0.02)
    np.testing.assert_allclose(row, [240.0, 240.0 - 52.22, 240.0 + 130.55], atol=0.02)
    np.testing.assert_allclose(depth, [1.0, 1.0, 2.0])
    assert pytest.approx(FOCAL, rel=1e-4) == CAMERA.focal_length


def test_pan_turns_left_and_tilt_looks_down() -> None:
    point = np.array([[0.216 + np.cos(0.4), np.sin(0.4), 1.217]])
    assert CAMERA.project(CAMERA.pose([0, 0, 0], pan=0.4), point)[0] == pytest.approx(320.0)
    below = np.array([[1.216, 0.0, 1.217 - np.tan(0.3)]])
    assert CAMERA.project(CAMERA.pose([0, 0, 0], tilt=0.3), below)[1] == pytest.approx(240.0)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-3.1, 3.1))
@settings(max_examples=30, deadline=None)
def test_robot_and_person_moved_together_look_the_same(x: float, y: float, yaw: float) -> None:
    here = CAMERA.project(AT_ORIGIN, people((2.0, 0.4, 3.0)).joints)
    turn = np.array([2.0 * np.cos(yaw) - 0.4 * np.sin(yaw), 2.0 * np.sin(yaw) + 0.4 * np.cos(yaw)])
    there = people((x + turn[0], y + turn[1], 3.0 + yaw)).joints
    moved = CAMERA.project(CAMERA.pose([x, y, yaw]), there)
    np.testing.assert_allclose(moved, here, atol=1e-6)


@given(st.floats(1.0, 6.0), st.floats(-0.3, 0.3), st.sampled_from(list(Gesture)))
@settings(max_examples=30, deadline=None)
def test_mirrored_people_have_mirrored_images(x: float, side: float, gesture: Gesture) -> None:
    def columns(y: float, left: bool) -> FloatArray:
        motion = standing(np.array([[x, y, np.pi]]), gesture)
        body = figures(motion, average_physique(np.array([1.72]), np.array([left])))
        return CAMERA.project(AT_ORIGIN, body.joints)[0]

    right = columns(side * x, False)
    left = columns(-side * x, True)
    np.testing.assert_allclose(640.0 - left[:, MIRROR], right, atol=1e-6)


def test_person_ahead_is_seen_whole_and_the_one_behind_not_at_all() -> None:
    view = seen((3.5, 0.0, np.pi), (-2.0, 0.0, 0.0), (9.0, 0.0, np.pi))
    assert view.visible[0].all()
    assert not view.visible[1].any()
    assert not view.visible[2].any()  # beyond 8 m
    found = detect(people((3.5, 0.0, np.pi), (-2.0, 0.0, 0.0), (9.0, 0.0, np.pi)))
    assert [body.id for body in found] == ["p0"]


def test_person_close_by_is_cut_off_at_the_images_edges() -> None:
    view = seen((1.3, 0.0, np.pi))
    assert view.in_image[0, JOINT["left_hip"]]
    assert view.in_image[0, JOINT["nose"]]
    for name in ("left_ankle", "right_ankle", "left_knee", "left_heel"):
        assert not view.in_image[0, JOINT[name]]
    (body,) = detect(people((1.3, 0.0, np.pi)))
    assert body.confidence[JOINT["left_ankle"]] < 0.2
    assert body.y[JOINT["left_ankle"]] <= 480.0
    assert body.confidence[JOINT["left_hip"]] > 0.5


def test_table_hides_legs_but_not_the_head() -> None:
    table = Box("table", "table", (2.2, 0.0, 0.3), (0.8, 1.6), 0.75)
    view = seen((3.2, 0.0, np.pi), boxes=(table,))
    for name in ("left_ankle", "right_ankle", "left_knee", "right_heel"):
        assert view.hidden[0, JOINT[name]]
    for name in ("nose", "left_shoulder", "right_elbow"):
        assert not view.hidden[0, JOINT[name]]
    detector = Detector(CAMERA, None, np.random.default_rng(2))
    body = people((3.2, 0.0, np.pi))
    (found,) = detector.detect(["a"], body, AT_ORIGIN, BoxBlockers.of([table]), 0.1)
    assert found.confidence[JOINT["left_ankle"]] < 0.6
    assert found.confidence[JOINT["left_ankle"]] < found.confidence[JOINT["left_shoulder"]] - 0.2


def test_table_behind_the_person_hides_nothing() -> None:
    table = Box("table", "table", (4.5, 0.0, 0.0), (0.8, 1.6), 0.75)
    assert not seen((3.2, 0.0, np.pi), boxes=(table,)).hidden.any()


def test_wall_hides_everything() -> None:
    wall = Box("wall", "wall", (2.0, 0.0, 0.2), (0.1, 6.0), 2.5)
    view = seen((3.2, 0.0, np.pi), boxes=(wall,))
    assert not view.visible.any()


def test_the_nearer_person_hides_the_farther_one_and_not_the_other_way() -> None:
    view = seen((2.5, 0.0, np.pi), (4.0, 0.0, np.pi), (4.0, 1.5, np.pi))
    assert view.hidden[1].sum() > 15
    assert not view.hidden[0].any()
    assert not view.hidden[2].any()


def test_hiding_agrees_with_a_slow_search_along_the_line_of_sight() -> None:
    body = people((2.0, 0.2, 2.0), (3.0, 0.0, 1.0), (3.2, -0.5, -2.0), gesture=Gesture.TALK)
    eye = AT_ORIGIN.position
    hidden = bodies_hide(eye, body, np.ones(3, dtype=bool))
    starts, ends, radii = capsules(body)
    along = np.linspace(0.0, 1.0, 1500)[:, None]
    for person in (1, 2):
        for index in range(23):
            target = body.joints[person, index]
            line = eye + along * (target - eye)
            gaps = []
            for other in range(3):
                if other == person:
                    continue
                for a, b, r in zip(starts[other], ends[other], radii[other], strict=True):
                    share = np.clip((line - a) @ (b - a) / max((b - a) @ (b - a), 1e-12), 0, 1)
                    distance = np.linalg.norm(line - a - share[:, None] * (b - a), axis=1)
                    before = np.linalg.norm(line - target, axis=1) > r
                    gaps.append((distance[before] - r).min())
            if min(gaps) < -0.004:
                assert hidden[person, index]


def test_own_trunk_hides_the_hand_held_in_front_of_it() -> None:
    view = view_of(
        CAMERA, AT_ORIGIN, people((3.0, 0.0, 0.0), gesture=Gesture.ARMS_CROSSED), NOTHING
    )
    assert view.hidden[0, JOINT["left_wrist"]]
    assert view.hidden[0, JOINT["right_wrist"]]


def test_turned_away_faces_are_less_sure() -> None:
    front, back = detect(people((3.0, 0.0, np.pi)))[0], detect(people((3.0, 0.0, 0.0)))[0]
    assert front.confidence[JOINT["nose"]] > 0.8
    assert back.confidence[JOINT["nose"]] < 0.3
    assert back.confidence[JOINT["left_shoulder"]] > 0.6


def test_far_people_are_less_sure() -> None:
    near = detect(people((3.5, 0.0, np.pi)))[0].confidence.mean()
    far = detect(people((7.5, 0.0, np.pi)))[0].confidence.mean()
    assert far < near - 0.03


def test_same_seed_same_bodies_and_other_seed_others() -> None:
    group = people((3.0, 0.5, 3.0), (4.0, -1.0, 2.0))
    one, two, other = detect(group, 1), detect(group, 1), detect(group, 2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.joints(), b.joints())
        np.testing.assert_array_equal(a.pose, b.pose)
    assert not np.allclose(one[0].x, other[0].x)


def test_exact_detector_reports_the_truth() -> None:
    (body,) = detect(people((4.0, 0.4, 2.5)), parameters=EXACT)
    column, row, _ = CAMERA.project(AT_ORIGIN, people((4.0, 0.4, 2.5)).joints)
    np.testing.assert_allclose(body.x, column[0], atol=1e-3)
    np.testing.assert_allclose(body.y, row[0], atol=1e-3)
    np.testing.assert_allclose(body.pose, [4.0, 0.4, 2.5], atol=0.03)
    assert body.defect() is None


def test_errors_have_the_stated_size() -> None:
    body = people((3.0, 0.0, np.pi))
    detector = Detector(CAMERA, DetectorParameters(noise_time=0.0), np.random.default_rng(0))
    found = [detector.detect(["a"], body, AT_ORIGIN, NOTHING, 0.1) for _ in range(600)]
    poses = np.array([bodies[0].pose for bodies in found if bodies])
    covariance = found[0][0].covariance
    truth = np.array([3.0, 0.0, np.pi])
    error = poses - truth
    error[:, 2] = wrap_angle(error[:, 2])
    np.testing.assert_allclose(error.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(error.std(axis=0), np.sqrt(np.diag(covariance)), rtol=0.12)
    assert 0.97 < len(poses) / 600 < 1.0  # a few images miss the body


def test_errors_last_for_some_images() -> None:
    body = people((3.0, 0.0, np.pi))
    detector = Detector(CAMERA, DetectorParameters(miss_rate=0.0), np.random.default_rng(0))
    x = np.array([detector.detect(["a"], body, AT_ORIGIN, NOTHING, 0.03)[0].x for _ in range(400)])
    error = x - x.mean(axis=0)
    correlation = (error[1:] * error[:-1]).mean() / (error**2).mean()
    assert correlation == pytest.approx(np.exp(-0.03 / 0.15), abs=0.05)


def test_hidden_trunk_makes_the_heading_unknown() -> None:
    wall = Box("wall", "wall", (2.0, 0.0, 0.0), (0.1, 6.0), 1.34)
    body = people((3.2, 0.0, np.pi))
    parameters = DetectorParameters(miss_rate=0.0, fewest_joints=2)
    detector = Detector(CAMERA, parameters, np.random.default_rng(3))
    found: list[Body] = []
    for _ in range(30):
        found += detector.detect(["a"], body, AT_ORIGIN, BoxBlockers.of([wall]), 1.0)
    assert found
    assert not any(one.heading_known for one in found)
    assert all(one.pose[2] == 0.0 for one in found)


def test_nobody_gives_no_bodies() -> None:
    detector = Detector(CAMERA, None, np.random.default_rng(0))
    empty = figures(standing(np.zeros((0, 3))), average_physique(np.zeros(0)))
    assert detector.detect([], empty, AT_ORIGIN, NOTHING, 0.1) == []


def test_bad_parameters_and_names_are_refused() -> None:
    with pytest.raises(ParameterError, match="horizontal_view is 4"):
        Camera(CameraParameters(horizontal_view=4.0))
    with pytest.raises(ParameterError, match="miss_rate"):
        Detector(CAMERA, DetectorParameters(miss_rate=2.0), np.random.default_rng(0))
    detector = Detector(CAMERA, None, np.random.default_rng(0))
    with pytest.raises(ValueError, match="1 ids for 2 figures"):
        detector.detect(["a"], people((2, 0, 0), (3, 0, 0)), AT_ORIGIN, NOTHING, 0.1)
