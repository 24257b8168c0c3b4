"""The faults in which a node is killed, as by kill -9, and started again."""

from __future__ import annotations

from social_nav_msgs.action import ApproachPerson
from social_nav_nodes.endurance.bench import COST_TIMEOUT, ROUND, Bench
from social_nav_nodes.endurance.outcomes import BACK

Result = ApproachPerson.Result
NAVIGATOR_GONE = "no sign of life|no action server"
"""Of a navigator that had, or was just being sent, the goal."""


def kill_on_the_way(bench: Bench, node: str) -> None:
    """Kill a node while the robot drives to a person; limits count from here on."""
    bench.drive()
    bench.kill(node)


def kill_social_costmap(bench: Bench) -> None:
    """kill -9 of social_costmap, and restart

    The navigator drops the costs within their timeout and says so; the approach goes on.
    """
    kill_on_the_way(bench, "social_costmap")
    bench.says("navigator", "no social costs", COST_TIMEOUT + ROUND + 1.0)
    bench.says("health", "social_costmap' is silent")
    bench.restart("social_costmap")
    bench.goes_on()


def kill_goal_selector(bench: Bench) -> None:
    """kill -9 of goal_selector, and restart

    The robot drives at most to the place that was sent last; started again, the node cancels
    that goal, and the robot stands.
    """
    kill_on_the_way(bench, "goal_selector")
    bench.approach, killed = None, bench.since
    bench.restart("goal_selector")  # it may be at work before the graph has it
    left_behind = "sent before it was started is cancelled"
    bench.says("goal_selector", left_behind, BACK, since=killed)
    bench.stands()
    bench.now()
    bench.goes_on()
    bench.kill("goal_selector")
    bench.approach = None
    bench.says("health", "goal_selector' is silent")
    bench.restart("goal_selector")
    bench.goes_on()


def kill_navigator(bench: Bench) -> None:
    """kill -9 of navigator in the middle of a goal, and restart

    The approach fails within a second with the reason; the robot brakes by itself.
    """
    kill_on_the_way(bench, "navigator")
    bench.ends(Result.NAVIGATION_FAILED, NAVIGATOR_GONE)
    bench.stands()
    bench.says("goal_selector", NAVIGATOR_GONE)
    bench.says("health", "navigator' is silent")
    bench.restart("navigator")
    bench.goes_on()


def kill_simulator(bench: Bench) -> None:
    """kill -9 of simulator, the source of people, and restart: time goes back to its start

    The approach ends within a second; on a clock that went back everything is forgotten.
    """
    kill_on_the_way(bench, "simulator")
    bench.ends(Result.PERSON_LOST, "stood still|nothing new")
    bench.says("goal_selector", "stands still", 6.0)
    bench.says("health", "simulator' is silent", 6.0)
    bench.restart("simulator")
    bench.goes_on()


def kill_recorder(bench: Bench) -> None:
    """kill -9 of recorder, and restart: nobody else notices"""
    kill_on_the_way(bench, "recorder")
    bench.says("health", "recorder' is silent")
    bench.restart("recorder")
    bench.keeps_driving()


def kill_perception(bench: Bench) -> None:
    """kill -9 of perception, and restart: it sees people again, and nobody else notices"""
    kill_on_the_way(bench, "perception")
    bench.says("health", "perception' is silent")
    bench.restart("perception")
    bench.perceives()
    bench.keeps_driving()


def kill_health(bench: Bench) -> None:
    """kill -9 of health, which watches the others, and restart: nobody else notices"""
    kill_on_the_way(bench, "health")
    bench.restart("health")
    bench.expect(
        "health knows the others",
        lambda: bench.witness.report("health", "all is well", bench.since, worst=False),
        5.0,
    )
    bench.keeps_driving()
