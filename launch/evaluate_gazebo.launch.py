"""The trials of a suite in Gazebo, one after the other: recorded (MCAP), measured, reported."""

import sys
from itertools import pairwise
from pathlib import Path

from launch.actions import ExecuteProcess, LogInfo, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from social_nav_core.evaluation.suites import draw_trial, load_suite
from social_nav_core.sim.gazebo.names import check_for_gazebo
from social_nav_core.sim.gazebo.scene_file import scene_file
from social_nav_core.sim.pedestrians import require_jupedsim
from social_nav_core.sim.room import load_room
from social_nav_nodes.demo.domain import own_graph, this_computer
from social_nav_nodes.launching import (
    YES_NO,
    MissingError,
    argument,
    described,
    enclaves,
    ends_all,
    need_executables,
    need_packages,
    need_recorder,
    need_room,
)

ROOT = Path(__file__).resolve().parent.parent
ARMS = ("social", "none")


def generate_launch_description():
    return described(
        start,
        [
            argument("suite", "paper", "Suite of trials: a name in worlds/suites, or a file"),
            argument("trials", "5", "Of each scene and task"),
            argument("only", "", "Scenes and tasks, as in 'avoid circle'; '' for all of the suite"),
            argument("arms", "social,none", "Compared: social with, none without social costs"),
            argument("seed", "0", "Of starts, goals and formations"),
            argument("out", "out/gazebo", "Folder for records, recordings and reports"),
            argument(
                "simulator",
                "gazebo",
                "gazebo; or headless: the suite's own, which draws nothing",
                ("gazebo", "headless"),
            ),
            argument(
                "localization", "true", "Whether the headless simulator leaves it to AMCL", YES_NO
            ),
            argument(
                "safety", "true", "Whether velocities pass smoother and collision monitor", YES_NO
            ),
            argument("headless", "true", "Without Gazebo's window and without RViz", YES_NO),
            argument("speed", "1.0", "Simulated seconds per second, at most"),
            argument("robot", "tiago_lite", "As in tiago_gazebo.launch.py", ("tiago_lite", "pal")),
            enclaves(),
        ],
    )


def start(given):
    if given["simulator"] == "gazebo":
        need_packages("ros_gz_sim")
    else:
        need_executables("simulator")
    need_recorder()
    need_executables("trial", "goal_selector", "social_costmap")
    # permissions hold for one domain
    graph = this_computer() if given["enclaves"] == "true" else own_graph()
    trials = list(all_trials(given))
    for _, _, folder in trials:
        need_room(folder)
    processes = [one_trial(given, graph, *item) for item in trials]
    processes.append(report(given))
    then = [
        RegisterEventHandler(
            OnProcessExit(
                target_action=before,
                on_exit=[LogInfo(msg=f"{number} of {len(processes) - 1} trials done"), after],
            )
        )
        for number, (before, after) in enumerate(pairwise(processes), start=1)
    ]
    return [*then, processes[0]]


def all_trials(given):
    """(trial, arm, folder) of every trial, in the order of the suite."""
    path = Path(given["suite"])
    path = path if path.suffix else ROOT / "worlds" / "suites" / f"{path}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml")))
        raise MissingError(f"no suite '{given['suite']}': expected {names}, or a suite file")
    suite = load_suite(path)
    entries = [e for e in suite.entries if given["only"] in ("", e.name)]
    if not entries:
        names = ", ".join(f"'{entry.name}'" for entry in suite.entries)
        raise MissingError(f"only: the suite has no '{given['only']}': expected one of {names}")
    arms = arms_of(given)
    trials, seed = int(given["trials"]), int(given["seed"])
    for entry in entries:
        check_scene(given, entry.scene)
        for index in range(trials):
            trial = draw_trial(entry, index, seed)
            for arm in arms:
                name = f"{entry.name}_{index:03d}_{arm}".replace(" ", "_")
                yield trial, arm, Path(given["out"]).absolute() / name


def arms_of(given):
    """The arms that are compared; social costs are on in the first of `ARMS` alone."""
    arms = [name.strip() for name in given["arms"].split(",")]
    if not set(arms) <= set(ARMS) or len(set(arms)) != len(arms):
        expected = f"{', '.join(ARMS)} or both with a comma between them"
        raise MissingError(f"arms is '{given['arms']}', expected {expected}")
    return arms


def check_scene(given, scene):
    """Raise where the simulator would run something else than the scene."""
    if given["simulator"] == "gazebo":
        check_for_gazebo(scene)
    elif scene.flows:
        require_jupedsim()
    file = room_file(scene)
    if not file.is_file() or load_room(file) != scene.room:
        raise MissingError(
            f"the room '{scene.room.name}' of scene '{scene.name}' is not that of {file}:"
            " put it there, under a name of its own"
        )


def room_file(scene):
    return ROOT / "worlds" / f"{scene.room.name}.yaml"


def one_trial(given, graph, trial, arm, folder):
    """`ros2 launch tiago_SIMULATOR.launch.py` for one trial; it ends by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scene.yaml").write_bytes(scene_file(trial.scene, room_file(trial.scene)))
    arguments = {
        "scene": folder / "scene.yaml",
        "task": trial.task,
        "target": trial.target_id,
        "social": "true" if arm == ARMS[0] else "false",
        "seed": trial.seed % 2**31,
        "out": folder,
        "record": "true",
        "speed": given["speed"],
        "safety": given["safety"],
        "enclaves": given["enclaves"],
    }
    own = ("headless", "robot") if given["simulator"] == "gazebo" else ("localization",)
    arguments |= {name: given[name] for name in own}
    launch_file = ROOT / "launch" / f"tiago_{given['simulator']}.launch.py"
    return ExecuteProcess(
        cmd=[
            *("ros2", "launch", str(launch_file)),
            *(f"{name}:={value}" for name, value in arguments.items() if value != ""),
        ],
        additional_env=graph,
        output="screen",
    )


def report(given):
    """Metrics and report of all recordings."""
    command = [sys.executable, "-m", "social_nav_core", "report-runs", "--recordings"]
    return ExecuteProcess(
        cmd=[*command, given["out"], "--out", given["out"]], output="screen", on_exit=ends_all
    )
