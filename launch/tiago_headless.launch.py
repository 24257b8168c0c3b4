"""The headless simulator as the robot for real Nav2, with the suite's nodes and a task to do."""

from pathlib import Path

from launch.actions import Shutdown
from launch_ros.actions import Node
from social_nav_nodes.launching import (
    YES_NO,
    argument,
    include,
    later,
    need_executables,
    scene_path,
)

from launch import LaunchDescription

ROOT = Path(__file__).resolve().parent.parent


def generate_launch_description():
    return LaunchDescription(
        [
            argument("scene", "circle", "A name in worlds/scenes, or a scene file"),
            argument(
                "task", "avoid", "As in tiago_gazebo.launch.py", ("avoid", "approach", "none")
            ),
            argument(
                "target", "", "Id of who is approached; '' for whoever wants it, or the first one"
            ),
            argument("social", "true", "Whether people raise costs", YES_NO),
            argument("seed", "1", "Of everything random"),
            argument("speed", "1.0", "Simulated seconds per second"),
            argument("out", "", "Folder for the task's record and metrics; '' for none"),
            argument("extra_params_file", "", "More parameters of Nav2, which win; '' for none"),
            later(start),
        ]
    )


def start(given):
    scene = scene_path(ROOT, given["scene"])
    simulation = {"input": "simulator", "scene": str(scene)}
    simulation |= {name: given[name] for name in ("seed", "speed")}
    navigation = {name: given[name] for name in ("social", "extra_params_file")}
    actions = [
        include(ROOT / "launch" / "social_nav.launch.py", **simulation),
        include(ROOT / "launch" / "navigation.launch.py", use_sim_time="true", **navigation),
    ]
    if given["task"] != "none":
        need_executables("trial")
        parameters = {
            "use_sim_time": True,
            "scene": str(scene),
            "task": given["task"],
            "target": given["target"],
            "arm": "social costs" if given["social"] == "true" else "no social costs",
            "seed": int(given["seed"]),
            "out": given["out"],
        }
        actions.append(
            Node(
                package="social_nav_nodes",
                executable="trial",
                parameters=[parameters],
                output="screen",
                on_exit=Shutdown(reason="the task is over"),
            )
        )
    return actions
