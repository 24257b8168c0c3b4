"""The short form of `make fuzz`: every entry point, with as many cases as fit into a test run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatusArray
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fuzzing import (
    actions,
    bad_messages,
    commands,
    engine,
    entry_points,
    files,
    mutation,
    nodes,
    parameters,
    services,
)
from fuzzing.choices import Choices
from fuzzing.outcomes import BrokenPromiseError, check, check_answer
from geometry_msgs.msg import PoseStamped, Twist
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import OccupancyGrid
from social_nav_core.parameters import ParameterError
from social_nav_nodes.navigation_client import NavigationClient
from social_nav_nodes.parameter_tables import NODES

from social_nav_msgs.action import ApproachPerson
from social_nav_msgs.msg import SocialPersonArray

CASES = 40  # of an entry point; make fuzz has 100,000


def run(name, call, errors=(), cases=CASES):
    runner = engine.Runner(name, call, errors, stop=True)
    engine.run_hypothesis(runner, cases)
    assert runner.report.cases >= cases // 2


@pytest.fixture(scope="module")
def file_points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return folder, {point.name: point for point in files.file_points(folder)}


FILES = (
    *("proxemics model", "interaction model", "personal counts", "room", "scene", "suite", "bands"),
    *("run record", "results of a batch", "encounters", "track", "table of positions", "histogram"),
    *("trajectories", "recording of people", "recording of a run", "key of a survey"),
    *("recorded task", "answers of a survey", "student", "pose network", "checkpoint"),
    *("package of a pose network", "recording in a database", "metadata of a recording"),
    *("part of a computation", "scores of a student"),
)


def test_the_files_are_those_of_the_table(file_points):
    assert set(FILES) == set(file_points[1])


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_in_one_line(name, file_points):
    folder, points = file_points
    point = points[name]
    run(
        name, lambda data: files.file_case(point, folder, data), (*point.errors, OSError), 2 * CASES
    )


def test_a_bad_command_line_ends_with_a_status(tmp_path):
    names = commands.command_names()
    assert {"fit-proxemics", "evaluate", "score"} <= set(names)
    for name in names:
        run(name, lambda data, name=name: commands.command_case(name, tmp_path, data), cases=15)


@pytest.mark.parametrize("name", commands.LINES)
def test_a_command_on_files_that_are_nearly_good_ends_with_a_status(name, tmp_path):
    for line in commands.LINES[name]:

        def call(data, line=line):
            commands.spoiled_case(name, line, tmp_path, Choices(data))

        runner = engine.Runner(name, call, (), True, max(commands.LONGEST_WORK.values()))
        rng = np.random.default_rng(0)
        for _ in range(6):
            runner(rng.bytes(100))


@pytest.mark.parametrize("name", nodes.SPUN)
def test_a_node_survives_bad_messages_goals_and_parameters(name, tmp_path):
    bench = nodes.Bench(name, tmp_path)
    try:
        for topic in bench.subscribers:
            run(topic, lambda data, topic=topic: nodes.message_case(bench, topic, data))
        for server in actions.action_servers(bench.node):
            run(server.name, lambda data, it=server.name: actions.goal_case(bench, it, data))
        for action in actions.action_clients(bench.node):
            for part in actions.PARTS:
                run(part, partial(actions.answer_case, part, bench, action))
        run("services", partial(services.service_case, bench))
        if name in NODES:
            about = parameters.ParameterBench(bench.node, NODES[name].PARAMETERS)
            run("parameters", about.case, (ParameterError,))
    finally:
        bench.close()


def test_every_subscription_and_action_of_every_node_is_in_the_table(tmp_path):
    """Each node's own list of subscriptions is where the table comes from."""
    bench = nodes.Bench("goal_selector", tmp_path)
    own = {s.topic_name for s in bench.node.subscriptions}
    assert set(bench.subscribers) == own
    assert {"/map", "/social_people", "/tf", "/clock"} <= own
    assert [s.name for s in actions.action_servers(bench.node)] == ["approach_person (goal)"]
    opened = entry_points.opened("parameters health", tmp_path / "p")
    with opened as entry, pytest.raises(entry.errors, match="health: timeout is True"):
        entry.call(b"")
    bench.close()


def test_what_a_node_subscribes_to_when_it_is_told_is_in_the_table_too(tmp_path):
    bench = nodes.Bench("ros4hri", tmp_path)
    assert {"/clock", "/humans/bodies/anna/skeleton2d"} <= set(bench.subscribers)
    assert bench.type_of("/humans/bodies/anna/skeleton2d").__name__ == "Skeleton2D"
    bench.close()


