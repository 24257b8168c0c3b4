"""The questionnaire says nothing of the arms; its answers are analysed as the literature does."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.suites import load_suite
from social_nav_core.evaluation.survey import (
    ITEMS,
    LEAST_AFTER_ARRIVAL,
    SCALES,
    Clip,
    make_clips,
    write_survey,
)
from social_nav_core.evaluation.survey_answers import (
    COLUMNS,
    AnswerError,
    Answers,
    agreement,
    analyse,
    cronbach_alpha,
    preference_counts,
    read_answers,
    read_key,
)

WORLDS = Path(__file__).parents[4] / "worlds"
KEY = {"c01": "no layer", "c02": "ours", "c03": "ours", "c04": "no layer"}


@pytest.fixture
def clips(avoid_with: RunRecord, avoid_without: RunRecord) -> list[Clip]:
    """One pair."""
    return [
        Clip("c02", "p1", "avoid circle", "ours", avoid_with),
        Clip("c01", "p1", "avoid circle", "no layer", avoid_without),
    ]


def test_the_page_holds_everything_but_the_arms(tmp_path: Path, clips: list[Clip]) -> None:
    text = write_survey(tmp_path, clips).read_text(encoding="utf-8")
    assert not re.search(r"https?://|src=|url\(", text)
    assert "social costs" not in text
    found = re.search(r'<script class="data" type="application/json">(.*?)</script>', text)
    assert found is not None
    data = json.loads(found.group(1))
    assert [clip["name"] for clip in data["clips"]] == ["c01", "c02"]
    shown = [
        {key: clip["run"][key] for key in ("colour", "goals", "radius")} for clip in data["clips"]
    ]
    assert shown[0] == shown[1]
    assert not {"arm", "cost", "costs", "paths", "events"} & set(data["clips"][0]["run"])
    robot = np.array(data["clips"][1]["run"]["robot"])
    np.testing.assert_allclose(robot, clips[0].run.robot_in_map, atol=6e-4)
    assert [item["name"] for item in data["items"]] == [item.name for item in ITEMS]
    assert read_key(tmp_path / "key.csv") == {"c01": "no layer", "c02": "ours"}


def test_clips_are_named_at_random_and_end_soon_after_the_robot() -> None:
    suite = load_suite(WORLDS / "suites" / "paper.yaml")
    suite = replace(suite, entries=suite.entries[:2])
    clips = make_clips(suite, seed=0)
    assert sorted(clip.name for clip in clips) == ["c01", "c02", "c03", "c04"]
    assert [(clip.pair, clip.arm) for clip in clips] == [
        ("p1", "ours"), ("p1", "no layer"), ("p2", "ours"), ("p2", "no layer"),
    ]  # fmt: skip
    for clip in clips:
        still = np.abs(clip.run.robot_in_map - clip.run.robot_in_map[-1]).max(axis=1) < 1e-3
        rest = clip.run.times[-1] - clip.run.times[np.argmax(still)]
        assert rest < LEAST_AFTER_ARRIVAL + 0.3


def test_the_scales_are_those_of_the_godspeed_questionnaire() -> None:
    assert [sum(item.scale == scale for item in ITEMS) for scale in SCALES] == [5, 5, 3]
    assert len({item.name for item in ITEMS}) == len(ITEMS)


def write_answers(path: Path, participant: str, values: dict[str, int], choice: str) -> Path:
    """All items of every clip with the same value, and one choice."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for clip, value in values.items():
            table.writerows([participant, 1, "p1", clip, item.name, value] for item in ITEMS)
        table.writerow([participant, 2, "p1", "", "preference", choice])
    return path


def three_people(folder: Path) -> list[Path]:
    """Answers of three people who rate ours by 2, 1 and 1 higher; two choose it."""
    return [
        write_answers(folder / "a.csv", "a", {"c01": 2, "c02": 4, "c03": 4, "c04": 2}, "c02"),
        write_answers(folder / "b.csv", "b", {"c01": 3, "c02": 4, "c03": 4, "c04": 3}, "c03"),
        write_answers(folder / "c.csv", "c", {"c01": 4, "c02": 5, "c03": 5, "c04": 4}, "none"),
    ]


def test_scales_of_three_people(tmp_path: Path) -> None:
    answers = read_answers(three_people(tmp_path), KEY)
    assert answers.participants == ("a", "b", "c")
    result = analyse(answers, np.random.default_rng(0))[0]
    assert result.name == "likeability"
    assert result.ours == pytest.approx((13.0 / 3.0, 1.0 / np.sqrt(3.0)))
    assert result.none == pytest.approx((3.0, 1.0))
    assert result.difference.mean == pytest.approx(4.0 / 3.0)
    assert result.p_value == pytest.approx(0.25)
    assert result.alpha == pytest.approx(1.0)
    assert preference_counts(answers) == (2, 0, 0.5)


def test_preferences_are_one_vote_a_participant() -> None:
    chosen = (
        ("ours", "ours", "no layer"),
        ("ours",),
        ("no layer", "ours"),
        ("none", "none", "no layer"),
        ("none",),
        (),
        ("ours", "ours", "ours"),
    )
    names = tuple("abcdefg")
    answers = Answers(names, ("c01",), ("ours",), np.ones((7, 1, len(ITEMS))), chosen)
    ours, none, p_value = preference_counts(answers)
    assert (ours, none) == (3, 1)
    assert p_value == pytest.approx(2.0 * (4.0 + 1.0) / 16.0)


