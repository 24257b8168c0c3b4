"""Scripted people: walking, turning, waiting, looking, against hand-computed numbers."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from social_nav_core.people import Action, Intent
from social_nav_core.sim.anatomy.gait import stride_rate
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.people import Crowd, WalkerParameters, stride_length
from social_nav_core.sim.room import Box, BoxArray
from social_nav_core.sim.scene import Labels, ScenePerson, ScriptStep

STILL = WalkerParameters(sway=0.0)
FAR = (50.0, 50.0)
DT = 0.05


def step_of(kind, **values):
    """A script step with plain manners."""
    return ScriptStep(kind, **{"gesture": "idle", "look_at": "", "labels": Labels(), **values})


def watch(person, seconds, robot=FAR, parameters=STILL, *, seed=0, boxes=()):
    """States of a person at 20 Hz; robot is a place or a function of time."""
    crowd = Crowd([person], parameters, BoxArray(boxes))
    rng = np.random.default_rng(seed)
    states = []
    for index in range(round(seconds / DT)):
        place = robot(index * DT) if callable(robot) else robot
        crowd.step(DT, (*place, 0.0), 0.0, rng)
        states.append(crowd.states[0])
    return states


def walker(*steps, pose=(0.0, 0.0, 0.0), **about):
    """A person with a script."""
    return ScenePerson("ana", pose, script=steps, **about)


def test_a_walk_takes_its_time_and_ends_at_its_point():
    states = watch(walker(step_of("walk_to", point=(4.0, 0.0), speed=1.0)), 7.0)
    assert states[-1].pose == (4.0, 0.0, 0.0) and states[-1].speed == 0.0
    # 1 s to speed up, 3 s at 1 m/s, 1 s to brake
    arrival = next(i for i, state in enumerate(states) if state.pose[0] == 4.0) * DT
    assert arrival == pytest.approx(5.0, abs=0.15)
    speeds = np.array([state.speed for state in states])
    assert speeds.max() == pytest.approx(1.0)
    assert np.abs(np.diff(speeds)).max() <= 1.0 * DT + 0.01
    x = np.array([state.pose[0] for state in states])
    assert np.diff(x, prepend=0.0) / DT == pytest.approx(speeds, abs=1e-9)


def test_a_person_turns_before_walking_back_and_stays_on_the_line():
    states = watch(walker(step_of("walk_to", point=(-3.0, 0.0), speed=1.2)), 8.0)
    poses = np.array([state.pose for state in states])
    assert np.abs(poses[:, 1]).max() < 1e-9
    assert poses[:, 0].max() <= 1e-9  # never a step forward
    rates = np.abs(np.diff(np.unwrap(poses[:, 2]), prepend=0.0)) / DT
    assert rates.max() == pytest.approx(STILL.turn_rate)
    assert poses[-1] == pytest.approx([-3.0, 0.0, poses[-1, 2]])
    assert abs(math.remainder(poses[-1, 2] - math.pi, 2 * math.pi)) < 0.02


def test_a_person_stops_short_of_a_robot_on_the_way_and_goes_on_when_it_is_gone():
    person = walker(step_of("walk_to", point=(5.0, 0.0), speed=1.2))

    def robot(time):
        return (2.0, 0.0) if time < 10.0 else FAR

    states = watch(person, 20.0, robot)
    waiting = states[round(9.0 / DT)]
    assert waiting.speed < 0.01
    assert 2.0 - waiting.pose[0] == pytest.approx(STILL.robot_gap, abs=0.02)
    assert states[-1].pose[0] == 5.0


def test_a_person_foresees_a_robot_that_crosses():
    person = walker(step_of("walk_to", point=(5.0, 0.0), speed=1.2))
    crowd = Crowd([person], STILL, BoxArray([]))
    gaps, rng = [], np.random.default_rng(0)
    for index in range(160):
        robot = (2.0, -2.4 + 0.8 * index * DT, math.pi / 2)
        crowd.step(DT, robot, 0.8, rng)
        gaps.append(math.dist(crowd.states[0].pose[:2], robot[:2]))
    assert min(gaps) > 0.6  # outlines touch at 0.52 m
    assert crowd.states[0].pose[0] > 4.0


def test_a_person_steps_back_from_a_robot_that_comes_too_near_but_not_into_a_wall():
    person = walker(step_of("walk_to", point=(5.0, 0.0), speed=1.2))

    def robot(time):
        return (max(2.0 - 0.2 * max(time - 5.0, 0.0), 1.0), 0.0)

    free = watch(person, 15.0, robot)
    assert max(state.pose[0] for state in free) == pytest.approx(2.0 - 0.75, abs=0.02)
    assert free[-1].pose[0] <= 1.0 - 0.65
    assert abs(free[-1].pose[2]) < 1e-9 and min(state.velocity[0] for state in free) < -0.1
    wall = Box("w", "wall", (0.4, 0.0, 0.0), (0.1, 4.0), 2.0)
    start = walker(*person.script, pose=(0.9, 0.0, 0.0))
    walled = watch(start, 15.0, robot, boxes=[wall])
    assert min(state.pose[0] for state in walled) >= 0.45 + 0.25 - 1e-9


def test_a_robot_beside_the_way_does_not_matter():
    person = walker(step_of("walk_to", point=(4.0, 0.0), speed=1.0))
    free, beside = watch(person, 6.0), watch(person, 6.0, (2.0, 0.8))
    assert [state.pose for state in free] == [state.pose for state in beside]


def test_turning_to_a_yaw_to_the_robot_and_to_a_person():
    states = watch(walker(step_of("turn_to", target=math.pi / 2)), 4.0)
    assert states[-1].pose == pytest.approx((0.0, 0.0, math.pi / 2), abs=0.02)
    states = watch(walker(step_of("turn_to", target="robot")), 4.0, (-1.0, -1.0))
    assert states[-1].pose[2] == pytest.approx(-0.75 * math.pi, abs=0.02)
    ben = ScenePerson("ben", (0.0, 2.0, 0.0))
    crowd = Crowd([walker(step_of("turn_to", target="ben")), ben], STILL, BoxArray([]))
    for _ in range(80):
        crowd.step(DT, (*FAR, 0.0), 0.0, np.random.default_rng(0))
    assert crowd.states[0].pose[2] == pytest.approx(math.pi / 2, abs=0.02)


def test_awaiting_the_robot_ends_when_it_is_near_or_when_time_is_over():
    person = walker(
        step_of("await_robot", distance=1.5, duration=5.0),
        step_of("stand", duration=1.0, gesture="wave"),
    )

    def waved(robot):
        states = watch(person, 8.0, robot)
        return next(i for i, state in enumerate(states) if state.gesture == "wave") * DT

    assert waved(FAR) == pytest.approx(5.0, abs=0.06)
    assert waved((1.4, 0.0)) == 0.0
    assert waved(lambda time: (4.0 - time, 0.0)) == pytest.approx(2.5, abs=0.06)


def test_gestures_and_labels_follow_the_script():
    wave = Labels(Intent.INTERESTED, action=Action.WAVE)
    person = walker(
        step_of("stand", duration=1.0),
        step_of("stand", duration=2.0, gesture="wave", labels=wave),
        gesture="phone",
    )
    states = watch(person, 5.0)
    names = [state.gesture for state in states]
    assert names == ["idle"] * 20 + ["wave"] * 40 + ["phone"] * 40
    assert states[30].gesture_time == pytest.approx(0.5)
    assert states[10].labels == Labels() and states[30].labels == states[-1].labels == wave


def test_a_repeated_script_starts_again():
    there, back = ((1.0, 0.0), (0.0, 0.0))
    steps = [step_of("walk_to", point=point, speed=1.0) for point in (there, back)]
    states = watch(walker(*steps, repeat=True), 30.0)
    arrivals = sum(a.pose[0] < 1.0 == b.pose[0] for a, b in pairwise(states))
    assert arrivals >= 3


def test_the_head_turns_to_the_robot_as_far_as_a_neck_goes():
    left = watch(ScenePerson("ana", (0.0, 0.0, 0.0), look_at="robot"), 3.0, (0.0, 1.0))
    assert left[-1].head_yaw == pytest.approx(1.2)  # the limit; the robot is at pi / 2
    assert left[0].head_yaw == pytest.approx(3.0 * DT)
    near = watch(ScenePerson("ana", (0.0, 0.0, 0.0), look_at="robot"), 3.0, (2.0, -2.0))
    assert near[-1].head_yaw == pytest.approx(-math.pi / 4)


def test_strides_advance_with_the_way():
    states = watch(walker(step_of("walk_to", point=(20.0, 0.0), speed=1.2)), 10.0)
    cruising = [state for state in states if abs(state.speed - 1.2) < 1e-9]
    way = cruising[-1].pose[0] - cruising[0].pose[0]
    phases = np.unwrap([state.gait_phase for state in cruising], period=2 * math.pi) / (2 * math.pi)
    # step length sqrt(60 x 0.0063 x 1.2) = 0.6735 m
    assert phases[-1] - phases[0] == pytest.approx(way / (2 * 0.6735), rel=1e-3)
    assert stride_length(1.2, 1.72) == pytest.approx(2 * 0.6735, abs=1e-3)
    for speed, height in ((0.5, 1.1), (1.4, 1.95)):  # the bodies' feet do not slide
        rate = stride_rate(speed, average_physique(height))
        assert speed / stride_length(speed, height) == pytest.approx(float(rate), rel=0.01)
    standing = watch(ScenePerson("ana", (0.0, 0.0, 0.0)), 2.0)
    assert {state.gait_phase for state in standing} == {0.0}


def test_sway_is_small_seeded_and_no_walking():
    person = ScenePerson("ana", (1.0, 2.0, 0.5))
    swaying = WalkerParameters(sway=0.01)
    states = watch(person, 400.0, parameters=swaying)
    offsets = np.array([state.pose[:2] for state in states]) - (1.0, 2.0)
    assert offsets.std(axis=0) == pytest.approx(0.01, rel=0.25)
    assert {state.velocity for state in states} == {(0.0, 0.0)}
    assert {state.pose[2] for state in states} == {0.5}
    again, other = (watch(person, 2.0, parameters=swaying, seed=seed) for seed in (0, 1))
    assert [s.pose for s in again] == [s.pose for s in states[:40]]
    assert [s.pose for s in other] != [s.pose for s in states[:40]]


def test_a_mirrored_script_makes_a_mirrored_walk():
    def walk(sign):
        return watch(
            walker(
                step_of("walk_to", point=(2.0, sign * 1.0), speed=1.1),
                step_of("turn_to", target=sign * 2.0),
                step_of("walk_to", point=(0.0, sign * 2.0), speed=0.7),
                pose=(0.0, 0.0, sign * 1.0),
            ),
            12.0,
        )

    left, right = (np.array([state.pose for state in walk(sign)]) for sign in (1, -1))
    assert right == pytest.approx(left * [1, -1, -1], abs=1e-9)


def test_a_person_of_the_suite_carries_the_truth():
    labels = Labels(Intent.INTERESTED, action=Action.WAVE)
    about = replace(walker(pose=(1.0, 2.0, 0.5)), group="g", labels=labels)
    person = watch(about, 0.1)[-1].person(3.0)
    assert (person.id, person.group_id, person.last_seen) == ("ana", "g", 3.0)
    assert person.pose == pytest.approx([1.0, 2.0, 0.5]) and person.velocity.tolist() == [0, 0]
    assert int(person.intent.argmax()) == Intent.INTERESTED
    assert int(person.action.argmax()) == Action.WAVE
    assert person.defect() is None
