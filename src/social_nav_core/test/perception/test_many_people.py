"""Many people: one image renews the labels of a few, and everybody has a turn."""

from __future__ import annotations

import numpy as np
from social_nav_core.perception.label_filter import LabelFilter, LabelParameters
from social_nav_core.perception.tasks import CLASSES, TASKS
from social_nav_core.perception.track_windows import TrackWindows


def test_who_waited_longest_is_due() -> None:
    labels = LabelFilter(LabelParameters(per_image=2))
    names = ["a", "b", "c"]
    turns = []
    for image in range(6):
        due = labels.due(names)
        turns.append("".join(due))
        answers = {task: np.full((2, CLASSES[task]), 1.0 / CLASSES[task]) for task in TASKS}
        labels.update(0.1 * image, due, answers, np.ones(2))
    assert turns == ["ab", "ca", "bc", "ab", "ca", "bc"]


def test_few_people_are_all_due() -> None:
    labels = LabelFilter(LabelParameters(per_image=3))
    assert labels.due(["a", "b", "c"]) == ["a", "b", "c"]
    assert labels.due([]) == []


def test_windows_of_those_alone_who_are_chosen() -> None:
    windows = TrackWindows()
    for time in np.arange(0.0, 1.0, 0.1):
        windows.add(float(time), ["a", "b", "c"], np.ones((3, 23, 3), dtype=np.float32))
    batch = windows.windows(lambda names: [name for name in names if name != "b"])
    assert batch.names == ("a", "c") and len(batch.joints) == 2
    assert windows.windows(lambda names: []).names == ()
