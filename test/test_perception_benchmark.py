"""The perception's benchmark: its plan, the committed weights, and what it says without torch."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from perception.passers import Asked, passers_table  # noqa: E402
from perception.plan import Plan, read_plan, weights_file  # noqa: E402
from perception.shares import kind_of, means  # noqa: E402
from perception.simulated import (  # noqa: E402
    SCENES,
    all_scenes,
    counted,
    oncoming_answers,
    scene_answers,
    talking,
    written,
    written_talking,
)
from social_nav_core.perception.checkpoint_file import read_checkpoint  # noqa: E402
from social_nav_core.perception.encounters.generator import (  # noqa: E402
    EncounterSettings,
    generate,
)
from social_nav_core.perception.expected import ExpectedParameters  # noqa: E402
from social_nav_core.sim.scene import load_scene  # noqa: E402


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan()


def everything(plan: Plan) -> list[Path]:
    rows = [weights_file(row.name, seed) for row in plan.rows for seed in plan.seeds]
    return rows + [weights_file("teacher", seed) for seed in plan.teacher["seeds"]]


def test_every_row_and_seed_has_committed_weights_without_pickle(plan: Plan) -> None:
    assert len(plan.seeds) >= 3
    total = 0
    for path in everything(plan):
        total += path.stat().st_size
        assert read_checkpoint(path).parts["weights"]
    assert total < 15e6


def test_committed_weights_fit_the_networks(plan: Plan) -> None:
    pytest.importorskip("torch", reason="torch is not installed; it is needed only to train")
    from social_nav_core.perception.stages import load_pose_network, load_teacher  # noqa: PLC0415

    for path in everything(plan):
        load = load_teacher if path.name.startswith("teacher") else load_pose_network
        assert not load(path).training


def test_data_of_the_plan_share_no_seed_and_only_training_is_learned_from(plan: Plan) -> None:
    assert len({(one["split"], one["seed"]) for one in plan.data.values()}) == len(plan.data)
    assert {plan.data[name]["split"] for name in ("train", "unlabelled")} == {"train"}
    assert {plan.data[name]["split"] for name in ("test", "passing_test")} == {"test"}
    assert "passing" not in plan.data["test"]
    assert plan.data["passing_test"]["count"] == 0
    for name in ("train", "unlabelled", "validation"):
        assert plan.data[name]["passing"] * 10 == plan.data[name]["count"]
    text = (BENCHMARKS / "perception" / "config.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)["rows"]) == {row.name for row in plan.rows}


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_the_benchmark_says_what_it_needs() -> None:
    script = str(BENCHMARKS / "bench_perception.py")
    done = subprocess.run(
        [sys.executable, script], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == (
        "bench_perception needs torch, which is not installed: pip install torch==2.13.0\n"
    )


def answer_by_wrist(windows: np.ndarray) -> np.ndarray:
    """Probabilities of intents: interacting where a wrist is above the nose, else not so."""
    raised = windows[:, :, 9:11, 1].min(axis=(1, 2)) < windows[:, :, 0, 1].mean(axis=1)
    return np.where(raised[:, None], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8])


def test_people_of_a_scene_are_asked_about_by_their_true_label() -> None:
    scene = load_scene(SCENES / "approach.yaml")
    total: dict[tuple[str, str, str], np.ndarray] = {}
    for seed in range(6):
        for key, count in counted(scene_answers(scene, answer_by_wrist, seed)).items():
            total[key] = total.get(key, 0) + count
    waving = total["ana", "wave", "interested"]
    assert waving[0] > 0.5 * waving.sum() > 0
    bystander = total["ben", "no_response", "not_interested"]
    assert bystander[2] > 0.9 * bystander.sum() > 0


def test_expected_shares_turn_unsure_answers() -> None:
    label = ("ana", "no_response", "not_interested")
    answers = {label: np.array([[0.7, 0.0, 0.3], [0.9, 0.0, 0.1]])}
    assert counted(answers)[label].tolist() == [2, 0, 0]
    rarely = ExpectedParameters(0.3, 0.2, 0.5)  # odds of 7 to 3 and 9 to 1 become a fifth
    assert counted(answers, rarely)[label].tolist() == [1, 0, 1]
    found = written({"hall": answers}, rarely).splitlines()[2]
    assert found == (
        "| hall | ana | no_response, not interested | 2 | 50 % | 0 % | 50 % | 50 % | 0 % | 50 % |"
    )


def test_people_who_come_toward_the_robot_count_while_they_walk() -> None:
    scene = load_scene(SCENES / "head_on.yaml")
    found = oncoming_answers(scene, answer_by_wrist, 3)
    (label,) = found
    assert label == ("ana", "no_response", "not_interested")
    assert 20 < len(found[label]) < 120


def passers(share: float, count: int = 100) -> dict[str, np.ndarray]:
    """Logits of a network that says not interested of a share of people, else interacting."""
    nothing = np.arange(count) < share * count
    return {"intent": np.where(nothing[:, None], [0.0, 0.0, 9.0], [9.0, 0.0, 0.0])}


def test_table_of_passers_by_counts_answers_and_wishes() -> None:
    """Two seeds, by hand: 80 and 60 % right; of the split all and none are said to wish."""
    made = generate("test", 10, 1, EncounterSettings(image=0))
    asked = Asked([passers(0.8), passers(0.6)], [passers(0.0, 10), passers(1.0, 10)])
    text = passers_table({"one": asked}, made, ExpectedParameters(1.0, 1.0, 1.0))
    assert text.splitlines()[2:] == [
        "| one | 70.0 ± 10.0 | 70.0 ± 10.0 | 30.0 ± 10.0 | 50.0 ± 50.0 | 50.0 ± 50.0 |"
    ]


def test_expected_shares_are_judged_by_what_people_do() -> None:
    gaze, nothing = ("gaze", "interested"), ("no_response", "not_interested")
    assert kind_of("approach", ("ana", "wave", "interested")) == "waves"
    assert kind_of("stops_to_look", ("ana", *gaze)) == "gazes"
    assert kind_of("head_on", ("ana", *nothing)) == "walks by"
    assert kind_of("face_to_face", ("ben", *nothing)) == "stands, wants nothing"
    answers = {"head_on": {("ana", *nothing): np.array([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])}}
    found = means(answers, answers, ExpectedParameters(0.6, 0.2, 0.2))
    assert found["walks by"] == found["comes toward the robot"] == (50.0, 50.0)  # right, wish
    assert "waves" not in found


def test_table_of_scenes_has_a_line_for_everybody() -> None:
    found = all_scenes(answer_by_wrist, views=[0])
    lines = written(found, ExpectedParameters()).splitlines()
    assert len(lines) == 2 + sum(map(len, found.values()))
    assert any(line.startswith("| face_to_face |") for line in lines)


def test_people_who_talk_are_told_by_how_far_the_robot_is_off_their_gaze() -> None:
    """From one viewpoint: nobody stands in two ranges, and the answer is the table's."""
    found = talking(answer_by_wrist, views=[3])
    assert all(label[1:] == ("no_response", "not_interested") for label in found)
    lines = written_talking(found, ExpectedParameters()).splitlines()[2:]
    begins = [int(line.split()[1]) for line in lines]
    assert begins == sorted(set(begins))
    assert set(begins) <= {0, 15, 30, 45, 60, 90}
    asked = {("0 to 15", "no_response", "not_interested"): np.array([[0.8, 0.1, 0.1], [0, 0, 1.0]])}
    shown = written_talking(asked, ExpectedParameters(0.6, 0.2, 0.2)).splitlines()[2]
    assert shown == "| 0 to 15 | 2 | 50 % | 50 % |"
