"""The running suite under some faults, and what it takes: the short form of `make faults, soak`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from social_nav_nodes.demo.domain import ROOT
from social_nav_nodes.endurance import report
from social_nav_nodes.endurance.adapter_faults import ADAPTER_FAULTS
from social_nav_nodes.endurance.faults import FAULTS
from social_nav_nodes.endurance.feeder import OUTPUTS
from social_nav_nodes.endurance.load import Ages, measure
from social_nav_nodes.endurance.outcomes import Check
from social_nav_nodes.endurance.resources import Taken
from social_nav_nodes.endurance.soak import Trace, figures, soak
from social_nav_nodes.endurance.steadiness import BEAT, Metronome
from social_nav_nodes.endurance.suite import NODES as IN_SUITE
from social_nav_nodes.endurance.trial import EVERY_FAULT, SHORT, Trial, try_faults
from social_nav_nodes.node_names import NODE_NAMES


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    done = try_faults(SHORT, tmp_path_factory.mktemp("suite"))
    return {trial.name: trial for trial in done}


@pytest.mark.parametrize("name", [fault.__name__ for fault in SHORT])
def test_the_outcome_is_as_stated(trials, name):
    assert not trials[name].failure, trials[name].failure
    assert trials[name].checks


def test_every_fault_has_a_title_and_a_name_of_its_own():
    assert len({fault.__name__ for fault in EVERY_FAULT}) == len(EVERY_FAULT) >= 39
    assert set(EVERY_FAULT) == {*FAULTS, *ADAPTER_FAULTS}
    assert all((fault.__doc__ or "").strip() for fault in EVERY_FAULT)
    assert set(SHORT) < set(EVERY_FAULT)


def test_every_node_that_runs_on_is_killed_once():
    killed = {fault.__name__ for fault in EVERY_FAULT if fault.__name__.startswith("kill_")}
    assert killed == {f"kill_{name}" for name in NODE_NAMES}
    assert {*IN_SUITE, *OUTPUTS} == NODE_NAMES


def test_a_stall_is_the_longest_delay_between_two_beats():
    metronome = Metronome()
    for now in (1.0, 1.0 + BEAT, 1.3, 1.4):
        metronome.beat(now)
    assert metronome.latest == pytest.approx(0.3 - 2.0 * BEAT)


def test_files_and_threads_stay_while_the_suite_works(tmp_path):
    done = soak(0.1, tmp_path)
    assert {node.name for node in done.nodes} >= {"navigator", "goal_selector", "social_costmap"}
    for node in done.nodes:
        assert node.files[0] == node.files[1] and node.threads[0] == node.threads[1], node
        assert node.memory[0] > 10.0


def test_people_and_costs_come_under_load(tmp_path):
    load = measure(5, 1.0, tmp_path, warm_up=0.5)
    for ages in (load.perceived, load.costs):
        assert 0.0 < ages.percentile(50) < 5.0
    page = report.write(tmp_path, "soak", "Load", report.load_sections([load]))
    assert "5 people, perception" in page.read_text()


def trace(memory, files=(10,), threads=(5,)):
    """A node that took these values, one a second."""
    count = len(memory)
    taken = [
        Taken(memory[k], files[k % len(files)], threads[k % len(threads)], 0.25 * k)
        for k in range(count)
    ]
    return Trace([float(k) for k in range(count)], taken)


def test_growth_is_that_after_the_warm_up():
    grown = figures("node", trace(np.linspace(100.0, 110.0, 101)), warm_up=50.0)
    assert grown.memory == pytest.approx((105.3, 109.7))
    assert grown.growth == pytest.approx(109.7 / 105.3 - 1.0)
    assert grown.cpu == pytest.approx(0.25)
    assert grown.defects == ["memory grew by 4.2 %"]
    assert figures("node", trace([50.0] * 20 + [100.0] * 80), warm_up=20.0).defects == []


def test_a_leak_of_files_and_threads_is_told():
    leaky = figures("node", trace([100.0] * 60, files=range(10, 70), threads=(5, 6)), warm_up=10.0)
    assert leaky.defects == [
        "file descriptors went from 21 to 68",
        "threads went from 5 to 6",
    ]


def test_a_file_that_is_open_for_an_instant_is_no_leak():
    instant = figures("node", trace([100.0] * 60, files=[10] * 30 + [11] + [10] * 29), 10.0)
    assert instant.defects == [] and instant.files == (10, 10)
    stays = figures("node", trace([100.0] * 60, files=[10] * 30 + [11] * 30), 10.0)
    assert stays.defects == ["file descriptors went from 10 to 11"]


def test_the_report_tells_what_followed_and_what_did_not(tmp_path):
    well = Trial("stop", "it stops", "All stand.", (Check("it stands", 0.5, 1.0),), "", 2.0, 1.0)
    late = Trial(
        "stop", "it stops", "All stand.", (Check("it stands", 1.1, 1.0),), "", 2.0, 1.5, 0.3, 1
    )
    bad = Trial("burn", "it burns", "", (), "it <burnt>", 2.0, 1.0)
    page = report.write(tmp_path, "faults", "Faults", report.fault_sections([well, late, bad]))
    text = page.read_text()
    assert "2 of 3 trials went as stated" in text
    assert "up to 1.5 times; 1 trials did without that" in text
    assert "1 trials are void" in text
    assert "it stands: 1.1 s (limit 1)" in text and "0 of 1" in text
    assert "it &lt;burnt&gt;" in text and "<burnt>" not in text
    table = (tmp_path / "faults.md").read_text()
    assert "| it stops. All stand. | 2 of 2 | it stands: 1.1 s (limit 1) |" in table


def test_ages_are_percentiles():
    ages = Ages(np.arange(1, 101) / 1000.0, 30.0)
    assert ages.percentile(50) == pytest.approx(0.0505)
    assert ages.percentile(99) == pytest.approx(0.09901)
    assert Ages(np.zeros(0), 0.0).percentile(99) == float("inf")


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "holiday.png").write_text("precious")
    command = [sys.executable, "-m", "social_nav_nodes.endurance", "faults", "--out", str(tmp_path)]
    process = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert process.returncode == 1
    assert "holds something else" in process.stderr and "Traceback" not in process.stderr
    assert Path(tmp_path / "holiday.png").read_text() == "precious"
