"""Suites: reading, drawn trials, and one trial of each task in the simulator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.evaluation.arms import DEFAULT_ARMS, arm_named
from social_nav_core.evaluation.batch import shipped_models
from social_nav_core.evaluation.metrics.table import conversation, measure
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.suites import CLEARANCE, Entry, draw_trial, load_suite
from social_nav_core.evaluation.trial import Trial, TrialParameters, TrialRunner, shortest_way
from social_nav_core.geometry import relative
from social_nav_core.people import Intent
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import BODY_RADIUS, ROBOT_RADIUS, Scene

WORLDS = Path(__file__).parents[4] / "worlds"


def entry(suite: str, name: str) -> Entry:
    """An entry of a shipped suite."""
    return next(
        e for e in load_suite(WORLDS / "suites" / f"{suite}.yaml").entries if e.name == name
    )


@pytest.mark.parametrize("suite", ["paper", "moving", "crowd", "perception"])
def test_every_trial_of_the_shipped_suites_can_be_drawn(suite: str) -> None:
    for one in load_suite(WORLDS / "suites" / f"{suite}.yaml").entries:
        for index in range(10):
            trial = draw_trial(one, index, seed=0)
            places = np.array([trial.scene.robot[:2], trial.scene.goal[:2]])
            clear = trial.scene.room.box_array.clearances(places[:1])
            assert clear.min() > ROBOT_RADIUS + CLEARANCE
            assert trial.scene.room.contains(places).all()


def test_a_trial_depends_on_name_index_and_seed_alone() -> None:
    one = entry("paper", "avoid circle")
    first, again = draw_trial(one, 3, seed=1), draw_trial(one, 3, seed=1)
    assert (first.scene, first.seed) == (again.scene, again.seed)
    others = [draw_trial(one, 4, 1), draw_trial(one, 3, 2)]
    others.append(draw_trial(entry("paper", "avoid l_shape"), 3, 1))
    assert len({trial.seed for trial in (first, *others)}) == 4
    assert all(trial.scene.robot != first.scene.robot for trial in others)


def test_a_formation_is_turned_as_a_whole_and_the_goal_lies_beyond_it() -> None:
    one = entry("paper", "avoid circle")
    before = np.array([person.pose for person in one.scene.people])
    scene = draw_trial(one, 0, seed=0).scene
    after = np.array([person.pose for person in scene.people])
    for i in range(3):
        np.testing.assert_allclose(
            relative(after[i], after), relative(before[i], before), atol=1e-9
        )
    middle = after[:, :2].mean(axis=0)
    to_start, to_goal = np.array(scene.robot[:2]) - middle, np.array(scene.goal[:2]) - middle
    angle = np.arccos(to_start @ to_goal / np.linalg.norm(to_start) / np.linalg.norm(to_goal))
    assert angle > np.deg2rad(160.0)


def test_a_suite_says_which_arms(tmp_path: Path) -> None:
    assert load_suite(WORLDS / "suites" / "paper.yaml").arms == DEFAULT_ARMS
    path = tmp_path / "own.yaml"
    scene = WORLDS / "scenes" / "single.yaml"
    lines = SUITE + f"  - {{scene: {scene}, task: avoid}}\narms: [ours, no layer]\n"
    path.write_text(lines)
    assert load_suite(path).arms == ("ours", "no layer")
    for wrong in ("[mine]", "[]", "ours", "[[ours]]"):
        path.write_text(lines.replace("[ours, no layer]", wrong))
        with pytest.raises(SceneError, match=r"arms is .* expected a list of some of ours"):
            load_suite(path)


def test_who_is_approached_wants_it() -> None:
    trial = draw_trial(entry("paper", "approach circle"), 0, seed=0)
    assert trial.target_id == "ana"
    assert {person.labels.intent for person in trial.scene.people} == {Intent.INTERESTED}
    own = draw_trial(entry("moving", "approach approach"), 0, seed=0)
    assert [p.labels.intent for p in own.scene.people] == [Intent.INTERESTED, Intent.NOT_INTERESTED]


SUITE = """format: 1
name: tiny
description: for tests
entries:
"""


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", r"entries is empty, expected at least one entry"),
        ("  - {scene: no.yaml, task: avoid}", "no.yaml: cannot be read"),
        ("  - {scene: SCENE, task: dance}", r"entries\[0\].task is 'dance', expected one of avoid"),
        (
            "  - {scene: SCENE, task: approach}",
            r"entries\[0\].target is missing, expected one of ana",
        ),
        ("  - {scene: SCENE, task: approach, target: bob}", "target is 'bob', expected one of ana"),
        (
            "  - {scene: SCENE, task: avoid, vary: all}",
            "vary is 'all', expected one of none, start",
        ),
        ("  - {scene: SCENE, task: avoid, x: 1}", "x is not a known field"),
        ("  - {scene: SCENE, task: avoid}\n" * 2, "entries is 'avoid single' twice"),
        (
            "  - {scene: EMPTY, task: avoid, vary: formation}",
            r"suite.yaml: entries\[0\].scene is 'empty', which has none, expected a scene with"
            " people or flows",
        ),
        ("  - {scene: EMPTY, task: avoid, vary: start}", r"entries\[0\].scene is 'empty', which"),
        ("  - {scene: EMPTY, task: approach, target: a}", "expected a scene with people$"),
        (
            "  - {scene: FLOWS, task: avoid, vary: formation}",
            r"entries\[0\].vary is 'formation', expected none or start: flows cannot be turned in"
            " scene 'few_in_corridor'",
        ),
        (
            "  - {scene: SEATED, task: avoid, vary: formation}",
            "none or start: 'ana', who is seated, cannot be turned in scene 'seated'",
        ),
        (
            "  - {scene: SAME, task: avoid, vary: start}",
            r"entries\[0\].scene is 'same', whose goal is 0.00 m from the robot's start, expected"
            " more than 0.5 m",
        ),
    ],
)
def test_bad_suites_are_refused_with_the_field(tmp_path: Path, lines: str, message: str) -> None:
    scene = str(WORLDS / "scenes" / "single.yaml")
    path = tmp_path / "suite.yaml"
    for name, before, after in (
        ("empty", "  - {id: ana", "#"),
        ("seated", "id: ana", "seated: true, id: ana"),
        ("same", "goal: [5.0, 0.0, 0.0]", "goal: [-5.0, 0.0, 1.0]"),
    ):
        own_scene(tmp_path, name, before, after)
    flows = str(WORLDS / "crowds" / "few_in_corridor.yaml")
    text = (SUITE + lines).replace("SCENE", scene).replace("FLOWS", flows)
    for name in ("empty", "seated", "same"):
        text = text.replace(name.upper(), f"{name}.yaml")
    path.write_text(text + ("" if lines else "  []"))
    with pytest.raises(SceneError, match=message):
        load_suite(path)


def own_scene(folder: Path, name: str, before: str, after: str) -> Path:
    """The scene 'single' under another name, with something replaced."""
    text = (WORLDS / "scenes" / "single.yaml").read_text()
    assert before in text
    text = text.replace("../room.yaml", str(WORLDS / "room.yaml")).replace(before, after)
    text = text.replace("name: single", f"name: {name}")
    if after == "#":
        text = text[: text.index("people:")] + "people: []\n"
    (folder / f"{name}.yaml").write_text(text)
    return folder / f"{name}.yaml"


WALKS = """script: [
      {do: walk_to, point: [X, 1.5], speed: 0.8}, {do: turn_to, target: 1.0},
      {do: turn_to, target: robot}], id: ana"""


def entry_of(folder: Path, scene: Path, vary: str) -> Entry:
    """The entry of a suite that avoids a scene's people."""
    path = folder / "suite.yaml"
    path.write_text(SUITE + f"  - {{scene: {scene}, task: avoid, vary: {vary}}}\n")
    return load_suite(path).entries[0]


