"""Results and pictures of a suite whose files were edited are never mixed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from social_nav_core.evaluation.batch import BatchError, Plan, run_batch
from social_nav_core.evaluation.suite_report import write_suite_report
from social_nav_core.evaluation.workers import Work

WORLDS = Path(__file__).parents[4] / "worlds"
SUITE = """format: 1
name: own
description: one person
arms: [no layer]
entries:
  - {scene: single.yaml, task: avoid, vary: start}
"""


def nothing(work: Work, tasks: Sequence[tuple]) -> Iterator[Any]:
    """Runs no trial at all."""
    return iter(())


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite with a scene and a room of its own."""
    shutil.copy(WORLDS / "room.yaml", tmp_path)
    scene = (WORLDS / "scenes" / "single.yaml").read_text()
    (tmp_path / "single.yaml").write_text(scene.replace("../room.yaml", "room.yaml"))
    (tmp_path / "own.yaml").write_text(SUITE)
    return tmp_path / "own.yaml"


def edit(file: Path, before: str, after: str) -> None:
    """Replace some text, which must be there."""
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


EDITS: dict[str, Callable[[Path], None]] = {
    "goal": lambda folder: edit(folder / "single.yaml", "goal: [5.0", "goal: [5.1"),
    "person": lambda folder: edit(folder / "single.yaml", "pose: [0.0", "pose: [0.1"),
    "labels": lambda folder: edit(
        folder / "single.yaml", "attitude: positive", "attitude: negative"
    ),
    "room": lambda folder: edit(folder / "room.yaml", "[-3.6, 3.02", "[-3.5, 3.02"),
    "vary": lambda folder: edit(folder / "own.yaml", "vary: start", "vary: formation"),
    "task": lambda folder: edit(folder / "own.yaml", "task: avoid", "target: ana, task: approach"),
}


@pytest.mark.parametrize("what", EDITS)
def test_results_of_what_was_edited_since_are_refused(what: str, suite: Path) -> None:
    plan, out = Plan(str(suite), 1, ("no layer",)), suite.parent / "out"
    run_batch(plan, out, nothing)
    run_batch(plan, out, nothing)
    EDITS[what](suite.parent)
    refused = r"entries \d+, expected \d+: scenes, rooms, .* were edited\): choose another folder"
    with pytest.raises(BatchError, match=refused):
        run_batch(plan, out, nothing)
    with pytest.raises(BatchError, match=refused):
        write_suite_report(out, plan, [])
    assert not list(out.glob("*.png"))


def test_words_for_people_and_comments_do_not_count(suite: Path) -> None:
    plan, out = Plan(str(suite), 1, ("no layer",)), suite.parent / "out"
    run_batch(plan, out, nothing)
    edit(suite, "one person", "just one person")
    edit(suite, "arms: [no layer]", "arms: [no layer, ours]")
    suite.write_text(suite.read_text() + "# a comment\n")
    run_batch(plan, out, nothing)


def test_folders_of_older_versions_are_named_as_such(suite: Path) -> None:
    plan, out = Plan(str(suite), 1, ("no layer",)), suite.parent / "out"
    run_batch(plan, out, nothing)
    head = json.loads((out / "results.jsonl").read_text())
    del head["entries"]
    (out / "results.jsonl").write_text(json.dumps(head) + "\n")
    with pytest.raises(BatchError, match=r"\(entries missing, as an older .*delete this one$"):
        run_batch(plan, out, nothing)
