"""Which shares of intents to expect: the shipped student on the simulator's scenes, other views.

    tools/env env PYTHONPATH=benchmarks python -m perception.shares

Prints for several expected shares how many answers in percent are right, and from how many
goal_selector would think that somebody wishes something: means over people of a kind.
Interacting and interested count as one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import astuple

import numpy as np
from perception.simulated import (
    ENOUGH,
    SCENES,
    Answers,
    Label,
    all_scenes,
    counted,
    oncoming,
)
from social_nav_core.perception.expected import ExpectedParameters, as_expected
from social_nav_core.perception.student_file import shipped_student
from social_nav_core.sim.scene import load_scene

VIEWS = range(100, 124)
_NOTHING = "not_interested"
_CHOICES = (
    (0.6, 0.2, 0.2),
    (0.5, 0.25, 0.25),
    (0.4, 0.3, 0.3),
    (0.3, 0.45, 0.25),
    (0.3, 0.35, 0.35),
    (0.3, 0.3, 0.4),
    (0.2, 0.4, 0.4),
    (0.1, 0.6, 0.3),
    (0.1, 0.45, 0.45),
    (0.1, 0.4, 0.5),
    (0.05, 0.45, 0.5),
    (0.05, 0.35, 0.6),
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


def judged(answers: Answers, label: Label, expected: ExpectedParameters) -> tuple[float, float]:
    """Percent of the answers about somebody that are right, and that show a wish."""
    count = counted(answers, expected)[label]
    right = (count[2] if label[2] == _NOTHING else count[:2].sum()) / count.sum()
    wishes = as_expected(answers[label], expected)[:, :2].sum(axis=1) >= ENOUGH
    return float(100.0 * right), float(100.0 * wishes.mean())


def means(
    found: Mapping[str, Answers], met: Mapping[str, Answers], expected: ExpectedParameters
) -> dict[str, tuple[float, float]]:
    """Means over people of what `judged` says, by kind."""
    parts: dict[str, list[tuple[float, float]]] = {kind: [] for kind in _KINDS}
    for scene, answers in found.items():
        for label in answers:
            parts[kind_of(scene, label)].append(judged(answers, label, expected))
    parts[_KINDS[-1]] = [judged(one, label, expected) for one in met.values() for label in one]
    middle = {kind: np.mean(part, axis=0) for kind, part in parts.items() if part}
    return {kind: (float(right), float(wish)) for kind, (right, wish) in middle.items()}


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
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
        cells = [
            f"{right:.0f} / {wish:.0f}" for right, wish in means(found, met, expected).values()
        ]
        print(f"| {usual}{named}{usual} | " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