def test_people_who_walk_are_turned_with_their_ways(tmp_path: Path) -> None:
    scene = own_scene(tmp_path, "walks", "id: ana", WALKS.replace("X", "2.0"))
    one = entry_of(tmp_path, scene, "formation")
    (before,) = one.scene.people
    for index in range(5):
        drawn = draw_trial(one, index, seed=0).scene
        (after,) = drawn.people
        ways = [
            relative(np.array(person.pose), np.array([*person.script[0].point, 0.0]))[:2]
            for person in (before, after)
            if person.script[0].point
        ]
        np.testing.assert_allclose(ways[1], ways[0], atol=1e-9)
        turn = after.pose[2] - before.pose[2]
        yaws = [after.script[1].target, before.script[1].target]
        assert np.cos(float(yaws[0]) - float(yaws[1]) - turn) == pytest.approx(1.0)
        assert after.script[2].target == "robot"
        assert after.script[2].point is None


def test_ways_that_are_turned_into_a_wall_are_drawn_again(tmp_path: Path) -> None:
    scene = own_scene(tmp_path, "walks", "id: ana", WALKS.replace("X", "2.6"))
    one = entry_of(tmp_path, scene, "formation")
    for index in range(20):
        drawn = draw_trial(one, index, seed=0).scene
        (ana,) = drawn.people
        assert ana.script[0].point is not None
        way = np.linspace(ana.pose[:2], ana.script[0].point, 100)
        assert drawn.room.contains(way).all()
        assert drawn.room.box_array.clearances(way).min() > BODY_RADIUS


