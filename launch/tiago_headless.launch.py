"""The headless simulator as the robot for real Nav2, with the suite's nodes and a task to do."""

from pathlib import Path

from launch_ros.actions import Node
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.launch_arguments import check_target
from social_nav_nodes.launching import (
    YES_NO,
    alone,
    argument,
    described,
    enclave,
    enclaves,
    ends_all,
    include,
    map_of,
    need_executables,
    need_room,
    parameter_arguments,
    recorder_parameters,
    scene_path,
    suite_parameters,
    trial_parameters,
)

from social_nav_nodes import one_camera

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = {"truth": "truth", "perception": "simulator"}  # inputs of social_nav.launch.py


def generate_launch_description():
    return described(
        start,
        [
            argument("scene", "circle", "A name in worlds/scenes, or a scene file"),
            argument(
                "task", "avoid", "As in tiago_gazebo.launch.py", ("avoid", "approach", "none")
            ),
            argument(
                "target", "", "Id of who is approached; '' for whoever wants it, or the first one"
            ),
            argument("social", "true", "Whether people raise costs", YES_NO),
            argument(
                "people",
                "truth",
                "What the robot knows of people. truth: all; perception: what the student reads "
                "off the bodies that the simulated camera sees",
                PEOPLE,
            ),
            argument("seed", "1", "Of everything random"),
            argument("speed", "1.0", "Simulated seconds per second"),
            argument(
                "localization",
                "false",
                "true: Nav2's map server and AMCL, and odometry that drifts; false: the simulator "
                "gives map and exact localisation",
                YES_NO,
            ),
            argument("out", "", "Folder for the task's record and metrics; '' for none"),
            argument("record", "false", "Whether to record the topics into OUT/bag (MCAP)", YES_NO),
            argument(
                "safety", "true", "Whether velocities pass smoother and collision monitor", YES_NO
            ),
            *parameter_arguments(ROOT),
            enclaves(),
        ],
    )


def start(given):
    scene = scene_path(ROOT, given["scene"])
    about = load_scene(scene)
    check_target(given, about)
    need_room(given["out"])
    simulation = {"input": PEOPLE[given["people"]], "scene": str(scene)}
    simulation |= {
        name: given[name] for name in ("seed", "speed", "localization", "params_file", "enclaves")
    }
    passed = ("social", "safety", "nav2_params_file", "extra_params_file", "enclaves")
    navigation = {name: given[name] for name in passed}
    navigation["social_timeout"] = str(one_camera.KEPT) if given["people"] == "perception" else ""
    if given["localization"] == "true":
        pose = " ".join(str(number) for number in about.robot)
        navigation |= {"map": str(map_of(ROOT, about)), "initial_pose": pose}
    actions = [
        *alone(),
        include(ROOT / "launch" / "social_nav.launch.py", **simulation),
        include(ROOT / "launch" / "navigation.launch.py", use_sim_time="true", **navigation),
    ]
    if given["task"] != "none":
        need_executables("trial")
        actions.append(suite_node(given, "trial", trial_parameters(given, scene)))
    if given["record"] == "true":
        actions.append(suite_node(given, "recorder", recorder_parameters(given)))
    return actions


def suite_node(given, executable, parameters):
    return Node(
        package="social_nav_nodes",
        executable=executable,
        parameters=[suite_parameters(given, {executable: {"use_sim_time": True, **parameters}})],
        output="screen",
        on_exit=ends_all,
        **enclave(given, executable),
    )
