"""How networks answer people who walk toward the robot and pass it by, and others who walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from perception.simulated import ENOUGH
from social_nav_core.geometry import FloatArray
from social_nav_core.people import Intent
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.expected import ExpectedParameters, as_expected
from social_nav_core.perception.metrics import probabilities

Logits = dict[str, FloatArray]
_NOTHING = Intent.NOT_INTERESTED - 1
_HEADER = (
    "| network | passers-by, as trained | as expected | wish | others who want nothing, wish | "
    "walk and want something, wish |",
    "|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Asked:
    """What the networks of one row said, one item per seed.

    Attributes:
        passing: logits of the held-out passers-by.
        test: logits of the test split.
    """

    passing: Sequence[Logits]
    test: Sequence[Logits]


def passers_table(rows: dict[str, Asked], test: Encounters, expected: ExpectedParameters) -> str:
    """Markdown: shares of answers in percent, mean and deviation over seeds.

    Args:
        rows: what was said, by name of the network.
        test: the test split.
        expected: shares of intents, as the perception has them.
    """
    nothing = test.labels[:, 0] == _NOTHING
    walks = (test.speed > 0.0) & ~nothing
    lines = list(_HEADER)
    for name, asked in rows.items():
        columns: list[list[float]] = [[] for _ in range(5)]
        for passing, others in zip(asked.passing, asked.test, strict=True):
            trained = probabilities(passing["intent"], 1.0)
            met = as_expected(trained, expected)
            other = as_expected(probabilities(others["intent"], 1.0), expected)
            shares = (
                (trained.argmax(axis=1) == _NOTHING).mean(),
                (met.argmax(axis=1) == _NOTHING).mean(),
                _wish(met),
                _wish(other[nothing]),
                _wish(other[walks]),
            )
            for column, share in zip(columns, shares, strict=True):
                column.append(100.0 * float(share))
        cells = [f"{np.mean(column):.1f} ± {np.std(column):.1f}" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _wish(intents: FloatArray) -> float:
    """Share of answers from which goal_selector approaches somebody of its own accord."""
    return float((intents[:, :_NOTHING].sum(axis=1) >= ENOUGH).mean())
