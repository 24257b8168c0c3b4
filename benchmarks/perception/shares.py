"""Which shares of intents to expect: the shipped student on the simulator's scenes, other views.

    PYTHONPATH=benchmarks python -m perception.shares

Prints for several expected shares how many answers are right, the mean over people of a kind;
interacting and interested count as one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import astuple

import numpy as np
from perception.simulated import SCENES, Answers, Label, all_scenes, counted, oncoming
from social_nav_core.perception.expected import ExpectedParameters
from social_nav_core.perception.student_file import shipped_student
from social_nav_core.sim.scene import load_scene

VIEWS = range(100, 124)
_NOTHING = "not_interested"
_CHOICES = (
    (0.6, 0.2, 0.2),
    (0.3, 0.3, 0.4),
    (0.2, 0.2, 0.6),
    (0.1, 0.4, 0.5),
    (0.1, 0.35, 0.55),
    (0.1, 0.3, 0.6),
    (0.05, 0.45, 0.5),
    (0.05, 0.4, 0.55),
    (0.05, 0.35, 0.6),
    (0.05, 0.3, 0.65),
    (0.02, 0.38, 0.6),
)
_KINDS = ("waves", "gazes", "walks by", "stands, wants nothing", "comes toward the robot")


def kind_of(scene: str, label: Label) -> str:
    """What somebody of a scene does, by which people are put together."""
    person, action, intent = label
    if intent != _NOTHING:
        return "waves" if action == "wave" else "gazes"
    steps = next(
        one.script for one in load_scene(SCENES / f"{scene}.yaml").people if one.id == person
    )
    return "walks by" if any(step.point is not None for step in steps) else "stands, wants nothing"


def right(answers: Answers, label: Label, expected: ExpectedParameters) -> float:
    """Percent of the answers about somebody that are right."""
    count = counted(answers, expected)[label]
    return float(100.0 * (count[2] if label[2] == _NOTHING else count[:2].sum()) / count.sum())


def means(
    found: Mapping[str, Answers], met: Mapping[str, Answers], expected: ExpectedParameters
) -> dict[str, float]:
    """Means over people, by kind."""
    parts: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for scene, answers in found.items():
        for label in answers:
            parts[kind_of(scene, label)].append(right(answers, label, expected))
    parts[_KINDS[-1]] = [right(one, label, expected) for one in met.values() for label in one]
    return {kind: float(np.mean(part)) for kind, part in parts.items() if part}


def main() -> int:
    """Print the table."""
    student = shipped_student()
    found, met = (
        ask(lambda windows: student.probabilities(windows)["intent"], VIEWS)
        for ask in (all_scenes, oncoming)
    )
    print("| interacting, interested, not interested | " + " | ".join(_KINDS) + " |")
    print("|---|" + "---|" * len(_KINDS))
    for shares in _CHOICES:
        expected = ExpectedParameters(*shares)
        usual = "**" if astuple(expected) == astuple(ExpectedParameters()) else ""
        named = ", ".join(f"{share:g}" for share in shares)
        cells = [f"{value:.0f}" for value in means(found, met, expected).values()]
        print(f"| {usual}{named}{usual} | " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
