"""From bodies to people: motion, headings, labels, and what bad input does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from social_nav_core.bodies import UNKNOWN_YAW_VARIANCE, Body
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.people import Action, Intent, Person
from social_nav_core.perception.heading import turned_from_camera
from social_nav_core.perception.kinematics import Kinematics, KinematicsParameters
from social_nav_core.perception.label_filter import LabelFilter, LabelParameters
from social_nav_core.perception.perceive import Perception, Sight
from social_nav_core.perception.student_file import Student, StudentAbout, shipped_student
from social_nav_core.perception.tasks import CLASSES, TASKS
from social_nav_core.sim.anatomy.gestures import Gesture, sample_manners
from social_nav_core.sim.anatomy.physique import sample_physiques
from social_nav_core.sim.body import figures
from social_nav_core.sim.camera import BoxBlockers, Camera
from social_nav_core.sim.detector import Detector, DetectorParameters
from social_nav_core.sim.motion import standing
from social_nav_core.skeleton import joints_from_ros4hri, ros4hri_from_joints

FRAME = 1.0 / 30.0
ORIGIN = Sight(np.zeros(2), 0.0)


def body(name: str = "ana", x: float = 2.0, y: float = 0.0, yaw: float = 0.0, **more: Any) -> Body:
    made = Body(
        name,
        np.linspace(280.0, 360.0, 23, dtype=np.float32),
        np.linspace(60.0, 420.0, 23, dtype=np.float32),
        np.full(23, 0.8, np.float32),
        np.array([x, y, yaw]),
        np.diag([0.01, 0.01, 0.04]),
    )
    return replace(made, **more)


class Answering(Student):
    """A student that always answers the same."""

    def __init__(self, **chosen: int) -> None:
        self.about = StudentAbout(10, 10.0, dict.fromkeys(TASKS, 1.0), "", "")
        self._chosen = chosen

    def logits(self, windows: Any) -> dict[str, FloatArray]:
        return {
            task: 20.0
            * np.tile(np.eye(CLASSES[task])[self._chosen.get(task, 0)], (len(windows), 1))
            for task in TASKS
        }


def filmed(
    perception: Perception,
    bodies: Callable[[float], list[Body]],
    seconds: float = 1.5,
    start: float = 0.0,
    sight: Sight | None = ORIGIN,
) -> dict[str, Person]:
    """What is known after a film at 30 Hz."""
    people: list[Person] = []
    for k in range(round(seconds / FRAME)):
        time = start + k * FRAME
        people = perception.see(time, bodies(time - start), 640, 480, sight).people
    return {person.id: person for person in people}


class TestKinematics:
    @pytest.mark.parametrize("velocity", [(0.0, 0.0), (-1.1, 0.4)])
    def test_errors_are_as_large_as_the_covariance_says(
        self, velocity: tuple[float, float]
    ) -> None:
        """Forty walks with errors of 0.1 m and 0.25 rad that last for 0.15 s."""
        rng, filters, count = np.random.default_rng(4), Kinematics(), 40
        error, keep = rng.normal(size=(count, 3)), np.exp(-FRAME / 0.15)
        spread = np.diag([0.01, 0.01, 0.0625])
        for k in range(90):
            error = keep * error + np.sqrt(1.0 - keep**2) * rng.normal(size=(count, 3))
            truth = np.array([3.0, 1.0]) + np.array(velocity) * k * FRAME
            seen = np.column_stack([truth + 0.1 * error[:, :2], 1.0 + 0.25 * error[:, 2]])
            bodies = [body(f"p{i}", pose=pose, covariance=spread) for i, pose in enumerate(seen)]
            filters.update(k * FRAME, bodies)
        motion = filters.motions()
        places, turns = motion.pose[:, :2] - truth, wrap_angle(motion.pose[:, 2] - 1.0)
        assert np.std(places) < 0.09
        assert np.std(motion.velocity - velocity) < 0.17
        assert np.std(turns) < 0.2
        assert 0.5 < np.std(places) / np.sqrt(motion.covariance[:, 0, 0].mean()) < 1.5
        assert 0.4 < np.std(turns) / np.sqrt(motion.covariance[:, 2, 2].mean()) < 1.5

    def test_standing_still_is_exact_without_errors(self) -> None:
        filters = Kinematics()
        for k in range(30):
            filters.update(k * FRAME, [body()])
        motion = filters.motions()
        np.testing.assert_allclose(motion.pose[0], [2.0, 0.0, 0.0], atol=1e-9)
        np.testing.assert_allclose(motion.velocity[0], 0.0, atol=1e-9)

    def test_the_heading_is_the_chests_also_of_who_walks_backwards(self) -> None:
        filters = Kinematics()
        for k in range(60):
            filters.update(k * FRAME, [body(x=5.0 - k * FRAME, yaw=0.3)])
        motion = filters.motions()
        assert motion.pose[0, 2] == pytest.approx(0.3)
        assert motion.velocity[0, 0] == pytest.approx(-1.0, abs=0.05)

    def test_headings_turn_over_the_seam(self) -> None:
        filters = Kinematics()
        for k in range(60):
            filters.update(k * FRAME, [body(yaw=float(wrap_angle(3.0 + 0.01 * k)))])
        assert wrap_angle(filters.motions().pose[0, 2] - 3.59) == pytest.approx(0.0, abs=0.2)

    def test_a_single_flipped_heading_moves_little(self) -> None:
        filters = Kinematics()
        for k in range(30):
            filters.update(k * FRAME, [body(yaw=3.1 if k == 25 else 0.0)])
        assert abs(filters.motions().pose[0, 2]) < 0.15

    def test_an_unknown_heading_says_nothing(self) -> None:
        filters = Kinematics()
        unknown = np.diag([0.01, 0.01, UNKNOWN_YAW_VARIANCE])
        filters.update(0.0, [body(covariance=unknown)])
        assert filters.motions().covariance[0, 2, 2] > np.pi**2
        filters.update(FRAME, [body(yaw=0.7)])
        filters.update(2 * FRAME, [body(yaw=-2.0, covariance=unknown)])
        assert filters.motions().pose[0, 2] == pytest.approx(0.7)

    def test_who_is_not_seen_goes_on_and_comes_to_rest_and_gets_unsure(self) -> None:
        filters = Kinematics(KinematicsParameters(halt_time=1.0))
        for k in range(60):
            filters.update(k * FRAME, [body(x=1.0 + k * FRAME)])
        seen = filters.motions()
        for k in range(60, 240):
            filters.update(k * FRAME, [])
        later = filters.motions()
        assert 0.8 < later.pose[0, 0] - seen.pose[0, 0] < 2.0
        assert np.hypot(*later.velocity[0]) < 0.05
        np.testing.assert_array_equal(filters.places(), later.pose[:, :2])
        assert later.covariance[0, 0, 0] > 0.25
        assert later.covariance[0, 2, 2] > 1.0

    def test_many_are_as_each_alone(self) -> None:
        rng = np.random.default_rng(0)
        together, alone = Kinematics(), {name: Kinematics() for name in "abc"}
        for k in range(40):
            seen = [
                body(name, *rng.normal(size=3))
                for name in "abc"
                if rng.random() < 0.7 or (k == 0 and name == "b")
            ]
            together.update(k * FRAME, seen)
            for name, filters in alone.items():
                filters.update(k * FRAME, [item for item in seen if item.id == name])
        motion = together.motions()
        for row, name in enumerate(together.names):
            own = alone[name].motions()
            np.testing.assert_allclose(motion.pose[row], own.pose[0])
            np.testing.assert_allclose(motion.covariance[row], own.covariance[0])
        together.forget(["a", "c"])
        assert together.names == ["b"]
        np.testing.assert_allclose(together.motions().pose, alone["b"].motions().pose)


class TestLabels:
    def told(
        self, labels: LabelFilter, time: float, intent: list[float], trust: float = 1.0
    ) -> Any:
        answers = {"intent": np.array([intent]), "attitude": np.full((1, 3), 1.0 / 3.0)}
        answers["action"] = np.full((1, 10), 0.1)
        labels.update(time, ["ana"], answers, np.array([trust]))
        return labels.probabilities("ana")["intent"]

    def test_what_is_not_trusted_is_unknown(self) -> None:
        found = self.told(LabelFilter(), 0.0, [0.5, 0.3, 0.2], trust=0.4)
        assert found == pytest.approx([0.6, 0.2, 0.12, 0.08])

    def test_probabilities_follow_with_the_time_constant(self) -> None:
        labels = LabelFilter(LabelParameters(smoothing=0.5, hysteresis=0.0))
        self.told(labels, 0.0, [1.0, 0.0, 0.0])
        found = self.told(labels, 0.5, [0.0, 1.0, 0.0])
        assert found[1] == pytest.approx(np.exp(-1.0))

    def test_a_label_stays_until_another_one_leads_clearly(self) -> None:
        labels = LabelFilter(LabelParameters(smoothing=0.0, hysteresis=0.2))
        self.told(labels, 0.0, [0.6, 0.4, 0.0])
        held = self.told(labels, 0.1, [0.45, 0.55, 0.0])
        assert held.argmax() == Intent.INTERACTING
        assert held == pytest.approx([0.0, 0.5, 0.5, 0.0], abs=1e-5)
        assert held.sum() == pytest.approx(1.0)
        assert self.told(labels, 0.2, [0.35, 0.65, 0.0]).argmax() == Intent.INTERESTED
        assert self.told(labels, 0.3, [0.45, 0.55, 0.0]).argmax() == Intent.INTERESTED

    def test_noise_at_the_border_does_not_flicker(self) -> None:
        rng = np.random.default_rng(0)
        plain = LabelFilter(LabelParameters(smoothing=0.0, hysteresis=0.0))
        steady = LabelFilter()
        changes = []
        for labels in (plain, steady):
            best = []
            for k in range(300):
                p = float(np.clip(0.5 + 0.1 * rng.normal(), 0.0, 1.0))
                best.append(int(self.told(labels, k * FRAME, [p, 1.0 - p, 0.0]).argmax()))
            changes.append(int(np.count_nonzero(np.diff(best))))
        assert changes[0] > 100
        assert changes[1] <= 2

    def test_nobody_known_is_unknown(self) -> None:
        assert LabelFilter().probabilities("nobody")["action"][Action.UNKNOWN] == 1.0


def test_the_image_tells_headings_where_the_tracker_does_not() -> None:
    rng = np.random.default_rng(1)
    camera = Camera()
    exact = DetectorParameters(miss_rate=0.0, swap_rate=0.0)
    errors = []
    for yaw in np.linspace(-np.pi, np.pi, 24, endpoint=False):
        detector = Detector(camera, exact, rng)
        people = sample_physiques(np.array([1.7]), rng), sample_manners(1, rng)
        pose = np.array([[3.0, rng.uniform(-0.8, 0.8), yaw]])
        seen = detector.detect(
            ["a"],
            figures(standing(pose), *people),
            camera.pose(np.zeros(3)),
            BoxBlockers.of(()),
            FRAME,
        )
        angle, variance = turned_from_camera(seen[0].joints().astype(float))
        to_camera = np.arctan2(-pose[0, 1], 0.2 - pose[0, 0])
        if variance < np.pi**2:
            errors.append(abs(float(wrap_angle(to_camera + angle - yaw))))
    assert len(errors) > 12
    assert np.median(errors) < 0.35
    assert np.mean(np.array(errors) > 1.2) < 0.15


def test_without_a_trunk_the_image_tells_no_heading() -> None:
    joints = body().joints().astype(float)
    joints[11:13, 2] = 0.0
    assert turned_from_camera(joints)[1] > np.pi**2


def test_people_have_all_that_costs_and_approach_need() -> None:
    perception = Perception(Answering(intent=Intent.INTERESTED - 1, action=Action.GAZE - 1))
    people = filmed(perception, lambda time: [body(x=4.0 - 0.5 * time, yaw=3.0)])
    person = people["ana"]
    assert person.defect() is None
    assert person.pose == pytest.approx([4.0 - 0.5 * 44 * FRAME, 0.0, 3.0], abs=0.05)
    assert person.velocity == pytest.approx([-0.5, 0.0], abs=0.1)
    assert person.intent.argmax() == Intent.INTERESTED
    assert person.action.argmax() == Action.GAZE
    assert person.confidence == 1.0
    assert person.last_seen == pytest.approx(44 * FRAME)


def test_bodies_are_moved_into_the_frame_of_the_people() -> None:
    perception = Perception(Answering())
    found = perception.see(0.0, [body(x=2.0, yaw=0.5)], 640, 480, None, (1.0, 2.0, np.pi / 2.0))
    assert found.people[0].pose == pytest.approx([1.0, 4.0, np.pi / 2.0 + 0.5])


def test_labels_begin_after_a_third_of_a_second_and_grow() -> None:
    perception, unknown = Perception(Answering()), []
    for k in range(40):
        found = perception.see(k * FRAME, [body()], 640, 480, ORIGIN)
        unknown.append(found.people[0].intent[Intent.UNKNOWN])
    assert all(share == 1.0 for share in unknown[:8])
    assert unknown[9] < 0.7
    assert unknown[-1] < 0.15
    assert (np.diff(unknown) <= 1e-9).all()


def test_an_id_switch_keeps_name_motion_and_labels() -> None:
    perception = Perception(Answering())
    people = filmed(perception, lambda t: [body("a" if t < 1.0 else "b", x=4.0 - t)], 1.5)
    assert set(people) == {"a"}
    assert people["a"].velocity == pytest.approx([-1.0, 0.0], abs=0.1)
    assert people["a"].intent[Intent.UNKNOWN] < 0.1


def test_a_clock_that_is_set_back_begins_anew() -> None:
    perception = Perception(Answering())
    filmed(perception, lambda _: [body("a")], 1.0, start=1000.0)
    people = filmed(perception, lambda _: [body("b", x=3.0)], 0.1)
    assert set(people) == {"b"}
    assert people["b"].intent[Intent.UNKNOWN] == 1.0
    late = perception.see(0.05, [body("b")], 640, 480)
    assert late.late and late.problems[0][0] == ""


def test_a_hundred_people_and_bad_ones_among_them() -> None:
    perception = Perception(shipped_student())
    crowd = [body(f"p{k}", 1.0 + 0.5 * (k % 10), 0.5 * (k // 10)) for k in range(100)]
    crowd[7] = body("p7", confidence=np.zeros(23, np.float32))
    crowd[8] = body("p9", 9.0)
    for k in range(11):
        found = perception.see(k * FRAME, crowd, 640, 480, ORIGIN)
    assert len(found.people) == 98
    assert {name for name, _ in found.problems} == {"p7", "p9"}
    assert all(person.defect() is None for person in found.people)


@pytest.mark.parametrize("feet", [True, False])
def test_the_shipped_student_knows_who_waves_from_who_looks_away(feet: bool) -> None:
    """The labels come from skeletons alone: same place, same person; 23 joints or ROS4HRI's."""
    camera = Camera()
    wish = {}
    for gesture, yaw in ((Gesture.WAVE, np.pi), (Gesture.PHONE, 0.3)):
        rng = np.random.default_rng(2)
        detector = Detector(camera, None, rng)
        people = sample_physiques(np.array([1.7]), rng), sample_manners(1, rng)
        film = []
        for time in np.arange(0.0, 2.0, FRAME):
            shown = figures(standing([[3.0, 0.3, yaw]], gesture, time + 2.0, time=time), *people)
            pose = camera.pose(np.zeros(3))
            film.append(detector.detect(["ana"], shown, pose, BoxBlockers.of(()), FRAME))
        if not feet:
            film = [[as_ros4hri(seen) for seen in bodies] for bodies in film]
        shots = iter(film)
        people_seen = filmed(Perception(shipped_student()), lambda _: next(shots), 1.9)  # noqa: B023
        intent = people_seen["ana"].intent
        wish[gesture] = intent[Intent.INTERACTING] + intent[Intent.INTERESTED]
    assert wish[Gesture.WAVE] > 0.7
    assert wish[Gesture.PHONE] < 0.4


def as_ros4hri(seen: Body) -> Body:
    """What is left of a body that came as an hri_msgs/Skeleton2D."""
    joints = joints_from_ros4hri(ros4hri_from_joints(seen.joints())).astype(np.float32)
    return replace(seen, x=joints[:, 0], y=joints[:, 1], confidence=joints[:, 2])
