"""How a node refuses to start: one line that says why, and exit status 1."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from social_nav_nodes.running import SIGNALS, undisturbed

MAKE_NO_NODE = "from social_nav_nodes.social_costmap_node import main; main()"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--params-file", "/nope.yaml"], "/nope.yaml"),
        (["-p", "use_sim_time:=3"], "use_sim_time"),
        (["-p", "max_cost:=500"], "max_cost is 500, expected 1 to 99 %"),
        (["-p", "max_cosy:=5"], "unknown parameter max_cosy, did you mean max_cost?"),
        (["-p", "model:=BROKEN"], "model.yaml"),
        (["-p", "model:=/nope/model.yaml"], "/nope/model.yaml"),
        (["--", "--max-cost=5"], "got '--max-cost=5', expected arguments of ROS alone"),
        (["rate:=5.0"], "got ['rate:=5.0'] among the arguments of ROS, expected -p name:=value"),
        (["--log-level", "loud"], "Couldn't parse log level: '--log-level loud'"),
        (["-r", "people:crowd"], "Couldn't parse remap rule: '-r people:crowd'"),
        (["--params-file", "BROKEN"], "model.yaml"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path, arguments, words):
    broken = tmp_path / "model.yaml"
    broken.write_text("mu: [1, 2\nsigma: }")
    arguments = [word.replace("BROKEN", str(broken)) for word in arguments]
    process = subprocess.run(
        [sys.executable, "-c", MAKE_NO_NODE, "--ros-args", *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    said = process.stderr.splitlines()
    assert len(said) == 1 and "/src/" not in said[0], process.stderr
    assert said[0].startswith("error: ")
    assert words in said[0]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["trial_node", "--ros-args", "--params-file", "/nope.yaml"], "/nope.yaml"),
        (["endurance", "faults", "--repeat", "0"], "--repeat: it is 0, expected 1 or more"),
        (["endurance", "soak", "--minutes", "nan"], "--minutes: it is nan, expected 0.05"),
        (["endurance.crowd", "--people", "0"], "expected 1 to 1000 people"),
    ],
)
def test_other_commands_say_it_in_one_line_too(command, words):
    process = subprocess.run(
        [sys.executable, "-m", f"social_nav_nodes.{command[0]}", *command[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode in (1, 2)
    said = [line for line in process.stderr.splitlines() if "error: " in line]
    assert len(said) == 1 and words in said[0], process.stderr
    assert "Traceback" not in process.stderr


HALF_MADE = """
import weakref
from rclpy.node import Node
from social_nav_nodes.running import started
made = []
def make():
    node = Node("half")
    made.append(weakref.ref(node))
    raise ValueError("its model is broken")
try:
    started(make)
except SystemExit as end:
    print(end, made[0]())
"""


def test_a_node_that_is_half_made_leaves_the_graph():
    """Or others wait for it, as for one that was killed."""
    command = [sys.executable, "-c", HALF_MADE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "error: its model is broken None\n", done.stderr


@pytest.fixture
def handle():
    """Sets what handles a signal; afterwards all are as before."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield signal.signal
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_handled_after_the_block_that_is_undisturbed(handle, number):
    came = []
    handle(number, lambda *_: came.append("handled"))
    with undisturbed():
        signal.raise_signal(number)
        came.append("end of the block")
    assert came == ["end of the block", "handled"]
    signal.raise_signal(number)
    assert came[2:] == ["handled"]


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_counts_more_than_what_the_block_raises(handle, number):
    handle(number, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(number)
        raise ValueError
