"""The paper's table on made-up encounters, from committed weights and nothing trained anew.

    python benchmarks/bench_perception.py [--data FOLDER]

Makes the test and validation splits of `benchmarks/perception/config.yaml` from their seeds, scores
the weights in `benchmarks/perception/weights`, and writes `results.md`, `results.csv` and the
confusion matrices.  Limits: distillation gains in all three tasks with 30 % of frames and joints
lost, and the calibration error is at most 0.05.  The exit status is 1 when one is missed.
`benchmarks/train_perception.py` trains the weights.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or find_spec("torch") is not None:
    import torch
    from social_nav_core.perception.stages import (
        load_pose_network,
        load_teacher,
        pose_logits,
        pose_scores,
        teacher_answers,
        teacher_scores,
    )

import numpy as np
from perception.passers import Asked, passers_table
from perception.plan import HERE, Plan, read_plan, weights_file
from perception.report import Rows, draw_confusions, gains, tables, write_csv
from perception.simulated import (
    ENOUGH,
    all_scenes,
    oncoming,
    talking,
    written,
    written_talking,
)
from social_nav_core.perception.details import (
    calibrations,
    written_calibrations,
    written_reaction,
)
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.encounters.loss import with_loss
from social_nav_core.perception.encounters.shortcuts import SHORTCUTS, shortcut_accuracy
from social_nav_core.perception.expected import ExpectedParameters
from social_nav_core.perception.metrics import scores
from social_nav_core.perception.student_file import shipped_student
from social_nav_core.perception.table import CONDITIONS, Cell, over_seeds, table
from social_nav_core.perception.tasks import BALANCED_INTENTS, TASKS

TAUGHT, ALONE = "student distilled", "student alone"
HALF = "30 % both"
LARGEST_ECE = 0.05


def score_rows(plan: Plan, test: Encounters) -> Rows:
    """Cells of the teacher, students and baselines."""
    teachers = [load_teacher(weights_file("teacher", seed)) for seed in plan.teacher["seeds"]]
    rows: Rows = {"teacher": {}}
    for condition, corruption in CONDITIONS.items():
        found = [
            teacher_scores(teacher, with_loss(test, corruption, np.random.default_rng(seed)))
            for seed, teacher in enumerate(teachers)
        ]
        rows["teacher"][condition] = over_seeds(found)
    windows = test.windows()
    for row in plan.rows:
        networks = [load_pose_network(weights_file(row.name, seed)) for seed in plan.seeds]
        rows[row.name] = table([partial(pose_logits, network) for network in networks], windows)
        print(f"{row.name} scored", flush=True)
    return rows


def gain(plan: Plan, test: Encounters, name: str) -> dict[str, tuple[float, float]]:
    """By how much a row is better than the student alone, seed by seed, with 30 % of both lost."""
    windows, accuracies = test.windows(), []
    for row in (name, ALONE):
        found = [
            pose_scores(load_pose_network(weights_file(row, seed)), windows, CONDITIONS[HALF], k)
            for k, seed in enumerate(plan.seeds)
        ]
        accuracies.append([{task: one[task].accuracy for task in TASKS} for one in found])
    return gains(*accuracies)


def details(plan: Plan, test: Encounters, validation: Encounters) -> tuple[str, float]:
    """Calibration and reaction times of the first distilled student, and its largest ECE."""
    network = load_pose_network(weights_file(TAUGHT, plan.seeds[0]))
    windows, checked = test.windows(), validation.windows()
    logits = pose_logits(network, windows.joints)
    found = calibrations(
        pose_logits(network, checked.joints), checked.labels, logits, windows.labels
    )
    text = [
        "Expected calibration error of the first seed's distilled student, temperatures fitted to "
        "the validation split:\n",
        f"```\n{written_calibrations(found)}\n```\n",
        "Its reaction time:\n",
        f"```\n{written_reaction(logits, windows.labels, test.ahead.astype(float))}\n```\n",
    ]
    return "\n".join(text), max(one.after for one in found.values())


def confusions(plan: Plan, test: Encounters) -> None:
    """Pictures of the confusions of the first teacher and distilled student on full input."""
    title = f"{len(test)} windows of the generated test split, full input"
    teacher = teacher_scores(load_teacher(weights_file("teacher", plan.teacher["seeds"][0])), test)
    network = load_pose_network(weights_file(TAUGHT, plan.seeds[0]))
    windows = test.windows()
    student = scores(pose_logits(network, windows.joints), windows.labels)
    for name, found in (("teacher", teacher), ("student", student)):
        matrices = {task: found[task].confusion for task in TASKS}
        draw_confusions(HERE / f"confusion_{name}.png", matrices, f"{name}, {title}")


def without_feet(plan: Plan, test: Encounters) -> Rows:
    """The distilled students with 17 joints and with 23."""
    networks = [load_pose_network(weights_file(TAUGHT, seed)) for seed in plan.seeds]
    answers = [partial(pose_logits, network) for network in networks]
    windows = test.windows()
    return {
        f"{TAUGHT}, {'23' if feet else '17'} joints": table(answers, windows, feet)
        for feet in (True, False)
    }


def passers_by(plan: Plan, test: Encounters, passing: Encounters) -> str:
    """Everybody of the table on held-out people who come toward the robot and pass it by."""
    teachers = [load_teacher(weights_file("teacher", seed)) for seed in plan.teacher["seeds"]]
    said = [
        [
            {task: item.double().numpy() for task, item in zip(TASKS, given.logits, strict=True)}
            for given in (teacher_answers(teacher, one) for teacher in teachers)
        ]
        for one in (passing, test)
    ]
    rows = {"teacher": Asked(*said)}
    joints = passing.windows().joints, test.windows().joints
    for row in plan.rows:
        networks = [load_pose_network(weights_file(row.name, seed)) for seed in plan.seeds]
        found = [[pose_logits(network, one) for network in networks] for one in joints]
        rows[row.name] = Asked(*found)
    return (
        f"{len(passing)} windows of people, styles and cameras of the test split who walk toward "
        "the robot, 0 to 1 m aside of it, and pass it by: they keep their speed and look along "
        "their way, at a phone or companion, or for a moment at the robot. Percent that are called "
        "not interested, as trained and with the expected shares, and of whom goal_selector would "
        "think that they wish something; beside it the same wish of those of the test split "
        "who want nothing and of those who walk and do want something. All have seen other "
        "passers-by in training, a tenth as many as other people.\n\n"
        f"{passers_table(rows, test, ExpectedParameters())}\n"
    )


def oncoming_people() -> str:
    """The shipped student on the simulator's people who come toward a driving robot."""
    student = shipped_student()
    found = oncoming(lambda windows: student.probabilities(windows)["intent"])
    return (
        "People of the simulator who walk toward a robot that drives at 0 to 0.6 m/s, its start "
        "drawn anew with the seeds 0 to 11. The simulator moves and films them, not the "
        "generator.\n\n"
        f"{written(found, ExpectedParameters())}\n"
    )


