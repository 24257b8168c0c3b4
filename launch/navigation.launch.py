"""Nav2's servers with this suite's parameters, and map server and AMCL where they are wanted.

Velocities go from the servers on cmd_vel_nav to the velocity smoother, from it on cmd_vel_smoothed
to the collision monitor, and from that alone on cmd_vel to the base.
"""

import json
import os
import tempfile
from pathlib import Path

from launch.actions import LogInfo
from launch_ros.actions import Node, SetParameter
from social_nav_nodes.launching import (
    TF_REMAPPINGS,
    YES_NO,
    argument,
    described,
    enclave,
    enclaves,
    need_file,
    need_packages,
)

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {
    "controller_server": "nav2_controller",
    "planner_server": "nav2_planner",
    "behavior_server": "nav2_behaviors",
}
SAFETY = {
    "velocity_smoother": "nav2_velocity_smoother",
    "collision_monitor": "nav2_collision_monitor",
}
LIMITS = str(ROOT / "config" / "collision_monitor.yaml")
NAVIGATOR = {"bt_navigator": "nav2_bt_navigator"}
LOCALISATION = {"map_server": "nav2_map_server", "amcl": "nav2_amcl"}
OF_NAV2 = "/nav2"  # enclaves
BEFORE_THE_SMOOTHER = ("controller_server", "behavior_server", "velocity_smoother")
"""Nodes whose cmd_vel is what Nav2 wants, not yet what the base gets."""
UNGUARDED = (
    "safety:=false: Nav2 drives cmd_vel itself; velocity smoother and collision monitor have to "
    "come from the robot's own stack"
)


def generate_launch_description():
    return described(
        start,
        [
            argument("use_sim_time", "false", "Whether time comes from /clock", YES_NO),
            argument("params_file", str(ROOT / "config" / "nav2_tiago.yaml"), "Parameters of Nav2"),
            argument("extra_params_file", "", "More parameters of Nav2, which win; '' for none"),
            argument("namespace", "", "Namespace of all nodes and topics"),
            argument(
                "map",
                "",
                "Map (YAML) to serve and to localise in with AMCL; '' when map and localisation "
                "come from elsewhere",
            ),
            argument("initial_pose", "0 0 0", "Where AMCL begins: x [m], y [m], yaw [rad]"),
            argument("scan_topic", "/scan", "Laser scan, an absolute name"),
            argument("odom_topic", "odom", "Odometry, whose velocity the controller reads"),
            argument("social", "true", "Whether people raise costs", YES_NO),
            argument(
                "safety",
                "true",
                "Whether Nav2's velocity smoother and collision monitor stand between Nav2 and "
                "cmd_vel; false only where the robot's own stack has both",
                YES_NO,
            ),
            enclaves(),
        ],
    )


def start(given):
    guarded = given["safety"] == "true"
    nodes = {
        **(LOCALISATION if given["map"] else {}),
        **SERVERS,
        **(SAFETY if guarded else {}),
        **NAVIGATOR,
    }
    packages = [*nodes.values(), "nav2_lifecycle_manager"]
    if given["social"] == "true":
        packages.append("social_nav_costmap")
    need_packages(*packages)
    files = parameter_files(given)
    actions = [SetParameter("use_sim_time", given["use_sim_time"] == "true")]
    actions += [
        Node(
            package=package,
            executable=name,
            namespace=given["namespace"],
            parameters=[*([LIMITS] if name in SAFETY else []), *files],
            remappings=remappings(name, guarded),
            output="screen",
            **enclave(given, name, OF_NAV2),
        )
        for name, package in nodes.items()
    ]
    actions.append(
        Node(
            package="nav2_lifecycle_manager",
            executable="lifecycle_manager",
            name="lifecycle_manager_navigation",
            namespace=given["namespace"],
            parameters=[{"autostart": True, "node_names": [*nodes], "bond_timeout": 10.0}],
            output="screen",
            **enclave(given, "lifecycle_manager", OF_NAV2),
        )
    )
    return actions if guarded else [LogInfo(msg=UNGUARDED), *actions]


def remappings(name, guarded):
    """Of one node: its transforms, and what it takes for cmd_vel."""
    wanted = guarded and name in BEFORE_THE_SMOOTHER
    return [*TF_REMAPPINGS, *([("cmd_vel", "cmd_vel_nav")] if wanted else [])]


def parameter_files(given):
    """Paths of the parameter files of all nodes; the later ones win."""
    files = [str(need_file(given, "params_file"))]
    if os.environ.get("ROS_DISTRO") == "humble":
        files.append(str(ROOT / "config" / "nav2_humble.yaml"))
    if given["extra_params_file"]:
        files.append(str(need_file(given, "extra_params_file")))
    return [*files, write_parameters(given)]


def write_parameters(given):
    """A file with what the arguments say, by full node names: those win over the other files."""
    layers = {"obstacle_layer.scan.topic": given["scan_topic"]}
    if given["social"] == "false":
        layers["social_layer.enabled"] = False
    x, y, yaw = (float(number) for number in given["initial_pose"].split())
    start_at = {"initial_pose.x": x, "initial_pose.y": y, "initial_pose.yaw": yaw}
    parameters = {
        "local_costmap/local_costmap": layers,
        "global_costmap/global_costmap": layers,
        "controller_server": {"odom_topic": given["odom_topic"]},
        "velocity_smoother": {"odom_topic": given["odom_topic"]},
        "collision_monitor": {"scan.topic": given["scan_topic"]},
        "bt_navigator": {"odom_topic": given["odom_topic"]},
    }
    if given["map"]:
        map_file = str(need_file(given, "map", "a map (YAML)"))
        parameters["map_server"] = {"yaml_filename": map_file}
        scan = {"scan_topic": given["scan_topic"]}
        parameters["amcl"] = {"set_initial_pose": True, **scan, **start_at}
    namespace = given["namespace"].strip("/")
    prefix = f"/{namespace}/" if namespace else "/"
    content = {f"{prefix}{name}": {"ros__parameters": own} for name, own in parameters.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        file.write("\n".join(f"{key}: {json.dumps(own)}" for key, own in content.items()) + "\n")
    return file.name
