"""The command that measures recordings: topics of other robots, and what nobody knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.evaluation.bag_content import BagTopics, topics_named
from social_nav_core.evaluation.run import RunRecord
from written_bags import write_run


def test_the_command_measures_a_recording(
    tmp_path: Path, avoid_with: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_run(tmp_path / "bag", avoid_with)
    assert main(["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "path length" in said
    assert (tmp_path / "out" / "report.html").is_file()
    lost = ["--task", "approach", "--target", "nobody", "--out", str(tmp_path / "out")]
    assert main(["evaluate", "--bag", str(bag), *lost]) == 2
    assert "target_id 'nobody' is not one of" in capsys.readouterr().err


TIAGO = "/mobile_base_controller/odom"


def test_topics_of_a_robot_are_named_in_the_command(
    tmp_path: Path, avoid_with: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_run(tmp_path / "bag", avoid_with, people_frame="odom", **{"odometry topic": TIAGO})
    command = ["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "no message on /odom (odometry)" in said
    assert TIAGO in said
    assert main([*command, "--topic", f"odometry={TIAGO}"]) == 0
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("topics", "words"),
    [
        (["odometry"], "'odometry' is no topic, expected NAME=TOPIC with one of odometry, truth"),
        (["odom=/x"], "expected NAME=TOPIC with one of odometry"),
        (["odometry=odom"], "the topic of odometry is 'odom', expected a whole name such as /odom"),
        (["odometry="], "expected a whole name"),
        (["odometry=/a", "odometry=/b"], "odometry is named twice: '/a' and '/b'"),
        (["odometry=/map"], "'/map' of map is that of odometry already"),
        (["people=/tf"], "'/tf' of people is the transforms' already"),
    ],
)
def test_a_topic_that_cannot_be_is_one_line(
    tmp_path: Path, topics: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=words):
        topics_named(topics)
    given = [word for topic in topics for word in ("--topic", topic)]
    out = ["--out", str(tmp_path / "out")]
    assert main(["evaluate", "--bag", str(tmp_path / "none"), *given, *out]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["evaluate", *given, *out]) == 2
    assert "expected --bag FILE" in capsys.readouterr().err


def test_topics_by_name() -> None:
    assert topics_named([]) == BagTopics()
    assert topics_named([f"odometry={TIAGO}"]) == BagTopics(odometry=TIAGO)


def test_a_place_outside_of_the_map_leaves_contacts_with_it_out(
    tmp_path: Path, avoid_with: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    away = avoid_with.robot_in_map.copy()
    away[5, 0] += 30.0
    bag = write_run(tmp_path / "bag", avoid_with.changed(robot_in_map=away))
    assert main(["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "contacts with walls" not in said.out
    assert "smallest distance to a person" in said.out
    assert f"in 1 of {len(away)} samples, first at {100.0 + avoid_with.times[5]:.2f} s" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("task", [[], ["--task", "approach", "--target", "person_a"]])
def test_where_no_goal_was_recorded_nobody_knows_of_success(
    tmp_path: Path,
    avoid_with: RunRecord,
    task: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    no_plan = avoid_with.changed(path_times=np.zeros(0), paths_in_map=())
    bag = write_run(tmp_path / "bag", no_plan)
    if task:
        task[-1] = avoid_with.person_ids[0]
    assert main(["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out"), *task]) == 0
    said = capsys.readouterr()
    for label in ("reached the goal", "time to goal", "time stalled", "new goals", "time ran out"):
        assert label not in said.out
    assert "path length" in said.out
    assert "nobody knows the goal" in said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "a goal that was not recorded" in page
    assert "reached its goal" not in page
    assert "did not reach" not in page
