"""Many trials: every arm meets the same ones; on all cores, and going on where it was stopped.

A trial's random numbers come from the suite's seed, the entry's name and the trial's index alone,
so results depend neither on the number of workers nor on the order in which they finish.  Metrics
are kept with 9 digits, as the last bits may depend on where arrays lie in memory.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from social_nav_core.evaluation.arms import arm_named
from social_nav_core.evaluation.metrics.comfort import learned_cost
from social_nav_core.evaluation.metrics.table import METRICS, conversation, measure
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.suites import Entry, Suite, draw_trial, load_suite
from social_nav_core.evaluation.trial import (
    Models,
    TrialParameters,
    TrialRunner,
    shortest_way,
)
from social_nav_core.evaluation.workers import Do
from social_nav_core.geometry import FloatArray, relative
from social_nav_core.input_files import LARGEST_TABLE, FileError, read_text, shown
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.interaction.selection import SelectionParameters
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.proxemics.zone import SocialZoneParameters
from social_nav_core.sim.follower import FollowerParameters
from social_nav_core.sim.planner import PlannerParameters
from social_nav_core.whole_file import written_whole

FORMAT = 1
RESULTS = "results.jsonl"
CHANGED = {"entries": ": scenes, rooms, people or tasks of the suite were edited"}
"""What it means that a line of the head differs, where its name does not say."""
WAY_PERIOD = 0.5
"""Period [s] of the ways and cost curves that results keep."""


class BatchError(ValueError):
    """Results in a folder belong to another evaluation; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """What is evaluated.

    Attributes:
        suite: path of the suite's file.
        trials: how many of each entry.
        arms: names, see `arms.arm_named`.
        seed: of the suite.
        curve: further arms, with shares of the costs, that are tried in avoid alone: points of the
            curve of cost against way.
    """

    suite: str
    trials: int
    arms: tuple[str, ...]
    seed: int = 0
    curve: tuple[str, ...] = ()

    def arms_in(self, task: str) -> tuple[str, ...]:
        """What is tried in a task."""
        return self.arms + (self.curve if task == "avoid" else ())


@dataclass(frozen=True)
class Result:
    """One trial with one arm.

    Attributes:
        entry: name of the suite's entry.
        index: of the trial.
        arm: name.
        values: metrics by name, see `metrics.table.METRICS`.
        way: (k, 2) [m] of the robot in the map every `WAY_PERIOD`.
        cost: (k,) personal-space cost at the same times.
        place: where the robot ended in the frame of each person it talks to, (m, 2) [m].
    """

    entry: str
    index: int
    arm: str
    values: dict[str, float]
    way: list[list[float]]
    cost: list[float]
    place: list[list[float]]

    @property
    def task(self) -> str:
        """The first word of the entry's name; empty when it has none."""
        return self.entry.partition(" ")[0]

    @property
    def key(self) -> tuple[str, int, str]:
        """Sorts results as the suite's tables want them."""
        return self.entry, self.index, self.arm


@lru_cache(maxsize=1)
def shipped_models() -> Models:
    """The models that come with this package."""
    return Models(shipped_model(), shipped_interaction_model())


def run_one(entry: Entry, index: int, seed: int, arms: Sequence[str]) -> list[Result]:
    """One trial of an entry with some arms; what a worker does."""
    models = shipped_models()
    trial = draw_trial(entry, index, seed)
    results = []
    shortest: dict[tuple[float, ...], float] = {}
    for name in arms:
        run = TrialRunner(trial, arm_named(name, models.proxemics), models).run()
        goal = tuple(run.goals_in_map[-1].tolist()) if len(run.goals_in_map) else ()
        if goal not in shortest:
            shortest[goal] = shortest_way(trial, run.goals_in_map[-1]) if goal else float("nan")
        values = measure(run, models.proxemics, models.interaction, shortest[goal])
        results.append(_result(entry.name, index, run, values, models))
    return results


def _result(
    entry: str, index: int, run: RunRecord, values: dict[str, float], models: Models
) -> Result:
    times = np.arange(run.times[0], run.times[-1] + 1e-9, WAY_PERIOD)
    samples = [run.sample_at(time + 1e-9) for time in times]
    cost = learned_cost(run.times, run.robot_in_map, run.people_in_map, models.proxemics)
    place = _place(run) if run.task == "approach" else np.zeros((0, 2))
    return Result(
        entry,
        index,
        run.arm,
        {name: float(f"{value:.9g}") for name, value in values.items()},
        np.round(run.robot_in_map[samples, :2], 3).tolist(),
        np.round(cost[samples], 4).tolist(),
        np.round(place, 3).tolist(),
    )


def _place(run: RunRecord) -> FloatArray:
    members = conversation(run)
    return relative(run.people_in_map[-1, members], run.robot_in_map[-1])[:, :2]


