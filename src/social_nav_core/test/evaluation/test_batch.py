"""Many trials: resuming, independence of workers, claims, tables, report and command."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from social_nav_core.__main__ import main
from social_nav_core.evaluation import suite_pictures, suite_tables, workers
from social_nav_core.evaluation.arms import canonical
from social_nav_core.evaluation.batch import BatchError, Plan, Result, run_batch
from social_nav_core.evaluation.claims import claims
from social_nav_core.evaluation.metrics.table import METRICS
from social_nav_core.evaluation.suite_report import PICTURES, write_suite_report
from social_nav_core.evaluation.workers import Work, WorkersError, dask_cluster, local_processes

WORLDS = Path(__file__).parents[4] / "worlds"
ARMS = ("ours", "no layer")


class Here:
    """Runs everything in this process, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, work: Work, tasks: Sequence[tuple]) -> Iterator[Any]:
        for task in tasks:
            self.count += 1
            yield work(*task)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of one short avoid and one short approach."""
    path = tmp_path_factory.mktemp("suite") / "tiny.yaml"
    scene = WORLDS / "scenes" / "side_by_side.yaml"
    lines = [
        "format: 1",
        "name: tiny",
        "description: two people side by side",
        "entries:",
        f"  - {{scene: {scene}, task: avoid, vary: formation}}",
        f"  - {{scene: {scene}, task: approach, vary: formation, target: ana}}",
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def done(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan, list[Result]]:
    """Folder, plan and results of two trials of each entry with two arms."""
    folder = tmp_path_factory.mktemp("results")
    plan = Plan(str(suite), 2, ARMS, seed=4)
    told: list[tuple[int, int]] = []
    results = run_batch(plan, folder, Here(), lambda *counts: told.append(counts))
    assert told == [(0, 8), (2, 8), (4, 8), (6, 8), (8, 8)]
    return folder, plan, results


def same(first: list[Result], second: list[Result]) -> bool:
    """Whether two lists of results are equal, NaN included."""
    return json.dumps([vars(r) for r in first]) == json.dumps([vars(r) for r in second])


def kept(folder: Path) -> bytes:
    """What a complete evaluation leaves."""
    return (folder / "results.jsonl").read_bytes()


def test_every_arm_has_met_every_trial(done: tuple[Path, Plan, list[Result]]) -> None:
    _, _, results = done
    assert [r.key for r in results] == [
        (entry, index, arm)
        for entry in ("approach side_by_side", "avoid side_by_side")
        for index in range(2)
        for arm in sorted(ARMS)
    ]
    for result in results:
        assert set(result.values) == {metric.name for metric in METRICS}
        assert result.values["success"] == 1.0
        assert len(result.way) == len(result.cost) > 5
        assert len(result.place) == (2 if result.entry.startswith("approach") else 0)
    start = {result.way[0][0] for result in results if result.entry.startswith("avoid")}
    assert len(start) == 2


def test_a_second_call_does_only_what_is_missing(
    done: tuple[Path, Plan, list[Result]], tmp_path: Path
) -> None:
    folder, plan, results = done
    lines = (folder / "results.jsonl").read_text().splitlines()
    cut_off = "\n".join([*lines[:4], lines[4][:100]])
    (tmp_path / "results.jsonl").write_text(cut_off)
    here = Here()
    again = run_batch(plan, tmp_path, here)
    assert here.count == 3
    assert same(again, results)
    whole = Here()
    assert same(run_batch(plan, tmp_path, whole), results)
    assert whole.count == 0


def test_fewer_trials_are_taken_from_more(done: tuple[Path, Plan, list[Result]]) -> None:
    folder, plan, results = done
    fewer = run_batch(Plan(plan.suite, 1, ("ours",), plan.seed), folder, Here())
    assert same(fewer, [r for r in results if r.index == 0 and r.arm == "ours"])
    assert same(run_batch(plan, folder, Here()), results)


def test_points_of_the_curve_are_tried_in_avoid_alone(
    done: tuple[Path, Plan, list[Result]], tmp_path: Path
) -> None:
    plan = replace(done[1], trials=1, arms=("ours",), curve=("ours x0.5",))
    results = run_batch(plan, tmp_path, Here())
    assert [r.key for r in results] == [
        ("approach side_by_side", 0, "ours"),
        ("avoid side_by_side", 0, "ours"),
        ("avoid side_by_side", 0, "ours x0.5"),
    ]
    write_suite_report(tmp_path, plan, results)
    assert "ours x0.5" not in (tmp_path / "summary.md").read_text()
    assert "ours x0.5" in (tmp_path / "summary.csv").read_text()


def test_two_processes_give_the_same_results(
    done: tuple[Path, Plan, list[Result]], tmp_path: Path
) -> None:
    folder, plan, results = done
    with local_processes(2) as do:
        assert same(run_batch(plan, tmp_path, do), results)
    assert kept(tmp_path) == kept(folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a dask cluster of two processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as local:
        yield local.scheduler_address


def test_a_cluster_gives_the_same_results_and_goes_on_where_it_was_stopped(
    done: tuple[Path, Plan, list[Result]], tmp_path: Path, cluster: str
) -> None:
    folder, plan, results = done

    class StoppedError(Exception):
        pass

    def stop(count: int, total: int) -> None:
        if count:
            raise StoppedError

    with pytest.raises(StoppedError), dask_cluster(cluster) as do:
        run_batch(plan, tmp_path, do, stop)
    begun = (tmp_path / "results.jsonl").read_text().splitlines()
    assert 1 < len(begun) < 1 + len(results)
    counts: list[int] = []
    with dask_cluster(cluster) as do:
        assert same(run_batch(plan, tmp_path, do, lambda n, _: counts.append(n)), results)
    assert counts[0] == len(begun) - 1
    assert kept(tmp_path) == kept(folder)


def test_the_command_uses_a_scheduler(
    done: tuple[Path, Plan, list[Result]], tmp_path: Path, cluster: str
) -> None:
    folder, plan, _ = done
    command = ["evaluate", "--suite", plan.suite, "--trials", "1", "--arms", "ours", "--seed", "4"]
    assert main([*command, "--scheduler", cluster, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").exists()
    lines = set((folder / "results.jsonl").read_text().splitlines())
    assert len(kept(tmp_path).splitlines()) == 3
    assert set(kept(tmp_path).decode().splitlines()) <= lines


def test_a_scheduler_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "CONNECTING", 0.2)
    with (
        pytest.raises(WorkersError, match=r"no dask scheduler with a worker answers at 'tcp://127"),
        dask_cluster("tcp://127.0.0.1:9"),
    ):
        pass
    command = ["evaluate", "--worlds", str(WORLDS), "--out", str(tmp_path)]
    assert main([*command, "--scheduler", "nowhere://"]) == 2
    assert "no dask scheduler" in capsys.readouterr().err


def test_without_distributed_a_scheduler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(WorkersError, match=r"pip install joblib==.* distributed=="),
        dask_cluster("x"),
    ):
        pass


def test_results_of_another_suite_are_not_mixed(
    done: tuple[Path, Plan, list[Result]], tmp_path: Path
) -> None:
    folder, plan, _ = done
    with pytest.raises(BatchError, match=r"seed 4, expected 5.*choose another folder"):
        run_batch(Plan(plan.suite, 1, ARMS, seed=5), folder, Here())
    head, _, rest = (folder / "results.jsonl").read_text().partition("\n")
    older = json.dumps(json.loads(head) | {"models": 1})
    (tmp_path / "results.jsonl").write_text(f"{older}\n{rest}")
    with pytest.raises(BatchError, match=r"models 1, expected \d+\): choose another folder"):
        run_batch(plan, tmp_path, Here())
    (tmp_path / "results.jsonl").write_text("hello\n")
    with pytest.raises(BatchError, match=r"results.jsonl, line 1: Expecting value"):
        run_batch(plan, tmp_path, Here())


def made_up(arm: str, cost: float, way: float, task: str = "avoid", **more: float) -> list[Result]:
    """Two equal results of an arm with some metrics; the others are 0, the goal is reached."""
    values = dict.fromkeys((metric.name for metric in METRICS), 0.0)
    values |= {"success": 1.0, "personal_cost_integral": cost, "path_length": way}
    values |= {"arrival_distance": 1.0} | more
    return [Result(f"{task} scene", i, arm, values, [], [], []) for i in range(2)]


def holds(results: list[Result]) -> dict[str, bool]:
    """Which claims hold, by the first words that tell them apart."""
    return {claim.text: claim.holds for claim in claims(results)}


def test_claims_against_no_layer() -> None:
    none = made_up("no layer", 1.0, 10.0, personal_time=4.0, o_space_intrusions=1.0)
    good = made_up("ours", 0.1, 13.0, personal_time=2.0, o_space_intrusions=0.0)
    assert set(holds(good + none).values()) == {True}
    bad = made_up("ours", 0.1, 13.6, personal_time=2.1, o_space_intrusions=0.6, success=0.0)
    assert set(holds(bad + none).values()) == {False}
    nearer = made_up("ours", 0.1, 13.0, personal_time=1.5, intimate_time=0.6)
    told = claims(nearer + none)[0]
    assert "closer than 1.2 m" in told.text, "closer than 0.45 m is, too"
    assert not told.holds and told.figures.startswith("2.10 instead of 4.00 a trial")


def test_claims_against_baselines_compare_at_the_same_length() -> None:
    kirby = made_up("Kirby", 0.5, 10.0)
    text = "Avoid: no more personal-space cost than 'Kirby' at no longer a path"
    assert holds(made_up("ours", 0.4, 10.0) + kirby)[text]
    assert not holds(made_up("ours", 0.6, 10.0) + kirby)[text]
    longer = made_up("ours", 0.2, 11.0)
    assert holds(longer + made_up("no layer", 0.8, 9.0) + kirby)[text]
    assert not holds(longer + made_up("no layer", 0.9, 9.0) + kirby)[text]
    told = claims(longer + made_up("no layer", 0.9, 9.0) + kirby)[-1].figures
    assert "ours costs 0.5500 s: +0.0500 s (bootstrap 95 % interval +0.0500 to +0.0500 s)" in told
    assert holds(longer + made_up("ours x0.5", 0.5, 9.9) + kirby)[text]
    shares = "Avoid: the same against 'Kirby' with any share of its costs"
    some = longer + made_up("no layer", 0.8, 9.0) + kirby + made_up("Kirby x0.5", 0.6, 9.5)
    assert holds(some)[text]
    assert not holds(some)[shares]
    assert holds(some + made_up("ours x0.1", 0.6, 9.5))[shares]
    between = made_up("ours", 0.6, 10.1) + made_up("ours x0.5", 0.5, 9.9)
    assert holds(between + kirby)[text], "a shorter path at the same cost is no worse"
    far = made_up("Kirby", 0.1, 20.0)
    assert not holds(longer + far)[text]


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({}, True),
        ({"arrival_bearing": 61.0}, False),
        ({"arrival_distance": 1.7}, False),
        ({"facing_error": 11.0}, False),
        ({"success": 0.0}, False),
    ],
)
def test_claims_about_the_approach(more: dict[str, float], good: bool) -> None:
    found = holds(made_up("ours", 0.1, 5.0, "approach", **more))
    assert found["Approach: arrival in front, near and facing, in at least 95 % of trials"] is good
    assert found["Approach: unwanted approaches in less than 2 % of trials"]
    unwanted = made_up("ours", 0.1, 5.0, "approach", unwanted_approach=1.0)
    assert not holds(unwanted)["Approach: unwanted approaches in less than 2 % of trials"]


def test_the_markdown_table_is_one() -> None:
    text = suite_tables.markdown(made_up("no layer", 1.0, 10.0) + made_up("ours", 0.25, 12.0))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == "| | ours | no layer |"
    assert "| path length [m] | 12.00 ± 0.00 | 10.00 ± 0.00 |" in rows
    assert "| reached the goal | 100% | 100% |" in rows
    assert {row.count("|") for row in rows} == {4}


def test_the_command_makes_a_report_and_goes_on(
    done: tuple[Path, Plan, list[Result]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, plan, _ = done
    (tmp_path / "results.jsonl").write_text((folder / "results.jsonl").read_text())
    command = ["evaluate", "--suite", plan.suite, "--trials", "2", "--seed", "4", "--workers", "1"]
    assert main([*command, "--arms", "ours, no layer", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "Avoid: no loss of success against no layer: 2 instead of 2 of 2 trials" in said
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://", page)
    assert page.count("<img") == len(list(tmp_path.glob("*.png"))) == 7
    assert {path.stem for path in tmp_path.glob("*.png")} == set(PICTURES)
    with (tmp_path / "trials.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 8
    with (tmp_path / "summary.csv").open(encoding="utf-8") as file:
        rows = {(r["task"], r["metric"], r["arm"]): r for r in csv.DictReader(file)}
    ours = float(rows["avoid", "path_length", "ours"]["mean"])
    none = rows["avoid", "path_length", "no layer"]
    assert ours - float(none["mean"]) == pytest.approx(float(none["ours_minus_arm"]), abs=1e-3)
    assert float(none["low"]) <= float(none["ours_minus_arm"]) <= float(none["high"])
    assert np.isfinite(ours)
    assert main([*command, "--arms", "no layer", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") == len(list(tmp_path.glob("*.png"))) == 6, "places are of ours"


@pytest.mark.parametrize("arms", ["ours x0.5", "ours x0.50, no layer", "Kirby x0.2,ours,ours x.7"])
def test_shares_of_an_arm_are_reported_as_arms(
    arms: str,
    done: tuple[Path, Plan, list[Result]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, plan, _ = done
    head, *lines = (folder / "results.jsonl").read_text().splitlines()
    wanted = [canonical(arm.strip()) for arm in arms.split(",")]
    made_up = [
        json.dumps(json.loads(line) | {"arm": arm})
        for line in lines
        if json.loads(line)["arm"] == "ours"
        for arm in wanted
    ]
    (tmp_path / "results.jsonl").write_text("\n".join([head, *made_up, ""]))
    command = ["evaluate", "--suite", plan.suite, "--trials", "2", "--seed", "4", "--workers", "1"]
    assert main([*command, "--arms", arms, "--out", str(tmp_path)]) == 0
    assert str(tmp_path / "report.html") in capsys.readouterr().out
    rows = (tmp_path / "summary.md").read_text().splitlines()
    assert set(rows[2].strip("| ").split(" | ")) == set(wanted)


def test_colours_and_names_of_shares() -> None:
    colours = suite_pictures.arm_colours(["ours", "ours x0.7", "ours x0.1", "no layer"])
    assert len(set(colours.values())) == 4
    brightness = [sum(to_rgb(colours[arm])) for arm in ("ours", "ours x0.7", "ours x0.1")]
    assert brightness == sorted(brightness)
    results = made_up("ours x0.5", 0.2, 10.0) + made_up("no layer", 0.4, 9.0)
    (ax,) = suite_pictures.cost_against_length(results).axes
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "no layer"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "nowhere"], "suite 'nowhere' is neither a file nor"),
        (["--arms", "ours,mine"], "arm is 'mine', expected one of ours"),
        (["--arms", "ours,ours"], "--arms has an arm twice: ours, ours"),
        (["--arms", "ours x0.5,ours x0.50"], "--arms has an arm twice: ours x0.5, ours x0.5"),
        (["--arms", "ours x1, ours"], "--arms has an arm twice"),
        (["--seed", "-1"], "--seed is -1, expected 0 or more"),
        (["--trials", "0"], "--trials is 0"),
    ],
)
def test_the_command_says_what_is_wrong(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--worlds", str(WORLDS), "--out", str(tmp_path), *arguments]) == 2
    assert message in capsys.readouterr().err
