"""Where bodies stand, on points projected by hand and on the simulator's camera."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.geometry import wrap_angle
from social_nav_core.sim.anatomy.physique import sample_physiques, sample_statures
from social_nav_core.sim.body import figures
from social_nav_core.sim.camera import Camera
from social_nav_core.sim.motion import standing
from social_nav_core.skeleton import BODY, JOINT, JOINTS
from social_nav_core.vision.pinhole import Pinhole
from social_nav_core.vision.placing import Placement, PlacingParameters, place

ABOUT = PlacingParameters()
CAMERA = Camera()


def pinhole(tilt=0.0, **changes):
    """TIAGo's camera, looking along x."""
    pose, about = CAMERA.pose((0.0, 0.0, 0.0), tilt=tilt), CAMERA.parameters
    values = {
        "width": about.width,
        "height": about.height,
        "focal": (CAMERA.focal_length, CAMERA.focal_length),
        "centre": (0.5 * about.width, 0.5 * about.height),
        "distortion": (),
        "position": pose.position,
        "axes": pose.optical.T,
    }
    return Pinhole(**(values | changes))


def seen(points, tilt=0.0):
    """Joints (23, 3) of points (23, 3) in the map; in view they are sure, else not."""
    column, row, depth = CAMERA.project(CAMERA.pose((0.0, 0.0, 0.0), tilt=tilt), points)
    sure = np.where(CAMERA.in_view(column, row, depth), 0.9, 0.05)
    sure[len(BODY) :] = 0.0
    return np.stack([column, row, sure], axis=-1)


def crowd(count, distance, rng, speed=0.0):
    """Poses (n, 3) and joints (n, 23, 3) [m] of people of all sizes at a distance from the lens."""
    bearing = rng.uniform(-0.3, 0.3, count)
    poses = np.stack(
        [
            CAMERA.parameters.mount_x + distance * np.cos(bearing),
            distance * np.sin(bearing),
            rng.uniform(-np.pi, np.pi, count),
        ],
        axis=-1,
    )
    way = np.stack([np.cos(poses[:, 2]), np.sin(poses[:, 2])], axis=-1)
    physique = sample_physiques(sample_statures(count, rng), rng)
    phase = rng.uniform(0.0, 2.0 * np.pi, count)
    return poses, figures(standing(poses, velocity=speed * way, gait_phase=phase), physique).joints


def only(joints, *names):
    kept = np.zeros(len(JOINTS), dtype=bool)
    kept[[JOINT[name] for name in names]] = True
    return np.column_stack([joints[:, :2], np.where(kept, joints[:, 2], 0.0)])


def put(joints, camera, about, depth=None) -> Placement:
    """Where somebody is placed who can be placed."""
    found = place(joints, camera, about, depth)
    assert isinstance(found, Placement), found
    return found


def test_feet_on_the_floor_tell_the_distance_exactly():
    points = np.tile([4.0, 0.0, 0.039 * 1.70], (len(JOINTS), 1))
    points[:, 1] = 1.0
    joints = only(seen(points), "left_ankle", "right_ankle")
    placed = put(joints, pinhole(), ABOUT)
    assert placed.sources == ("feet",)
    assert placed.pose[:2] == pytest.approx([4.0, 1.0], abs=1e-6)
    assert placed.covariance[2, 2] > np.pi**2, "nobody can tell the heading from the feet"


def test_depth_tells_the_distance_to_the_middle_of_the_trunk():
    rng = np.random.default_rng(1)
    _, points = crowd(1, 3.0, rng)
    joints = seen(points[0])
    for depth, expected in ((2.5, "depth"), (np.nan, "feet"), (0.0, "feet")):
        placed = put(joints, pinhole(), ABOUT, np.full((480, 640), depth, np.float32))
        assert placed.sources[0] == expected
    placed = put(joints, pinhole(), ABOUT, np.full((480, 640), 2.5, np.float32))
    hips = joints[[JOINT["left_hip"], JOINT["right_hip"]], 0].mean()
    bearing = np.arctan((hips - 320.0) / CAMERA.focal_length)
    distance = 2.5 / np.cos(bearing) + 0.09
    lens = CAMERA.parameters.mount_x
    expected_place = [lens + distance * np.cos(bearing), -distance * np.sin(bearing)]
    assert placed.pose[:2] == pytest.approx(expected_place, abs=0.01)


def test_a_hole_in_the_depths_and_somebody_behind_do_not_matter():
    _, points = crowd(1, 3.0, np.random.default_rng(2))
    depth = np.full((480, 640), 3.0, np.float32)
    depth[::2] = np.nan
    depth[:, ::7] = 8.0
    placed = put(seen(points[0]), pinhole(), ABOUT, depth)
    assert placed.sources == ("depth",)
    assert np.hypot(placed.pose[0] - 0.216, placed.pose[1]) == pytest.approx(3.1, abs=0.06)


@pytest.mark.parametrize(
    ("distance", "speed", "median", "most"),
    [(1.5, 0.0, 0.20, 0.55), (3.0, 0.0, 0.10, 0.40), (4.0, 1.0, 0.12, 0.35), (6.0, 1.0, 0.20, 0.5)],
)
def test_people_of_all_sizes_are_placed_without_depth(distance, speed, median, most):
    _, points = crowd(60, distance, np.random.default_rng(3), speed)
    hips = points[:, [JOINT["left_hip"], JOINT["right_hip"]], :2].mean(axis=1)
    placed = [put(seen(joints), pinhole(), ABOUT) for joints in points]
    errors = np.array([p.pose[:2] for p in placed]) - hips
    assert np.median(np.linalg.norm(errors, axis=1)) < median
    assert np.percentile(np.linalg.norm(errors, axis=1), 90) < most
    weights = [
        e @ np.linalg.solve(p.covariance[:2, :2], e) for e, p in zip(errors, placed, strict=True)
    ]
    assert np.mean(weights) < 5.0, "about 2 where the covariances say how large the errors are"


