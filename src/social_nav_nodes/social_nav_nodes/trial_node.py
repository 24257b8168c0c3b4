"""Gives one task to a robot that runs Nav2 and the suite, and writes down how it went.

With `out` set the run (run.npz), its pictures and report.html are kept there, and in task.yaml what
a recording of the topics does not tell.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import rclpy
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from social_nav_core.evaluation.record_file import save_run
from social_nav_core.evaluation.recorded_task import save_task
from social_nav_core.evaluation.report import write_report
from social_nav_core.evaluation.run import RunRecordError
from social_nav_core.evaluation.suites import WILLING
from social_nav_core.parameters import parameter
from social_nav_core.sim.scene import Scene, load_scene

from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.guard import guard
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import SIGNALS, started, undisturbed
from social_nav_nodes.throttled_log import ThrottledLog

TASKS = ("avoid", "approach")
TAKING_BACK = 2.0  # longest wait for each answer when a goal is cancelled [s]


@dataclass(frozen=True)
class TrialParameters:
    """Of the trial node."""

    scene: str = parameter("", "", "scene file (YAML)")
    task: str = parameter("avoid", "", "what the robot is to do", choices=TASKS)
    target: str = parameter(
        "", "", "id of who is approached; empty: whoever wants it, or the first one of the scene"
    )
    arm: str = parameter("social costs", "", "what this run shows, for the report")
    seed: int = parameter(1, "", "of everything random, for the report", 0, 2**31 - 1)
    stay: float = parameter(5.0, "s", "with a person who is approached", 0.0, 600.0)
    timeout: float = parameter(120.0, "s", "after which the task has failed", 1.0, 3600.0)
    nav2: bool = parameter(True, "", "wait until Nav2's bt_navigator is active")
    patience: float = parameter(
        180.0,
        "s",
        "of wall-clock time: for Nav2, then for what the goal needs, and while time stands still",
        1.0,
        3600.0,
    )
    out: str = parameter("", "", "folder for the record and the report; empty: none")


class TrialNode(Node):
    """Holds the parameters, and waits for Nav2."""

    PARAMETERS: ClassVar = {"": TrialParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`."""
        super().__init__("trial", **options)
        guard(self, ThrottledLog(self.get_logger()))
        self.parameters: TrialParameters = read_parameters(self, self.PARAMETERS)[""]
        if not self.parameters.scene:
            raise ValueError("trial: parameter scene is empty, expected the path of a scene")
        self._states = self.create_client(GetState, "bt_navigator/get_state")

    def nav2_is_active(self, timeout: float) -> bool:
        """Wait for Nav2 for some time [s]: until it is active it refuses every goal."""
        end = time.monotonic() + timeout
        self.get_logger().info("waiting for Nav2")
        while time.monotonic() < end:
            if self._states.wait_for_service(1.0):
                answer = self._states.call_async(GetState.Request())
                with undisturbed():
                    rclpy.spin_until_future_complete(self, answer, timeout_sec=2.0)
                state = answer.result()
                if state is not None and state.current_state.id == State.PRIMARY_STATE_ACTIVE:
                    return True
            with undisturbed():
                rclpy.spin_once(self, timeout_sec=0.3)
        return False


def main() -> None:
    """Exit status 0 when the task was done, 1 when not, 130 when it was interrupted."""
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        status = _give(*started(_node_and_scene, SignalHandlerOptions.NO))
    except (KeyboardInterrupt, ExternalShutdownException):
        status = 130
    finally:
        rclpy.try_shutdown()
    sys.exit(status)


def _give(node: TrialNode, scene: Scene) -> int:
    """Give the task and watch over it: exit status 0 when it was done, 1 when not."""
    about = node.parameters
    job = Job(
        title=f"{about.task}, {scene.name}",
        scene=scene.name,
        task=about.task,
        arm=about.arm,
        social_costs=about.arm == "social costs",
        stay=about.stay,
        timeout=about.timeout,
        target=about.target or _first_if_nobody_is_willing(scene),
    )
    observer = ObserverNode(job, scene, about.seed, about.patience)
    try:
        if about.nav2 and not node.nav2_is_active(about.patience):
            node.get_logger().error(
                f"Nav2's bt_navigator has not become active for {about.patience:g} s: see the "
                "output of its lifecycle manager"
            )
            return 1
        status = _watch(observer, node)
        if about.out and observer.time > 0.0:
            _keep(observer, Path(about.out))
    except (RunRecordError, OSError) as error:
        node.get_logger().error(f"no record is kept: {error}")
        return 1
    finally:
        observer.destroy_node()
        node.destroy_node()
    return status


def _node_and_scene() -> tuple[TrialNode, Scene]:
    node = TrialNode()
    return node, load_scene(node.parameters.scene)


def _first_if_nobody_is_willing(scene: Scene) -> str:
    """The id of the scene's first person; empty when somebody, maybe later, wants to interact."""
    labels = [person.labels for person in scene.people]
    labels += [step.labels for person in scene.people for step in person.script]
    if not scene.people or any(label.intent in WILLING for label in labels):
        return ""
    return scene.people[0].id


def _watch(observer: ObserverNode, node: Node) -> int:
    executor = SingleThreadedExecutor()
    executor.add_node(observer)
    said = ""
    try:
        while not observer.finished:
            with undisturbed():
                executor.spin_once(timeout_sec=0.2)
            if observer.status.split(" ", 1)[-1] != said.split(" ", 1)[-1]:
                node.get_logger().info(observer.status)
            said = observer.status
    finally:
        with undisturbed():
            observer.take_back(
                lambda answer: executor.spin_until_future_complete(answer, TAKING_BACK)
            )
        executor.shutdown()
    node.get_logger().info(f"{observer.status} after {observer.time:.1f} s")
    return 0 if observer.status == "reached the goal" else 1


def _keep(observer: ObserverNode, out: Path) -> None:
    run, task = observer.record(), observer.task()
    out.mkdir(parents=True, exist_ok=True)
    save_run(out / "run.npz", run)
    if task is not None:
        save_task(out / "task.yaml", task)
    write_report(out, [run])


if __name__ == "__main__":
    main()