def simulated_people() -> str:
    """The shipped student on the simulator's scenes."""
    student, expected = shipped_student(), ExpectedParameters()
    shares = ", ".join(f"{share:g}" for share in astuple(expected))
    trained = ", ".join(f"{share:g}" for share in BALANCED_INTENTS)
    found, met = (
        ask(lambda windows: student.probabilities(windows)["intent"])
        for ask in (all_scenes, talking)
    )
    return (
        "The shipped student, full input, robot 1.5 to 5 m away, viewpoints of the seeds 0 to 23. "
        f"The shares {shares} of interacting, interested and not interested people are expected, "
        f"as the perception does; 'as trained' is without that, with the training data's "
        f"{trained}. Wish: answers whose interacting and interested together reach {ENOUGH:g}, "
        "from which goal_selector approaches somebody of its own accord.\n\n"
        f"{written(found, expected)}\n\n"
        "People who stand and talk to each other, viewpoints of the seeds 0 to 29, by how far the "
        "robot is off where they look: in one second of pose, whoever looks past a companion at "
        "the robot looks like one who looks at the robot.\n\n"
        f"{written_talking(met, expected)}\n"
    )


def shortcuts(plan: Plan, data: Path) -> str:
    """What a linear classifier guesses without the pose, beside always naming one class."""
    validation, test = (plan.encounters(name, data) for name in ("validation", "test"))
    passing = plan.encounters("passing_test", data).take(len(test) // 10)
    others = validation.take(plan.data["validation"]["count"])
    pairs = {
        "test split": (others, test),
        "test split and passers-by, a tenth as many": (validation, test.and_more(passing)),
    }
    lines = ["| data | task | without the pose | always the commonest |", "|---|---|---|---|"]
    for name, (fitted, asked) in pairs.items():
        for task in ("intent", "action"):
            column = TASKS.index(task)
            labels = fitted.labels[:, column], asked.labels[:, column]
            got, chance = shortcut_accuracy(fitted, asked, labels, SHORTCUTS)
            lines.append(f"| {name} | {task} | {100 * got:.1f} | {100 * chance:.1f} |")
    return "\n".join(lines) + "\n"


def written_gains(
    found: dict[str, dict[str, tuple[float, float]]], alone: dict[str, Cell], seeds: Sequence[int]
) -> str:
    """Gains over the student alone as a Markdown table, and what they are worth.

    Args:
        found: mean and deviation of the gain [points] by row and task.
        alone: cells of the student alone.
        seeds: of the trainings.
    """
    lines = ["| network | " + " | ".join(TASKS) + " |", "|---|" + "---|" * len(TASKS)]
    for name, by_task in found.items():
        shown = [f"{by_task[task][0]:+.1f} ± {by_task[task][1]:.1f}" for task in TASKS]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    taught = [mean for mean, _ in found[TAUGHT].values()]
    apart = 100.0 * np.mean([cell.accuracy_deviation for cell in alone.values()])
    return (
        "\n".join(lines)
        + f"\n\nMean and standard deviation over {len(seeds)} seeds. Plainly: the teacher is worth "
        f"{min(taught):.1f} to {max(taught):.1f} points here; trainings of the student alone that "
        f"differ in nothing but the seed have a standard deviation of {apart:.1f} points.\n"
    )


def sum_of(plan: Plan, name: str) -> int:
    """Windows of a part of the data."""
    return int(plan.data[name]["count"] + plan.data[name].get("passing", 0))


def report(plan: Plan, data: Path) -> bool:
    """Score, write the files, and say whether every limit is kept."""
    test, validation = plan.encounters("test", data), plan.encounters("validation", data)
    heading = f"generated test split, {len(test)} windows, percent"
    rows = score_rows(plan, test)
    seeds = {name: len(plan.seeds) for name in rows} | {"teacher": len(plan.teacher["seeds"])}
    write_csv(HERE / "results.csv", rows, seeds)
    others = [row.name for row in plan.rows if row.network == "student" and row.name != ALONE]
    found = {name: gain(plan, test, name) for name in others}
    more, error = details(plan, test, validation)
    confusions(plan, test)
    parts = [
        "# Perception on made-up encounters\n",
        "All figures are on the generated test split; none is a result on JPL-Social or any other "
        "recording. Accuracy ± standard deviation over the seeds "
        f"{', '.join(map(str, plan.seeds))}, weighted F1 ± its deviation. The student of a seed is "
        "taught by the teacher of that seed. In a frame that is lost the teacher sees nothing.\n",
        "All but the teacher see the same labelled windows as often as each other; one row also "
        f"the teacher's answers to {sum_of(plan, 'unlabelled'):,} unlabelled windows of the "
        "training people, and each window the less often, so that it sees as many in all.\n",
        tables(rows, heading),
        f"### Gain over the student alone at {HALF}, generated test split, points of accuracy\n",
        written_gains(found, rows[ALONE][HALF], plan.seeds),
        "## 17 joints (no feet) beside 23\n",
        tables(without_feet(plan, test), heading),
        "## Calibration and reaction time, generated test split\n",
        more,
        "## Shortcuts, generated test split, percent\n",
        f"A linear classifier told {', '.join(SHORTCUTS)} alone, fitted to the validation split:\n",
        shortcuts(plan, data),
        "## Passers-by\n",
        passers_by(plan, test, plan.encounters("passing_test", data)),
        oncoming_people(),
        "## People of the simulator's scenes\n",
        simulated_people(),
    ]
    text = "\n".join(parts) + "\n"
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)
    return error <= LARGEST_ECE and all(mean > 0.0 for mean, _ in found[TAUGHT].values())


def main() -> int:
    """Write the tables; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder to keep the made encounters in")
    arguments = parser.parse_args()
    if find_spec("torch") is None:
        print("bench_perception needs torch, which is not installed: pip install torch==2.13.0")
        return 0
    torch.set_num_threads(1)
    plan = read_plan()
    with tempfile.TemporaryDirectory() as folder:
        kept = report(plan, arguments.data or Path(folder))
    print("all limits kept" if kept else "limits missed")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
