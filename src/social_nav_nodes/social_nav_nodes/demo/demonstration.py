"""Two jobs in a simulated room: avoid people who talk, approach a person who waves.

    python -m social_nav_nodes.demo --out out/demo

Starts the nodes on a DDS graph of their own, gives them their goals, and writes report.html, the
same pictures as PNG, the runs (NPZ) and recordings of the topics (rosbag2 with MCAP) into a folder.
The exit status is 0 when every job has reached its goal.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from social_nav_core.arguments import whole_number
from social_nav_core.evaluation.perceived import Perceived, labels_over_time, save_perceived
from social_nav_core.evaluation.record_file import save_run
from social_nav_core.evaluation.report import Picture, write_report
from social_nav_core.evaluation.run import RunRecord, RunRecordError
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import Scene, load_scene

from social_nav_nodes.demo.display import Display
from social_nav_nodes.demo.domain import ROOT, own_graph
from social_nav_nodes.demo.jobs import JOBS, Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.demo.pace import free_cores, pace
from social_nav_nodes.demo.processes import NodeProcesses
from social_nav_nodes.one_camera import SETTINGS
from social_nav_nodes.running import SIGNALS, undisturbed

CAMERA: dict[str, Any] = {"camera.rate": 15.0}  # [Hz], as fast as body trackers run on robots
PATIENT: dict[str, Any] = {"clock_timeout": 5.0, "navigator_timeout": 2.0}  # of busy machines
MARK = ".social_nav_demo"  # file that says that a folder is a demonstration's
NOTES = (
    "The simulator stands in for Gazebo, and a small planner and path follower for Nav2.",
    "What the robot knows of people comes from simulated skeletons alone: those that a body "
    "tracker would find in the images of its head camera, read by the student network.",
)


class DemoError(Exception):
    """The demonstration cannot go on; the message says why and where to look."""


def main() -> int:
    arguments = build_parser().parse_args()
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    os.environ.update(own_graph())
    if arguments.enclaves is not None:
        os.environ["ROS_DOMAIN_ID"] = str(arguments.enclaves)
    out: Path = arguments.out
    try:
        scenes = {job.scene: load_scene(_scene_file(job, arguments)) for job in JOBS}
        _empty(out)
        print("\n".join(NOTES))
        runs = [
            _run(job, scenes[job.scene], arguments, Display(f"{number}/{len(JOBS)} {job.title}"))
            for number, job in enumerate(JOBS, start=1)
        ]
        display = Display("report")
        display.show("drawing")
        records, pictures = [run for run, _ in runs], [picture for _, picture in runs]
        report = write_report(
            out, records, facts=_facts(arguments), notes=NOTES, pictures=pictures[-1:]
        )
        display.close(str(report))
    except KeyboardInterrupt:
        print("\ninterrupted: all nodes are stopped", file=sys.stderr)
        return 130
    except (DemoError, SceneError, RunRecordError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    Display("recordings of the topics").close(str(out / "recordings"))
    failed = [job for job, run in zip(JOBS, records, strict=True) if not run.reached]
    for job in failed:
        print(f"error: '{job.title}' did not reach its goal", file=sys.stderr)
    return 1 if failed else 0


def build_parser() -> argparse.ArgumentParser:
    """Of the command line."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for the results")
    parser.add_argument("--seed", type=int, default=1, help="of everything random")
    parser.add_argument(
        "--speed",
        type=float,
        help="simulated seconds per second; 1, or down to 0.5 on a machine that is busy",
    )
    parser.add_argument(
        "--config", type=Path, default=ROOT / "config" / "social_nav.yaml", help="parameter file"
    )
    parser.add_argument(
        "--scenes", type=Path, default=ROOT / "worlds" / "scenes", help="folder of scene files"
    )
    parser.add_argument(
        "--enclaves",
        type=whole_number(0, 232),
        metavar="DOMAIN",
        help="ask for SROS 2 enclaves, in the ROS domain that their permissions hold for",
    )
    return parser