def test_whoever_left_a_rating_out_is_left_out_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = three_people(tmp_path)
    whole = analyse(read_answers(files, KEY), np.random.default_rng(0))
    short = write_answers(tmp_path / "d.csv", "dora", {"c01": 1, "c02": 1}, "c01")
    gap = write_answers(tmp_path / "e.csv", "emil", {"c01": 1, "c02": 1, "c03": 1, "c04": 1}, "c01")
    lines = gap.read_text().splitlines(keepends=True)
    gap.write_text("".join(line for line in lines if "c03,kind" not in line))
    answers = read_answers([*files, short, gap], KEY)
    assert answers.complete().participants == ("a", "b", "c")
    items = len(ITEMS)
    assert answers.missing() == [
        f"dora ({2 * items} of {4 * items} ratings are missing, the first is 'like' of c03)",
        f"emil (1 of {4 * items} ratings are missing, the first is 'kind' of c03)",
    ]
    assert analyse(answers, np.random.default_rng(0)) == whole
    with (tmp_path / "key.csv").open("w") as file:
        file.write("clip,arm\n" + "".join(f"{clip},{arm}\n" for clip, arm in KEY.items()))
    command = ["survey", "--out", str(tmp_path), "--answers"]
    assert main([*command, *map(str, [*files, short, gap])]) == 0
    said = capsys.readouterr().out
    assert "3 participants" in said and "left out: dora (" in said and "left out: emil (" in said
    assert "nan" not in said
    assert "preferred: 2 with, 0 without the social costs (sign test p 0.500), 1 undecided" in said
    assert main([*command, str(files[0]), str(short), str(gap)]) == 2
    error = capsys.readouterr().err
    assert "1 participants rated everything, expected at least 2; left out: dora (" in error
    assert error.count("\n") == 1


def test_a_key_of_one_arm_is_refused(tmp_path: Path) -> None:
    answers = read_answers(three_people(tmp_path), dict.fromkeys(KEY, "ours"))
    with pytest.raises(AnswerError, match="the key has clips of ours, expected 'ours' and 'no"):
        analyse(answers, np.random.default_rng(0))


def test_agreement_is_that_of_shrout_and_fleiss() -> None:
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    assert agreement(ratings) == pytest.approx(0.29, abs=0.005)
    assert agreement(np.tile([[1.0], [2.0], [4.0]], (1, 3))) == pytest.approx(1.0)
    assert np.isnan(agreement(ratings[:1]))
    assert np.isnan(agreement(np.ones((3, 3))))


def test_cronbachs_alpha_by_hand() -> None:
    ratings = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]])
    assert cronbach_alpha(ratings) == pytest.approx(2.0 * (1.0 - 2.0 / 3.0))
    assert np.isnan(cronbach_alpha(np.ones((3, 2))))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1,p1,c09,like,3", "line 2: 'c09', 'like', '3', expected a clip of the key"),
        ("a,1,p1,c01,like,6", "line 2: 'c01', 'like', '6'"),
        ("a,1,p1,c01,like,", "line 2: 'c01', 'like', ''"),
        ("a,1,p1,c01,size,3", "line 2: 'c01', 'size', '3'"),
        ("a,1,p1,,preference,c09", "line 2: '', 'preference', 'c09'"),
    ],
)
def test_answers_that_cannot_be_are_refused(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(",".join(COLUMNS) + "\n" + row + "\n")
    with pytest.raises(AnswerError, match=f"answers.csv, {message}"):
        read_answers([path], KEY)


def test_files_that_are_no_answers_or_come_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(AnswerError, match=r"x.csv: columns are \['a', 'b'\], expected participant"):
        read_answers([tmp_path / "x.csv"], KEY)
    with pytest.raises(AnswerError, match="expected clip and arm"):
        read_key(tmp_path / "x.csv")
    (tmp_path / "key.csv").write_text("clip,arm,arm\nc01,ours,none\n")
    with pytest.raises(AnswerError, match=r"key.csv: column 'arm' is there 2 times"):
        read_key(tmp_path / "key.csv")
    one = write_answers(tmp_path / "a.csv", "a", {"c01": 2}, "none")
    two = write_answers(tmp_path / "b.csv", "a", {"c01": 2}, "none")
    with pytest.raises(AnswerError, match=r"participant 'a' is in .*a.csv and .*b.csv"):
        read_answers([one, two], KEY)
    with pytest.raises(AnswerError, match="1 participants, expected at least 2"):
        analyse(read_answers([one], KEY), np.random.default_rng(0))


def test_the_command_analyses(
    tmp_path: Path, clips: list[Clip], capsys: pytest.CaptureFixture[str]
) -> None:
    write_survey(tmp_path, clips)
    files = [
        write_answers(tmp_path / f"{name}.csv", name, {"c01": 2, "c02": 3 + i}, "c02")
        for i, name in enumerate("ab")
    ]
    assert main(["survey", "--out", str(tmp_path), "--answers", *map(str, files)]) == 0
    said = capsys.readouterr().out
    assert "likeability" in said
    assert "3.50 ± 0.71" in said
    assert "preferred: 2 with, 0 without the social costs (sign test p 0.500)" in said
    assert main(["survey", "--out", str(tmp_path), "--suite", str(tmp_path / "no.yaml")]) == 2
    assert "no.yaml: cannot be read" in capsys.readouterr().err
