"""Files of made-up encounters: in one go or after a stop the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from social_nav_core.perception.encounters.files import check_size, save_encounters
from social_nav_core.perception.encounters.generator import (
    Encounters,
    EncounterSettings,
    generate,
)
from social_nav_core.perception.fingerprint import fingerprint_of
from social_nav_core.perception.parts import Arrays, Parts
from social_nav_core.progress import Progress, kept_at_stop


@dataclass(frozen=True)
class Order:
    """What is to be made, as `generate` takes it."""

    split: str
    count: int
    passing: int
    seed: int
    settings: EncounterSettings = field(default_factory=EncounterSettings)

    @property
    def total(self) -> int:
        """Number of windows."""
        return self.count + self.passing

    @property
    def about(self) -> str:
        """What the encounters are, in words."""
        passers = f", {self.passing} of them passers-by" if self.passing else ""
        return (
            f"{self.total} encounters made up by social_nav_core make-encounters: articulated "
            f"people before a robot's camera, no recorded people{passers}, split {self.split}, "
            f"seed {self.seed}"
        )


def make_file(path: Path, order: Order, report: Callable[[str], None]) -> None:
    """Make encounters and write them; goes on after the parts of a run that was stopped.

    What a window shows depends only on its number and on the settings, so the file is the same
    whether the run was stopped or not.  The first window of every kept part is made once more, so
    that parts of another version are not mixed in.

    Args:
        path: of the file, which is written over.
        order: what to make.
        report: is called with a line where a run goes on.

    Raises:
        DataError: it would be larger than what can be read again.
    """
    check_size(order.total, order.settings)
    parts = Parts(path, fingerprint_of(asdict(order)), order.total, "encounters")
    with Progress(path.name) as progress, kept_at_stop(parts.kept_in_words):

        def made(part: range) -> dict[str, np.ndarray]:
            some = generate(
                order.split,
                order.count,
                order.seed,
                order.settings,
                lambda done: progress(f"{done} of {order.total}"),
                order.passing,
                part,
            )
            return {item.name: getattr(some, item.name) for item in fields(Encounters)}

        def good(part: range, values: Arrays) -> bool:
            first = made(part[:1])
            return values.keys() == first.keys() and all(
                values[name].dtype == wanted.dtype
                and values[name].shape == (len(part), *wanted.shape[1:])
                and np.array_equal(values[name][:1], wanted)
                for name, wanted in first.items()
            )

        save_encounters(path, Encounters(**parts.computed(made, good, report)), order.about)
    parts.remove()