@pytest.mark.parametrize(
    "service",
    [
        *("SetParameters", "SetParametersAtomically", "GetParameters", "GetParameterTypes"),
        *("DescribeParameters", "ListParameters", "GetTypeDescription", "FrameGraph"),
    ],
)
def test_the_services_are_asked(service, tmp_path):
    """Each of them, with types that are none among the others."""
    bench = nodes.Bench("goal_selector", tmp_path)
    known: list[Any] = list(bench.node.services)
    (it,) = (s for s in known if s.srv_type.__name__ == service)
    answer = it.callback
    asked: list[Any] = []

    def noted(request, response):
        asked.append(request)
        return answer(request, response)

    it.callback = noted
    rng = np.random.default_rng(0)
    for _ in range(300):
        services.service_case(bench, rng.bytes(60))
    assert asked
    if service.startswith("Set"):
        kinds = {item.value.type for request in asked for item in request.parameters}
        assert kinds & set(range(10)) and kinds - set(range(10))
    bench.close()


def test_an_action_is_asked_over_the_middleware(tmp_path):
    bench = nodes.Bench("goal_selector", tmp_path)
    asker = services.ActionAsker(bench, "approach_person")
    run("requests", asker.case, cases=200)
    asker.close()
    bench.close()


def test_trial_takes_any_answer_about_nav2(tmp_path):
    bench = nodes.Bench("trial", tmp_path)
    run("answer", partial(services.state_case, bench), cases=200)
    bench.close()


