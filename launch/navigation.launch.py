"""Nav2's servers with this suite's parameters, and map server and AMCL where they are wanted.

Velocities go from the servers on cmd_vel_nav to the velocity smoother, from it on cmd_vel_smoothed
to the collision monitor, and from that alone on cmd_vel to the base.
"""

import os
from pathlib import Path

from launch.actions import LogInfo
from launch_ros.actions import Node, SetParameter
from social_nav_nodes.launching import (
    TF_REMAPPINGS,
    YES_NO,
    MissingError,
    argument,
    described,
    enclave,
    enclaves,
    has_package,
    need_file,
    need_packages,
    scratch,
    whole_namespace,
    within,
)
from social_nav_nodes.parameter_files import NodeParameters

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
LIMITS = ROOT / "config" / "collision_monitor.yaml"
OWN = ROOT / "config" / "nav2_tiago.yaml"
HUMBLE = ROOT / "config" / "nav2_humble.yaml"
WITHOUT_THE_LAYER = ROOT / "config" / "nav2_static_social_costs.yaml"
NAVIGATOR = {"bt_navigator": "nav2_bt_navigator"}
LOCALISATION = {"map_server": "nav2_map_server", "amcl": "nav2_amcl"}
COSTMAPS = ("local_costmap/local_costmap", "global_costmap/global_costmap")
SOCIAL_LAYER = "social_nav_costmap::SocialLayer"
STATIC_LAYER = "social_static_layer"  # of nav2_static_social_costs.yaml
OF_NAV2 = "/nav2"  # enclaves
BEFORE_THE_SMOOTHER = ("controller_server", "behavior_server", "velocity_smoother")
"""Nodes whose cmd_vel is what Nav2 wants, not yet what the base gets."""
UNGUARDED = (
    "safety:=false: Nav2 drives cmd_vel itself; velocity smoother and collision monitor have to "
    "come from the robot's own stack"
)
NOWHERE = (
    "initial_pose:= is not given: AMCL waits until somebody tells where the robot is, on "
    "initialpose (RViz: 2D Pose Estimate)"
)
NO_COSTS = "no costmap of the parameter files has a social layer: people raise no costs"
NO_LAYER = (
    "social_nav_costmap is not installed: build it (it is part of this repository), or give "
    f"extra_params_file:={WITHOUT_THE_LAYER}, which does without, or social:=false"
)


