"""What the launch files share: finding scenes, enclaves, and who is reached from the network.

Imported by launch files only; needs ROS 2's `launch`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.events.process import ProcessExited
from launch.frontend import Entity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.logging import launch_config
from launch_ros.parameter_descriptions import ParameterValue
from social_nav_core.sim.gazebo.map import map_files
from social_nav_core.sim.scene import Scene

from launch import LaunchContext, LaunchDescription
from social_nav_nodes.demo.domain import instead_of_others
from social_nav_nodes.launch_arguments import MissingError, check
from social_nav_nodes.launch_command import check_names
from social_nav_nodes.parameter_files import NodeParameters

INPUTS = {
    "none": (),
    "simulator": ("simulator", "perception"),
    "truth": ("simulator",),
    "bodies": ("perception",),
    "camera": ("body_tracker", "perception"),
    "ros4hri": ("ros4hri", "perception"),
    "people_msgs": ("people_msgs",),
    "pose_array": ("pose_array",),
}
"""Executables of social_nav_nodes that bring people in, by the value of the argument ``input``."""
SUITE = ("goal_selector", "social_costmap", "navigator", "gazebo_people", "trial", "recorder")
"""The other executables of the launch files, which are called as their nodes are."""
YES_NO = ("true", "false")
TF_REMAPPINGS = (("/tf", "tf"), ("/tf_static", "tf_static"))
OURS = "/social_nav"
"""Where the enclaves of the suite's nodes are."""
RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
FAR = ("SUBNET", "SYSTEM_DEFAULT")
"""Ranges that somebody chooses who wants a simulation to be seen from other computers."""


def argument(
    name: str, default: str, description: str, choices: Iterable[str] | None = None
) -> DeclareLaunchArgument:
    """A launch argument with its description and, where there are some, its only values."""
    return DeclareLaunchArgument(
        name,
        default_value=default,
        description=description,
        choices=None if choices is None else list(choices),
    )


def described(
    start: Callable[[dict[str, str]], list[Entity]], arguments: list[DeclareLaunchArgument]
) -> LaunchDescription:
    """What a launch file does, once the values of its arguments are known and are checked.

    Args:
        start: what it starts, by the values of all arguments; a function of the launch file.
        arguments: all that it takes: others are refused.
    """

    def call(context: LaunchContext) -> list[Entity]:
        names = [each.name for each in arguments]
        check_names(Path(start.__code__.co_filename), names, sys.argv)
        given = dict(context.launch_configurations)
        check(given)
        return start(given)

    return LaunchDescription([*arguments, OpaqueFunction(function=call)])


def ends_all(event: ProcessExited, context: LaunchContext) -> list[Entity]:
    """``on_exit`` of a node without which the others are of no use: the launch ends with it.

    Raises:
        RuntimeError: it has failed, which is the launch's error.
    """
    if context.is_shutdown:
        return []
    if event.returncode != 0:
        raise RuntimeError(f"{event.process_name} has ended ({event.returncode}); its log says why")
    return [Shutdown(reason=f"{event.process_name} has ended")]


def enclaves() -> DeclareLaunchArgument:
    """The argument that `enclave` goes by."""
    what = "Whether every process asks for an SROS 2 enclave of its own (docs/security.md)"
    return argument("enclaves", "false", what, YES_NO)


def enclave(given: dict[str, str], name: str, of: str = OURS) -> dict[str, list[str]]:
    """What `launch_ros.actions.Node` takes to start a process in its enclave, when that is asked.

    Args:
        given: values of the arguments.
        name: of the executable.
        of: where the enclave is.
    """
    return {"ros_arguments": ["--enclave", f"{of}/{name}"]} if given["enclaves"] == "true" else {}


def alone() -> list[SetEnvironmentVariable]:
    """What keeps a simulation that starts after it to this computer.

    Its velocities are for no robot in the network. A range that the environment has, stays, and
    peers, discovery servers and profiles with it when it reaches beyond this computer.
    """
    chosen = os.environ.get(RANGE) or "LOCALHOST"
    alone = {RANGE: chosen, "GZ_IP": os.environ.get("GZ_IP") or "127.0.0.1"}
    if chosen not in FAR:
        alone |= instead_of_others()
    return [SetEnvironmentVariable(name, value) for name, value in alone.items()]


def text(value: object) -> ParameterValue:
    """A parameter that is a string, also where it looks like a number or like YAML."""
    return ParameterValue(str(value), value_type=str)


def whole_namespace(given: dict[str, str]) -> str:
    """Where nodes are that get the argument namespace, also in somebody's PushRosNamespace.

    '' or such as /robot1.
    """
    own, above = given.get("namespace", ""), given.get("ros_namespace", "")
    parts = (own if own.startswith("/") else f"{above}/{own}").strip("/")
    return f"/{parts}" if parts else ""


def within(namespace: str, topic: str) -> str:
    """The name of a topic in a namespace; an absolute name, and '', stay as they are."""
    return topic if topic.startswith("/") or not topic else f"{namespace}/{topic}"


def parameter_arguments(root: Path) -> list[DeclareLaunchArgument]:
    """The arguments of a simulation for the parameter files of the suite and of Nav2.

    Args:
        root: folder that holds config/.
    """
    config = root / "config"
    own = "Parameters of the suite's nodes"
    nav2 = "Parameters of Nav2, instead of the suite's"
    more = "More parameters of Nav2, which win; '' for none"
    return [
        argument("params_file", str(config / "social_nav.yaml"), own),
        argument("nav2_params_file", str(config / "nav2_tiago.yaml"), nav2),
        argument("extra_params_file", "", more),
    ]