def test_who_sits_on_furniture_does_not_keep_the_start_from_being_drawn(tmp_path: Path) -> None:
    seated = "seated: true, id: ana, pose: [-3.6, 3.0, 0.0]} #"
    scene = own_scene(tmp_path, "seated", "id: ana", seated)
    text = scene.read_text()
    scene.write_text(text[: text.index("#")] + "\n")
    drawn = draw_trial(entry_of(tmp_path, scene, "start"), 0, seed=0).scene
    assert drawn.people[0].pose == (-3.6, 3.0, 0.0)
    assert drawn.robot != (-5.0, 0.0, 0.0)


def test_a_scene_without_a_free_formation_is_named(tmp_path: Path) -> None:
    scene = own_scene(tmp_path, "walks", "id: ana", WALKS.replace("X", "-5.9"))
    one = entry_of(tmp_path, scene, "formation")
    narrow = replace(one.scene.room, y=(-0.2, 0.2))
    with pytest.raises(SceneError, match=r"^scene 'walks': in 500 tries no formation had free"):
        draw_trial(replace(one, scene=replace(one.scene, room=narrow)), 0, seed=0)


@pytest.fixture(scope="module")
def circle() -> Scene:
    """Three people in a circle on the straight way."""
    return entry("paper", "avoid circle").scene


@pytest.fixture(scope="module")
def both(circle: Scene) -> list[RunRecord]:
    """The same trial with our costs and without any."""
    trial = Trial(circle, "avoid", 7)
    return [
        TrialRunner(trial, arm_named(name), shipped_models(), keep_costs=True).run()
        for name in ("ours", "no layer")
    ]


def test_with_the_social_costs_the_robot_goes_around_the_circle(both: list[RunRecord]) -> None:
    models = shipped_models()
    ours, none = (measure(run, models.proxemics, models.interaction) for run in both)
    assert ours["success"] == none["success"] == 1.0
    assert none["o_space_time"] > 1.0
    assert ours["o_space_time"] == 0.0
    assert ours["personal_cost_integral"] < 0.2 * none["personal_cost_integral"]
    assert none["path_length"] < ours["path_length"] < 1.35 * none["path_length"]
    assert ours["person_contacts"] == none["person_contacts"] == 0.0


def test_a_record_has_costs_only_where_there_are_some(both: list[RunRecord]) -> None:
    ours, none = both
    assert len(ours.costs) > 5
    assert ours.costs[0].max() == pytest.approx(1.0, abs=0.05)
    assert len(none.costs) == 0
    assert np.diff(ours.times)[:-1] == pytest.approx(0.1)
    assert 0.0 < np.diff(ours.times)[-1] < 0.11


def test_the_same_trial_twice_is_the_same(circle: Scene, both: list[RunRecord]) -> None:
    again = TrialRunner(Trial(circle, "avoid", 7), arm_named("ours"), shipped_models()).run()
    np.testing.assert_array_equal(again.robot_in_map, both[0].robot_in_map)
    np.testing.assert_array_equal(again.people_in_map, both[0].people_in_map)


def test_an_approach_ends_in_front_of_the_person() -> None:
    models = shipped_models()
    trial = draw_trial(entry("paper", "approach single"), 1, seed=0)
    run = TrialRunner(trial, arm_named("ours"), models).run()
    values = measure(run, models.proxemics, models.interaction)
    assert values["success"] == 1.0
    assert values["arrival_bearing"] < 60.0
    assert 0.6 < values["arrival_distance"] < 1.6
    assert values["facing_error"] < 10.0
    assert (values["wrong_person"], values["unwanted_approach"]) == (0.0, 0.0)
    assert conversation(run) == [0]


def test_the_shortest_way_in_the_empty_room(circle: Scene) -> None:
    assert shortest_way(Trial(circle, "avoid", 0), np.array(circle.goal)) == pytest.approx(10.0)
    assert np.isnan(shortest_way(Trial(circle, "avoid", 0), np.array([50.0, 0.0, 0.0])))


def test_a_goal_in_a_wall_ends_with_the_time(circle: Scene) -> None:
    blocked = replace(circle, goal=(-3.6, 3.02, 0.0))
    parameters = TrialParameters(timeout=2.0)
    run = TrialRunner(
        Trial(blocked, "avoid", 0), arm_named("ours"), shipped_models(), parameters
    ).run()
    assert not run.reached
    assert run.duration == pytest.approx(2.05)
    assert run.events[-1].text == "time is over"