def test_headings_are_told_apart_all_around():
    poses, points = crowd(200, 3.5, np.random.default_rng(4))
    placed = [put(seen(joints), pinhole(), ABOUT) for joints in points]
    known = np.array([p.covariance[2, 2] <= np.pi**2 for p in placed])
    errors = np.abs(wrap_angle(np.array([p.pose[2] for p in placed]) - poses[:, 2]))[known]
    assert known.mean() > 0.8
    assert np.median(errors) < 0.3
    assert np.percentile(errors, 95) < 1.2


def test_a_camera_that_looks_down_gives_the_same_places():
    _, points = crowd(20, 3.0, np.random.default_rng(5))
    for joints in points:
        level = put(only(seen(joints), *BODY[5:]), pinhole(), ABOUT)
        down = put(only(seen(joints, tilt=0.2), *BODY[5:]), pinhole(tilt=0.2), ABOUT)
        assert down.pose[:2] == pytest.approx(level.pose[:2], abs=0.35)


def test_distortion_is_taken_out():
    lens = pinhole(distortion=(0.1, -0.05, 0.001, -0.002, 0.01))
    x, y = 0.3, -0.2
    r2 = x * x + y * y
    radial = 1 + 0.1 * r2 - 0.05 * r2**2 + 0.01 * r2**3
    bent_x = x * radial + 2 * 0.001 * x * y - 0.002 * (r2 + 2 * x * x)
    bent_y = y * radial + 0.001 * (r2 + 2 * y * y) - 2 * 0.002 * x * y
    pixel = np.array([bent_x, bent_y]) * lens.focal + lens.centre
    ray = lens.rays(pixel)
    assert ray @ lens.axes == pytest.approx([x, y, 1.0], abs=1e-6)


@pytest.mark.parametrize(
    ("names", "words"),
    [((), "neither trunk nor head nor feet are seen"), (("left_hip",), "distance cannot be told")],
)
def test_who_cannot_be_placed_is_told_with_the_reason(names, words):
    _, points = crowd(1, 3.0, np.random.default_rng(6))
    assert words in str(place(only(seen(points[0]), *names), pinhole(), ABOUT))


def test_who_seems_too_far_away_is_left_out():
    points = np.tile([30.0, 0.0, 0.07], (len(JOINTS), 1))
    joints = seen(points)
    joints[[JOINT["left_ankle"], JOINT["right_ankle"]], 2] = 0.9
    words = place(only(joints, "left_ankle", "right_ankle"), pinhole(), ABOUT)
    assert "expected at most 12 m" in str(words)


def test_joints_at_the_border_are_not_believed():
    _, points = crowd(1, 2.0, np.random.default_rng(7))
    joints = seen(points[0])
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    joints[ankles, 1], joints[ankles, 2] = 480.0, 0.9
    assert "feet" not in put(joints, pinhole(), ABOUT).sources


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 0}, "expected pixels"),
        ({"focal": (0.0, 500.0)}, "focal lengths"),
        ({"focal": (np.nan, 500.0)}, "focal lengths"),
        ({"focal": (1e300, 1e300)}, "expected 6.4 to 64000 with images of 640 x 480"),
        ({"focal": (500.0, 1e-300)}, "focal lengths"),
        ({"centre": (320.0, -1e9)}, r"centre is .* expected at most 6400 with images"),
        ({"centre": (np.nan, 240.0)}, "centre is"),
        ({"distortion": (np.inf,)}, "from -1000 to 1000"),
        ({"distortion": (0.0, -1e30)}, "from -1000 to 1000"),
        ({"distortion": (0.0,) * 8}, "at most 5"),
        ({"axes": np.ones((3, 3))}, "perpendicular"),
    ],
)
def test_bad_cameras_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        pinhole(**changes)


def test_nobody_is_placed_where_a_distortion_cannot_be_undone():
    _, points = crowd(1, 2.0, np.random.default_rng(7))
    wild = pinhole(focal=(7.0, 7.0), distortion=(0.0, 0.0, 900.0, -900.0, 0.0))
    depth = np.full((480, 640), 2.0, np.float32)
    for depths in (None, depth):
        refusal = place(seen(points[0]), wild, ABOUT, depths)
        assert refusal == "the camera's distortion cannot be undone where it is seen"


def test_a_turn_moves_pixels_as_the_world_would():
    """What is far ahead is seen farther to the right after a turn to the left."""
    before, now = CAMERA.pose((0.0, 0.0, 0.0)), CAMERA.pose((0.0, 0.0, 0.1))
    far = np.array([[1e6, 2e5, 1e5]])
    then = np.array([*np.ravel(CAMERA.project(before, far))[:2], 1.0])
    moved = pinhole().turned(now.optical @ before.optical.T) @ then
    expected = np.ravel(CAMERA.project(now, far))[:2]
    assert moved[:2] / moved[2] == pytest.approx(expected, abs=0.01)
    assert expected[0] > then[0] + 40.0
