"""People as perceived in trials: camera, tracker and student instead of the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.evaluation.arms import STUDENTS, arm_named
from social_nav_core.evaluation.batch import run_one, shipped_models
from social_nav_core.evaluation.observer import LossyStudent, Observer
from social_nav_core.evaluation.suites import draw_trial, load_suite
from social_nav_core.evaluation.trial import TrialRunner
from social_nav_core.geometry import wrap_angle
from social_nav_core.people import Person
from social_nav_core.perception.student_file import probe_windows, shipped_student
from social_nav_core.sim.scene import ROBOT, Scene, ScenePerson, load_scene
from social_nav_core.sim.world import World

WORLDS = Path(__file__).parents[4] / "worlds"
PERIOD = 0.1


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Ana stands 3 m ahead of the robot and looks at it, ben is behind it."""
    about = load_scene(WORLDS / "scenes" / "single.yaml")
    people = (
        ScenePerson("ana", (1.0, 0.0, np.pi), look_at=ROBOT),
        ScenePerson("ben", (-4.0, 0.3, 0.0)),
    )
    return replace(about, people=people, robot=(-2.0, 0.0, 0.0))


def seen(
    scene: Scene, corruption: float = 0.0, seconds: float = 2.0, target: str = ""
) -> list[Person]:
    """Who is known after a while of standing."""
    world = World(scene, 1)
    observer = Observer(scene, world.state, PERIOD, corruption, 1, target)
    for _ in range(round(seconds / PERIOD)):
        world.step((0.0, 0.0), PERIOD)
        observer.look(world.state)
    return observer.people


def test_who_is_ahead_is_seen_and_who_is_behind_is_not(scene: Scene) -> None:
    (ana,) = seen(scene)
    assert ana.id == "ana"
    np.testing.assert_allclose(ana.pose[:2], [1.0, 0.0], atol=0.2)
    assert abs(wrap_angle(ana.pose[2] - np.pi)) < 0.5
    assert np.hypot(*ana.velocity) < 0.2
    for labels in (ana.intent, ana.attitude, ana.action):
        assert labels.sum() == pytest.approx(1.0) and labels[0] < 0.9


def test_the_head_finds_its_target_at_the_side(scene: Scene) -> None:
    aside = replace(scene, robot=(-2.0, 0.0, 1.3))
    assert seen(aside) == []
    assert [person.id for person in seen(aside, seconds=6.0, target="ana")] == ["ana"]


def test_a_room_without_people_shows_nobody(scene: Scene) -> None:
    assert seen(replace(scene, people=())) == []


def test_the_same_seed_perceives_the_same_and_loss_changes_labels_alone(scene: Scene) -> None:
    (first,), (again,), (lossy,) = seen(scene), seen(scene), seen(scene, 0.6)
    np.testing.assert_array_equal(first.pose, again.pose)
    np.testing.assert_array_equal(first.action, again.action)
    np.testing.assert_array_equal(first.pose, lossy.pose)
    assert np.abs(first.action - lossy.action).max() > 1e-3


def test_a_lossy_student_answers_what_is_left() -> None:
    student = shipped_student()
    windows = probe_windows(student.about.steps)
    whole = LossyStudent(student, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(
        whole.logits(windows)["intent"], student.logits(windows)["intent"]
    )
    lossy = LossyStudent(student, 0.6, np.random.default_rng(0))
    assert np.abs(lossy.logits(windows)["intent"] - student.logits(windows)["intent"]).max() > 0.01
    assert lossy.logits(windows[:0])["intent"].shape[0] == 0


def test_student_arms_lose_what_they_say() -> None:
    lost = {name: arm_named(name).corruption for name in STUDENTS}
    assert lost == {"student 0 %": 0.0, "student 30 %": 0.3, "student 60 %": 0.6}
    assert arm_named("ours").corruption is None


def test_the_suite_perception_has_true_labels_and_three_losses() -> None:
    suite = load_suite(WORLDS / "suites" / "perception.yaml")
    assert {"ours", *STUDENTS} <= set(suite.arms)
    assert {entry.task for entry in suite.entries} == {"avoid", "approach"}


def test_a_perceived_person_is_approached(scene: Scene) -> None:
    suite = load_suite(WORLDS / "suites" / "perception.yaml")
    entry = next(e for e in suite.entries if e.name == "approach single")
    (result,) = run_one(entry, 0, 0, ["student 30 %"])
    assert result.values["success"] == 1.0 and result.values["wrong_person"] == 0.0
    assert result.values["arrival_distance"] < 1.8
    trial, models = draw_trial(entry, 0, 0), shipped_models()
    first = TrialRunner(trial, arm_named("student 30 %", models.proxemics), models).run()
    again = TrialRunner(trial, arm_named("student 30 %", models.proxemics), models).run()
    np.testing.assert_array_equal(first.robot_in_map, again.robot_in_map)