def run_batch(
    plan: Plan,
    folder: Path,
    do: Do,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Result]:
    """Run what is not yet in the folder's results.jsonl, and return everything, sorted.

    Args:
        plan: what is evaluated.
        folder: made when it is missing.
        do: runs the trials; see `workers`.
        progress: told how many trials of how many are done, the arms counted one by one.

    Raises:
        BatchError: the folder holds results of another plan, or of scenes that were edited since.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RESULTS
    suite = load_suite(plan.suite)
    entries = suite.entries
    results = {result.key: result for result in _begin(path, plan, suite)}
    total = plan.trials * sum(len(plan.arms_in(entry.task)) for entry in entries)
    progress(len(results), total)
    with path.open("a", encoding="utf-8") as file:
        for new in do(run_one, list(_missing(plan, entries, results))):
            for result in new:
                results[result.key] = result
                file.write(json.dumps(asdict(result)) + "\n")
            file.flush()
            progress(len(results), total)
    _sort(path)
    return sorted(results.values(), key=lambda result: result.key)


def _missing(
    plan: Plan, entries: Sequence[Entry], results: dict[tuple[str, int, str], Result]
) -> Iterator[tuple[Entry, int, int, tuple[str, ...]]]:
    """Arguments of `run_one` for what is to do, one trial of every entry after the other."""
    for index in range(plan.trials):
        for entry in entries:
            arms = plan.arms_in(entry.task)
            missing = tuple(arm for arm in arms if (entry.name, index, arm) not in results)
            if missing:
                yield entry, index, plan.seed, missing


def _sort(path: Path) -> None:
    """Bring the lines into the results' order, so that the same results are the same file."""
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    found = {_kept(path, i, line).key: line for i, line in enumerate(lines, start=2)}
    with written_whole(path) as file:
        for line in [head, *(found[key] for key in sorted(found))]:
            file.write(line.encode() + b"\n")


def suite_of(plan: Plan, folder: Path) -> Suite:
    """The plan's suite as its files say now, which are what the folder's results were made from.

    Raises:
        BatchError: they are not: something was edited since.
    """
    suite = load_suite(plan.suite)
    path = folder / RESULTS
    head, *_ = _text(path).split("\n")
    if head:
        _check_head(path, head, plan, suite)
    return suite


def _begin(path: Path, plan: Plan, suite: Suite) -> list[Result]:
    """Results that a former call has left; a line that was cut off is dropped."""
    text = _text(path)
    if not text:
        path.write_text(json.dumps(_head(plan, suite)) + "\n", encoding="utf-8")
        return []
    lines = text.split("\n")
    whole = lines[:-1]
    _check_head(path, whole[0] if whole else "{}", plan, suite)
    results = [_kept(path, i, line) for i, line in enumerate(whole[1:], start=2)]
    path.write_text("\n".join(whole) + "\n", encoding="utf-8")
    return [
        result
        for result in results
        if result.index < plan.trials and result.arm in plan.arms_in(result.task)
    ]


def _head(plan: Plan, suite: Suite) -> dict[str, Any]:
    """First line of the results: what they depend on, with checksums."""
    return {
        "format": FORMAT,
        "suite": suite.name,
        "seed": plan.seed,
        "metrics": zlib.crc32(" ".join(metric.name for metric in METRICS).encode()),
        "models": _models_and_parameters(),
        "entries": _entries(suite),
    }


def _check_head(path: Path, line: str, plan: Plan, suite: Suite) -> None:
    found = _read_line(path, 1, line)
    other = [
        f"{name} {found[name]!r}, expected {value!r}{CHANGED.get(name, '')}"
        if name in found
        else f"{name} missing, as an older version wrote it"
        for name, value in _head(plan, suite).items()
        if found.get(name) != value
    ]
    if other:
        raise BatchError(
            f"{path} holds results of another evaluation ({'; '.join(other)}): choose another"
            " folder for the output, or delete this one"
        )


def _entries(suite: Suite) -> int:
    """Checksum of all that trials are drawn from: tasks, targets, scenes, rooms, people, flows."""
    entries = [
        asdict(replace(entry, scene=replace(entry.scene, description="")))
        for entry in sorted(suite.entries, key=lambda entry: entry.name)
    ]
    return zlib.crc32(json.dumps(entries).encode())


def _models_and_parameters() -> int:
    """Checksum of what trials run with: other models or defaults make it another evaluation."""
    parts = (
        SocialZoneParameters,
        SelectionParameters,
        TrialParameters,
        PlannerParameters,
        FollowerParameters,
    )
    models = sorted((files("social_nav_core") / "models").iterdir(), key=lambda item: item.name)
    content = [item.read_bytes() for item in models if item.is_file()]
    return zlib.crc32(b"".join([*content, *(repr(part()).encode() for part in parts)]))


def _text(path: Path) -> str:
    try:
        return read_text(path, LARGEST_TABLE)
    except FileNotFoundError:
        return ""
    except FileError as error:
        raise BatchError(str(error)) from error


def _kept(path: Path, number: int, line: str) -> Result:
    content = _read_line(path, number, line)
    kinds = {"entry": str, "index": int, "arm": str, "values": dict}
    kinds |= dict.fromkeys(("way", "cost", "place"), list)
    if {name: type(value) for name, value in content.items()} != kinds:
        raise BatchError(f"{path}, line {number} is {shown(line)}, expected a result")
    return Result(**content)


def _read_line(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BatchError(f"{path}, line {number}: {error}") from error
    if not isinstance(content, dict):
        raise BatchError(f"{path}, line {number} is {line[:40]!r}, expected an object")
    return content