def suite_parameters(
    given: dict[str, str],
    own: Mapping[str, Mapping[str, object]],
    before: Mapping[str, Mapping[str, object]] | None = None,
) -> str:
    """The path of the parameter file of the suite's nodes.

    What ``params_file`` says wins over what the launch file says without being asked, and what
    arguments say wins over both, however the file names a node.

    Args:
        given: values of the arguments.
        own: what arguments say, by node.
        before: what the launch file says without being asked.
    """
    nodes = {*SUITE, *(name for names in INPUTS.values() for name in names)}
    parameters = NodeParameters(sorted(nodes), whole_namespace(given))
    _put(parameters, before or {})
    parameters.add_file(need_file(given, "params_file"))
    _put(parameters, own)
    return parameters.write(scratch())


def _put(parameters: NodeParameters, values: Mapping[str, Mapping[str, object]]) -> None:
    for node, own in values.items():
        for name, value in own.items():
            parameters.put(node, name, value)


def scratch() -> Path:
    """Where a launch keeps what it makes for its nodes: with its log, in a folder of its own."""
    return Path(launch_config.log_dir)


def trial_parameters(given: dict[str, str], scene: Path) -> dict[str, object]:
    """Of the node that gives a simulation's task.

    Args:
        given: values of the arguments.
        scene: file of the scene.
    """
    return {
        "scene": str(scene),
        "task": given["task"],
        "target": given["target"],
        "arm": "social costs" if given["social"] == "true" else "no social costs",
        "seed": int(given["seed"]),
        "out": given["out"],
    }


def recorder_parameters(given: dict[str, str]) -> dict[str, object]:
    """Of the node that records a simulation; `MissingError` when it cannot."""
    if not given["out"]:
        raise MissingError("record:=true needs out:=FOLDER")
    need_recorder()
    return {"out": str(Path(given["out"]) / "bag")}


def include(path: Path, **arguments: str) -> GroupAction:
    """Include a launch file with some arguments, and no others: what it sets stays inside."""
    source = PythonLaunchDescriptionSource(str(path))
    included = IncludeLaunchDescription(source, launch_arguments=arguments.items())
    return GroupAction([included], scoped=True, forwarding=False)


def need_packages(*packages: str) -> None:
    """Raise `MissingError` unless all ROS packages are installed."""
    missing = [package for package in packages if not has_package(package)]
    if missing:
        distribution = os.environ.get("ROS_DISTRO", "DISTRO")
        debian = " ".join(f"ros-{distribution}-{name.replace('_', '-')}" for name in missing)
        raise MissingError(f"not installed: {', '.join(missing)}; try: apt install {debian}")


def has_package(package: str) -> bool:
    """Whether a ROS package is installed."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def need_executables(*names: str) -> None:
    """Raise `MissingError` unless social_nav_nodes has executables of these names."""
    need_packages("social_nav_nodes")
    folder = Path(get_package_prefix("social_nav_nodes")) / "lib" / "social_nav_nodes"
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise MissingError(
            f"social_nav_nodes has no {', '.join(missing)} in {folder}; build it again"
        )


def need_recorder() -> None:
    """Raise `MissingError` unless the recorder and what it writes recordings with are installed."""
    need_executables("recorder")
    if find_spec("rosbags") is None:
        raise MissingError("recording needs the package rosbags; try: pip install rosbags==0.11.9")


def need_room(out: str | Path) -> None:
    """Raise `MissingError` when a recording is in a task's folder already.

    The record of another task would lie beside it, and be taken for the recording's.
    """
    bag = Path(out) / "bag"
    if out and os.path.lexists(bag):
        raise MissingError(f"out: {bag} is there already; expected a folder without a recording")


def scene_path(root: Path, scene: str) -> Path:
    """The file of a scene, given by its name or as a path.

    Args:
        root: folder that holds worlds/.
        scene: name of a file in worlds/scenes, without its ending, or the path of a scene file.

    Raises:
        MissingError: there is no such scene; the names of those that there are.
    """
    folder = root / "worlds" / "scenes"
    path = Path(scene) if scene.endswith(".yaml") else folder / f"{scene}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise MissingError(f"no scene '{scene}': expected {names}, or the path of a scene file")
    return path


def map_of(root: Path, scene: Scene) -> Path:
    """The map (YAML) of a scene's room: the shipped one where it is the same, else a new one.

    Args:
        root: folder that holds worlds/.
        scene: whose room it is.
    """
    name = scene.room.name
    image, description = map_files(scene.room)
    contents = {f"{name}.pgm": image, f"{name}.yaml": description}
    folder = root / "worlds" / "maps"
    if any(
        not (folder / file).is_file() or (folder / file).read_bytes() != data
        for file, data in contents.items()
    ):
        folder = Path(tempfile.mkdtemp(prefix="map_", dir=scratch()))
        for file, data in contents.items():
            (folder / file).write_bytes(data)
    return folder / f"{name}.yaml"


def need_file(given: dict[str, str], name: str, what: str = "a parameter file (YAML)") -> Path:
    """The path of a file that an argument names; `MissingError` when there is none."""
    if not Path(given[name]).is_file():
        raise MissingError(f"{name}: no file '{given[name]}', expected {what}")
    return Path(given[name])