@pytest.mark.parametrize(
    ("part", "what"), [("feedback", "_hear"), ("result", "_ended"), ("response", "_answered")]
)
def test_what_comes_back_on_a_goal_reaches_the_node(part, what, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr(NavigationClient, what, lambda self, *about: heard.append(about))
    bench = nodes.Bench("goal_selector", tmp_path)
    rng = np.random.default_rng(0)
    for _ in range(30):
        actions.answer_case(part, bench, "navigate_to_pose", rng.bytes(60))
    assert len(heard) >= 10
    bench.close()


def test_a_distance_that_is_passed_on_unchecked_is_noticed(tmp_path, monkeypatch):
    def pass_on(self, generation, feedback):
        self.distance_remaining = feedback.distance_remaining

    monkeypatch.setattr(NavigationClient, "_hear", pass_on)
    bench = nodes.Bench("goal_selector", tmp_path)
    rng = np.random.default_rng(0)
    with pytest.raises(BrokenPromiseError, match=r"was published|m are left"):
        for _ in range(3000):
            actions.answer_case("feedback", bench, "navigate_to_pose", rng.bytes(60))
    bench.close()


def test_there_are_many_kinds_of_bad_message_and_each_changes_one():
    assert len(bad_messages.KINDS) >= 20
    from fuzzing import samples  # noqa: PLC0415

    kinds = [*samples.MAKERS]
    for name, spoil in bad_messages.KINDS.items():
        if name in ("zero stamp", "any float", "any bits"):
            continue  # may draw what is there already
        changed = []
        for kind in kinds:
            message, good = samples.MAKERS[kind](1000.0), samples.MAKERS[kind](1000.0)
            spoil(Choices(bytes([7, 1, 250, 3, 9, 44])), message)
            changed.append(repr(message) != repr(good))
        assert any(changed), name


def test_one_message_of_eight_stays_good():
    rng = np.random.default_rng(0)
    ways = [bad_messages.spoiled(Choices(rng.bytes(200)), PoseStamped()) for _ in range(2000)]
    assert 0.10 < np.mean([not way for way in ways]) < 0.15
    assert max(map(len, ways)) == 4


def test_a_good_message_to_read_is_a_good_message():
    from fuzzing import samples  # noqa: PLC0415

    for kind in [*samples.MAKERS, DiagnosticArray, GoalStatusArray]:
        for now in (3.0, 12.5):
            assert samples.good_message_to_read(kind, now) == samples.good_message(kind, now)


def test_broken_promises_are_noticed():
    grid = OccupancyGrid(data=[0, 101])
    grid.info.width, grid.info.height = 2, 1
    with pytest.raises(BrokenPromiseError, match="101"):
        check(grid, "/social_costmap", None)
    with pytest.raises(BrokenPromiseError, match="outside the map"):
        check(PoseStamped(), "/approach_place", None)
    twist = Twist()
    twist.linear.x = float("nan")
    with pytest.raises(BrokenPromiseError, match="nan"):
        check(twist, "/cmd_vel", None)
    check(SocialPersonArray(), "/social_people", None)
    check_answer(ApproachPerson.Feedback(distance_remaining=2.0))
    with pytest.raises(BrokenPromiseError, match="inf"):
        check_answer(ApproachPerson.Feedback(distance_remaining=float("inf")))
    for text in ("two\nlines", "x" * 4000):
        with pytest.raises(BrokenPromiseError, match="a text of"):
            check_answer(NavigateToPose.Result(error_msg=text))
        with pytest.raises(BrokenPromiseError, match="a text of"):
            check(DiagnosticArray(status=[DiagnosticStatus(message=text)]), "/diagnostics", None)


def test_what_is_not_documented_fails():
    runner = engine.Runner("x", lambda data: 1 / len(data), (ValueError,), stop=True)
    with pytest.raises(ZeroDivisionError):
        engine.run_hypothesis(runner, 5)
    runner = engine.Runner("x", lambda data: int("two\nlines"), (ValueError,))
    runner(b"")
    assert runner.report.failures == {}


def test_a_case_that_does_not_end_is_a_failure(monkeypatch):
    monkeypatch.setattr(engine, "BEAT", 0.01)

    def endless(data):
        while True:
            pass

    runner = engine.Runner("x", endless, (ValueError,))
    runner(b"")
    (kind,) = runner.report.failures
    assert kind.startswith("HangError")


def test_a_transform_from_before_all_time_does_not_end_the_navigator(tmp_path):
    """Cases that fuzzing found: the newest transform has a negative stamp."""
    found = "5d89552e4161f7728d431a246fb82f4b34ca89b4260577a13ce90447ad6b6d811c234cec9157d213223f"
    found += "80e7247170a7194094757167a779e2a941614b07797e78cf73b8a581fe047afd74ce2e262b383b9b5d"
    bench = nodes.Bench("navigator", tmp_path)
    for data in (bytes.fromhex(found), b""):
        nodes.message_case(bench, "/tf", data)
    bench.close()


def test_a_changed_tree_does_not_change_what_the_next_one_is_made_of():
    """It once did, and a list that had come to hold itself was walked for ever."""
    rng = np.random.default_rng(0)
    before = repr(mutation.VALUES)
    for _ in range(500):
        mutation.changed_tree(Choices(rng.bytes(60)), {"a": [1, 2], "b": {"c": 3}})
    assert repr(mutation.VALUES) == before


def test_a_name_that_is_too_long_is_a_bad_command_line(tmp_path):
    """Found by fuzzing: the check of --out asks the file system."""
    long, out = commands.WORDS.index("x" * 3000), commands.WORDS.index("--out")
    commands.command_case("update-proxemics", tmp_path, bytes([2, out, long, 0]))


def fuzz(work, *options):
    run = subprocess.run(
        [sys.executable, "-m", "fuzzing", "--only", "bands|histogram", *options],
        cwd=work,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(mutation.__file__).parents[1]),
            "TMPDIR": str(work),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_entry_point_runs_in_a_process_of_its_own_and_a_run_is_resumed(tmp_path):
    """All that comes of it lies in one folder, nothing elsewhere; what is finished is kept."""
    out, work = tmp_path / "out", tmp_path / "work"
    work.mkdir()
    options = ("--cases", "40", "--seed", "3", "--out", str(out))
    assert "2 entry points, 80 cases" in fuzz(work, *options)
    bands, histogram = out / "file_bands.json", out / "file_histogram.json"
    report = json.loads(bands.read_text())
    assert report["cases"] == 40 and report["engines"]["hypothesis"] == 4
    assert report["seed"] == 3
    assert {path.name for path in work.iterdir()} <= {".hypothesis"}
    kept, other = ({**report, "worst": 0.5, "seed": seed} for seed in (3, 4))
    bands.write_text(json.dumps(kept))
    histogram.write_text(json.dumps({**other, "entry": "file histogram"}))
    assert "2 entry points, 80 cases" in fuzz(work, *options, "--resume")
    assert json.loads(bands.read_text()) == kept
    assert json.loads(histogram.read_text())["seed"] == 3


def test_a_result_of_an_entry_without_a_name_is_read(file_points, tmp_path):
    """Found by fuzzing: the first word of the name was asked for."""
    folder, points = file_points
    content = (folder / "seeds" / "results.jsonl").read_text()
    path = tmp_path / "results.jsonl"
    path.write_text(content.replace('"avoid circle"', '" "'))
    (read,) = points["results of a batch"].read(path)
    assert read.entry == " "