def _empty(out: Path) -> None:
    """Make the folder, without what an earlier demonstration has left in it."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise DemoError(f"the folder {out} holds something else; name a new or an empty one: --out")
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
    for name in ("logs", "recordings", "runs"):
        shutil.rmtree(out / name, ignore_errors=True)
    for file in (*out.glob("*.png"), out / "report.html", out / "metrics.csv"):
        file.unlink(missing_ok=True)


def _scene_file(job: Job, arguments: argparse.Namespace) -> Path:
    scenes: Path = arguments.scenes
    return scenes / f"{job.scene}.yaml"


def _run(
    job: Job, scene: Scene, arguments: argparse.Namespace, display: Display
) -> tuple[RunRecord, Picture]:
    """One job, from starting the nodes to stopping them: what happened, and what was believed."""
    out: Path = arguments.out
    secured = arguments.enclaves is not None
    speed: float = pace(free_cores()) if arguments.speed is None else arguments.speed
    rclpy.init(args=["--ros-args", "--enclave", "/social_nav/demo"] if secured else None)
    observer = ObserverNode(job, scene, arguments.seed)
    executor = SingleThreadedExecutor()
    executor.add_node(observer)
    try:
        logs = out / "logs" / job.name
        with NodeProcesses(arguments.config, logs, os.environ, enclaves=secured) as nodes:
            nodes.start("recorder", out=out / "recordings" / job.name)
            nodes.start("perception")
            nodes.start("social_costmap", **SETTINGS["social_costmap"])
            nodes.start(
                "goal_selector", seed=arguments.seed, **PATIENT, **SETTINGS["goal_selector"]
            )
            nodes.start("navigator", use_social_costs=job.social_costs)
            own: dict[str, Any] = {
                "scene": _scene_file(job, arguments),
                "seed": arguments.seed,
                "speed": speed,
                "stands_in": False,
            }
            nodes.start("simulator", **CAMERA, **own)
            _spin(observer, executor, nodes, display)
        if observer.time == 0.0:
            raise DemoError(f"'{job.title}' did not begin: {observer.status}")
        run = observer.record()
    finally:
        executor.shutdown()
        observer.destroy_node()
        rclpy.try_shutdown()
    (out / "runs").mkdir(exist_ok=True)
    save_run(out / "runs" / f"{job.name}.npz", run)
    perceived = observer.perceived.record()
    save_perceived(out / "runs" / f"{job.name}_perceived.npz", perceived)
    busy = arguments.speed is None and speed < 1.0
    slower = f" (simulated at {speed:g} of real time: the machine is busy)" if busy else ""
    display.close(f"{observer.status} after {observer.time:.1f} s{slower}")
    return run, _labels_picture(job, run, perceived)


def _labels_picture(job: Job, run: RunRecord, perceived: Perceived) -> Picture:
    caption = (
        "What the robot believed of each person over time, read off the skeletons alone, and the "
        "truth above."
    )
    text = "For each person, probabilities of intents over time and a strip with the true intents."
    return Picture(f"{job.name}_labels", labels_over_time(perceived, run), caption, text)


def _spin(
    observer: ObserverNode,
    executor: SingleThreadedExecutor,
    nodes: NodeProcesses,
    display: Display,
) -> None:
    while not observer.finished:
        with undisturbed():
            executor.spin_once(timeout_sec=0.1)
        display.show(f"{observer.time:5.1f} s  {observer.status}")
        dead = nodes.first_dead()
        if dead is not None:
            log = nodes.log_of(dead)
            last = log.read_text(errors="replace").strip().rsplit("\n", maxsplit=1)[-1]
            raise DemoError(f"the node {dead} has ended: {last} (all of it: {log})")


def _facts(arguments: argparse.Namespace) -> dict[str, str]:
    return {
        "ROS 2": f"{os.environ.get('ROS_DISTRO', '?')}, rclpy {version('rclpy')}, "
        f"{os.environ.get('RMW_IMPLEMENTATION', 'default middleware')}",
        "Parameters": str(arguments.config.name),
        "Seed": str(arguments.seed),
    }
