"""The faults in which a node is started anew with model files that nobody should use."""

from __future__ import annotations

from social_nav_nodes.endurance.adapters import AdapterBench
from social_nav_nodes.endurance.bad_models import PARAMETERS, bad_models
from social_nav_nodes.endurance.bench import Bench
from social_nav_nodes.endurance.kills import kill_on_the_way


def models_of_perception(bench: Bench) -> None:
    """perception gets a student's file that is damaged, of another version or hostile

    It says in one line what is wrong and ends, each time; nobody else notices; with a good file it
    goes on.
    """
    kill_on_the_way(bench, "perception")
    _refuses_all(bench, "perception")
    bench.restart("perception")
    bench.perceives()
    bench.keeps_driving()


def models_of_social_costmap(bench: Bench) -> None:
    """social_costmap gets a proxemics model that is damaged, of another version or hostile

    It says in one line what is wrong and ends, each time; the robot drives on without social costs.
    """
    kill_on_the_way(bench, "social_costmap")
    _refuses_all(bench, "social_costmap")
    bench.restart("social_costmap")
    bench.goes_on()


def models_of_goal_selector(bench: Bench) -> None:
    """goal_selector gets an interaction model that is damaged, of another version or hostile

    It says in one line what is wrong and ends, each time; with a good file it cancels the goal that
    it had sent, and goes on.
    """
    kill_on_the_way(bench, "goal_selector")
    bench.approach = None
    _refuses_all(bench, "goal_selector")
    bench.restart("goal_selector")
    bench.goes_on()


def models_of_body_tracker(bench: AdapterBench) -> None:
    """body_tracker gets a pose network that is damaged or hostile

    It says in one line what is wrong and ends, each time; nobody else notices; with a good file it
    goes on.
    """
    bench.begin()
    bench.kill("body_tracker")
    killed = bench.since
    _refuses_all(bench, "body_tracker")
    bench.others_notice_nothing("body_tracker", killed)
    bench.restart("body_tracker")
    bench.works("body_tracker")


def _refuses_all(bench: Bench | AdapterBench, node: str) -> None:
    parameter, suffix = PARAMETERS[node]
    for kind, (content, reason) in bad_models(node).items():
        file = bench.folder / f"{kind}{suffix}"
        file.write_bytes(content)
        bench.refuses(node, parameter, file, reason)