def generate_launch_description():
    return described(
        start,
        [
            argument("use_sim_time", "false", "Whether time comes from /clock", YES_NO),
            argument("nav2_params_file", str(OWN), "Parameters of Nav2, instead of the suite's"),
            argument("extra_params_file", "", "More parameters of Nav2, which win; '' for none"),
            argument("namespace", "", "Namespace of all nodes and topics"),
            argument(
                "map",
                "",
                "Map (YAML) to serve and to localise in with AMCL; '' when map and localisation "
                "come from elsewhere",
            ),
            argument(
                "initial_pose",
                "",
                "Where AMCL begins: x [m], y [m], yaw [rad]; '' to wait for it on initialpose",
            ),
            argument(
                "scan_topic",
                "",
                "Laser scan, within the namespace unless it begins with /, whatever the parameter "
                "files say; '' for theirs, which is scan in those of the suite",
            ),
            argument(
                "odom_topic",
                "",
                "Odometry, whose velocity the controller reads, in the same way; '' is odom",
            ),
            argument("social", "true", "Whether people raise costs", YES_NO),
            argument(
                "social_timeout",
                "",
                "How long the social layer keeps who is not seen any more [s], 10 where one "
                "camera on the robot sees people; '' for what the parameter files say",
            ),
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
    need_packages(*nodes.values(), "nav2_lifecycle_manager")
    parameters, said = parameters_of(given, nodes)
    file = parameters.write(scratch())
    said += [] if guarded else [UNGUARDED]
    actions = [SetParameter("use_sim_time", given["use_sim_time"] == "true")]
    actions += [
        Node(
            package=package,
            executable=name,
            namespace=given["namespace"],
            parameters=[file],
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
    return [*(LogInfo(msg=line) for line in said), *actions]


def remappings(name, guarded):
    """Of one node: its transforms, and what it takes for cmd_vel."""
    wanted = guarded and name in BEFORE_THE_SMOOTHER
    return [*TF_REMAPPINGS, *([("cmd_vel", "cmd_vel_nav")] if wanted else [])]


def parameters_of(given, nodes):
    """Parameters of the nodes and costmaps, and lines that whoever starts them has to know."""
    namespace = whole_namespace(given)
    parameters = NodeParameters([*nodes, *COSTMAPS], namespace)
    first = need_file(given, "nav2_params_file")
    theirs = [] if first.resolve() == OWN.resolve() else [first]
    ours = [OWN] if not theirs else []
    if "collision_monitor" in nodes:
        ours.append(LIMITS)
    if os.environ.get("ROS_DISTRO") == "humble":
        ours.append(HUMBLE)
    for path in ours:
        parameters.add_file(path)
    use_topics(parameters, nodes, f"{namespace}/scan", f"{namespace}/odom")

    said = []
    if given["extra_params_file"]:
        theirs.append(need_file(given, "extra_params_file"))
    for path in theirs:
        others = ", ".join(parameters.add_file(path))
        said += [f"{path}: not started here, so without effect: {others}"] if others else []
    topics = [given[name] for name in ("scan_topic", "odom_topic")]
    use_topics(parameters, nodes, *(within(namespace, topic) for topic in topics))
    for node in (*nodes, *COSTMAPS):  # Nav2's own files say true, also on a robot
        parameters.put(node, "use_sim_time", given["use_sim_time"] == "true")
    said += localise(given, parameters)
    said += use_social_layers(given, parameters, namespace)
    return parameters, said


def use_topics(parameters, nodes, scan, odometry):
    """Have all nodes read a scan and an odometry, by absolute names; '' leaves theirs."""
    if scan:
        for costmap in COSTMAPS:  # whose layers would look for it in the costmap's namespace
            for name in parameters.names(costmap):
                if name.endswith(".scan.topic"):
                    parameters.put(costmap, name, scan)
        for node, name in (("collision_monitor", "scan.topic"), ("amcl", "scan_topic")):
            if node in nodes:
                parameters.put(node, name, scan)
    if odometry:
        for node in nodes.keys() & {"controller_server", "velocity_smoother", "bt_navigator"}:
            parameters.put(node, "odom_topic", odometry)


def localise(given, parameters):
    """Give map server and AMCL the map and where the robot is in it."""
    if not given["map"]:
        if given["initial_pose"]:
            raise MissingError("initial_pose:= is for AMCL, which needs map:=FILE")
        return []
    map_file = str(need_file(given, "map", "a map (YAML)"))
    parameters.put("map_server", "yaml_filename", map_file)
    if not given["initial_pose"]:
        return [] if parameters.value("amcl", "set_initial_pose") else [NOWHERE]
    parameters.put("amcl", "set_initial_pose", True)
    numbers = [float(number) for number in given["initial_pose"].split()]
    for name, number in zip(("x", "y", "yaw"), numbers, strict=True):
        parameters.put("amcl", f"initial_pose.{name}", number)
    return []


def use_social_layers(given, parameters, namespace):
    """Leave the layers that have social costs out of the costmaps, or set what is said of them."""
    used = set()
    for costmap in COSTMAPS:
        layers = parameters.value(costmap, "plugins") or []
        kinds = {name: parameters.value(costmap, f"{name}.plugin") for name in layers}
        social = [name for name in layers if name == STATIC_LAYER or kinds[name] == SOCIAL_LAYER]
        if given["social"] == "false":
            left = [name for name in layers if name not in social]
            parameters.put(costmap, "plugins", left)
            continue
        used |= {kinds[name] for name in social}
        for name in social:
            if name == STATIC_LAYER:
                parameters.put(costmap, f"{name}.map_topic", f"{namespace}/social_costmap")
            elif given["social_timeout"]:
                parameters.put(costmap, f"{name}.timeout", float(given["social_timeout"]))
    if SOCIAL_LAYER in used and not has_package("social_nav_costmap"):
        raise MissingError(NO_LAYER)
    return [] if used or given["social"] == "false" else [NO_COSTS]
