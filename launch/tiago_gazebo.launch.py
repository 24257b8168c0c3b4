"""TIAGo, the room and people in Gazebo, with Nav2 and the suite's nodes, and a task to do."""

import tempfile
from pathlib import Path

import yaml
from launch.actions import ExecuteProcess, IncludeLaunchDescription, Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import Command, FindExecutable
from launch_ros.actions import Node, SetParameter
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare
from social_nav_core.sim.gazebo.classic import classic_world_file
from social_nav_core.sim.gazebo.names import ROBOT_MODEL, check_for_gazebo
from social_nav_core.sim.gazebo.world import world_files
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.launch_arguments import check_target
from social_nav_nodes.launching import (
    YES_NO,
    MissingError,
    alone,
    argument,
    described,
    enclave,
    enclaves,
    ends_all,
    has_package,
    include,
    map_of,
    need_executables,
    need_packages,
    need_room,
    parameter_arguments,
    recorder_parameters,
    scene_path,
    scratch,
    suite_parameters,
    text,
    trial_parameters,
)

from social_nav_nodes import one_camera

ROOT = Path(__file__).resolve().parent.parent
PAL_PACKAGES = ("tiago_gazebo", "tiago_bringup", "tiago_description")
ONLY_WITH_PAL = {"speed": ("1.0", "1"), "gz_version": ("8",)}
PEOPLE = {"truth": "none", "perception": "bodies", "camera": "camera"}
"""Inputs of social_nav.launch.py."""
OF_GAZEBO = "/gazebo"  # enclaves of what simulates the robot and shows it
TOPICS = {
    "tiago_lite": {"scan_topic": "/scan", "odom_topic": "/odom"},
    "pal": {"scan_topic": "/scan_raw", "odom_topic": "/mobile_base_controller/odom"},
}


def generate_launch_description():
    return described(
        start,
        [
            argument(
                "scene",
                "circle",
                "Room and people: single, face_to_face, side_by_side, l_shape, circle, "
                "corridor_crossing, another name in worlds/scenes, or a scene file",
            ),
            argument(
                "task",
                "avoid",
                "avoid: drive to the scene's goal; approach: walk up to whoever wants it; "
                "none: wait for goals",
                ("avoid", "approach", "none"),
            ),
            argument(
                "target", "", "Id of who is approached; '' for whoever wants it, or the first one"
            ),
            argument("social", "true", "Whether people raise costs", YES_NO),
            argument(
                "people",
                "truth",
                "What the robot knows of people. truth: all; perception: what the student reads "
                "off the bodies that a simulated body tracker sees; camera: off those that the "
                "body tracker sees in the camera's images",
                PEOPLE,
            ),
            argument("weights", "", "Pose network (ONNX) of the body tracker"),
            argument("headless", "false", "Without Gazebo's window and without RViz", YES_NO),
            argument("rviz", "true", "Whether to start RViz; never when headless", YES_NO),
            argument(
                "robot",
                "tiago_lite",
                "tiago_lite: the suite's own; pal: that of PAL's packages (Gazebo of Humble)",
                ("tiago_lite", "pal"),
            ),
            argument(
                "safety", "true", "Whether velocities pass smoother and collision monitor", YES_NO
            ),
            argument("gz_version", "8", "Major version of Gazebo: 8 is Harmonic, Jazzy's; '' any"),
            argument("seed", "1", "Of everything random"),
            argument(
                "speed",
                "1.0",
                "Simulated seconds per second, at most; lower it where Nav2 is starved",
            ),
            argument("out", "", "Folder for the task's record and metrics; '' for none"),
            argument("record", "false", "Whether to record the topics into OUT/bag (MCAP)", YES_NO),
            *parameter_arguments(ROOT),
            enclaves(),
        ],
    )


def start(given):
    need_executables("gazebo_people", "goal_selector", "social_costmap", "trial")
    scene_file = scene_path(ROOT, given["scene"])
    scene = load_scene(scene_file)
    check_for_gazebo(scene)
    check_target(given, scene)
    need_room(given["out"])
    world, map_file = files_of(scene, given["scene"], float(given["speed"]))
    actions = [*alone(), SetParameter("use_sim_time", True)]
    if given["robot"] == "pal":
        actions += pal_robot(given, scene)
    else:
        actions += tiago_lite(given, scene, world)
    actions += [
        include(
            ROOT / "launch" / "navigation.launch.py",
            use_sim_time="true",
            nav2_params_file=given["nav2_params_file"],
            extra_params_file=given["extra_params_file"],
            map=str(map_file),
            initial_pose=" ".join(str(number) for number in scene.robot),
            **TOPICS[given["robot"]],
            social=given["social"],
            social_timeout="" if given["people"] == "truth" else str(one_camera.KEPT),
            safety=given["safety"],
            enclaves=given["enclaves"],
        ),
        include(
            ROOT / "launch" / "social_nav.launch.py",
            input=PEOPLE[given["people"]],
            weights=given["weights"],
            use_sim_time="true",
            params_file=given["params_file"],
            enclaves=given["enclaves"],
        ),
        gazebo_people(given, scene_file),
    ]
    if given["task"] != "none":
        actions.append(trial(given, scene_file))
    if given["record"] == "true":
        actions.append(recording(given))
    if given["rviz"] == "true" and given["headless"] == "false":
        need_packages("rviz2")
        view = ["-d", str(ROOT / "config" / "social_nav.rviz")]
        own = enclave(given, "rviz2", OF_GAZEBO)
        actions.append(Node(package="rviz2", executable="rviz2", arguments=view, **own))
    return actions


def files_of(scene, name, speed):
    """The world and the map of a scene: those that are shipped where they fit, or new ones."""
    world = ROOT / "worlds" / "sdf" / f"{name}.sdf"
    if speed != 1.0 or not world.is_file():
        folder = Path(tempfile.mkdtemp(prefix="world_", dir=scratch()))
        world = folder / "sdf" / f"{scene.name}.sdf"
        for path, content in world_files(scene, speed).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content)
    return world, map_of(ROOT, scene)


def tiago_lite(given, scene, world):
    """Gazebo with the world, the robot in it, and the bridges between Gazebo and ROS."""
    need_packages("ros_gz_sim", "ros_gz_bridge", "robot_state_publisher", "xacro")
    options = ["-r", "-s", "--headless-rendering"] if given["headless"] == "true" else ["-r"]
    x, y, yaw = (str(number) for number in scene.robot)
    walkers = [person.id for person in scene.people if person.script]
    model = ROOT / "worlds" / "robots" / "tiago_lite.urdf.xacro"
    description = ParameterValue(
        Command([FindExecutable(name="xacro"), " ", str(model)]), value_type=str
    )
    if given["gz_version"]:
        options += ["--force-version", given["gz_version"]]
    return [
        # Not by gz_sim.launch.py: its shell keeps the signal that ends the launch from Gazebo.
        ExecuteProcess(
            cmd=["gz", "sim", *options, str(world)],
            name="gazebo",
            output="screen",
            on_exit=Shutdown(reason="Gazebo has ended"),
        ),
        Node(
            package="robot_state_publisher",
            executable="robot_state_publisher",
            parameters=[{"robot_description": description}],
            **enclave(given, "robot_state_publisher", OF_GAZEBO),
        ),
        Node(
            package="ros_gz_sim",
            executable="create",
            arguments=[
                *("-name", ROBOT_MODEL, "-topic", "robot_description"),
                *("-x", x, "-y", y, "-z", "0.005", "-Y", yaw),
            ],
            **enclave(given, "create", OF_GAZEBO),
        ),
        Node(
            package="ros_gz_bridge",
            executable="parameter_bridge",
            parameters=[{"config_file": text(bridge_file(walkers))}],
            **enclave(given, "parameter_bridge", OF_GAZEBO),
        ),
    ]


def bridge_file(walkers):
    """What is bridged: config/gazebo_bridge.yaml, and velocities and poses of those who walk."""
    bridged = yaml.safe_load((ROOT / "config" / "gazebo_bridge.yaml").read_text())
    for name in walkers:
        bridged += [
            {
                "topic_name": f"/model/{name}/cmd_vel",
                "ros_type_name": "geometry_msgs/msg/Twist",
                "gz_type_name": "gz.msgs.Twist",
                "direction": "ROS_TO_GZ",
            },
            {
                "ros_topic_name": "/gazebo_poses",
                "gz_topic_name": f"/model/{name}/pose",
                "ros_type_name": "tf2_msgs/msg/TFMessage",
                "gz_type_name": "gz.msgs.Pose_V",
                "direction": "GZ_TO_ROS",
            },
        ]
    path = scratch() / "gazebo_bridge.yaml"
    path.write_text(yaml.safe_dump(bridged))
    return path


def pal_robot(given, scene):
    """PAL's own robot and controllers in the Gazebo that their packages are made for."""
    for name, only in ONLY_WITH_PAL.items():
        if given[name] not in only:
            raise MissingError(
                f"{name}:={given[name]} is for robot:=tiago_lite: Gazebo classic does not take it"
            )
    missing = [package for package in PAL_PACKAGES if not has_package(package)]
    if missing:
        raise MissingError(
            f"robot:=pal needs PAL's simulation, which lacks {', '.join(missing)}; PAL releases it "
            "for Humble (apt install ros-humble-tiago-simulation); or use robot:=tiago_lite"
        )
    world = scratch() / "world.sdf"
    world.write_bytes(classic_world_file(scene))
    x, y, yaw = (str(number) for number in scene.robot)
    return [
        include_from(
            "gazebo_ros",
            "gazebo.launch.py",
            world=str(world),
            gui="false" if given["headless"] == "true" else "true",
        ),
        include_from("tiago_bringup", "tiago_bringup.launch.py", use_sim_time="True"),
        Node(
            package="gazebo_ros",
            executable="spawn_entity.py",
            arguments=[
                *("-topic", "robot_description", "-entity", ROBOT_MODEL),
                *("-x", x, "-y", y, "-Y", yaw),
            ],
        ),
    ]


def gazebo_people(given, scene_file):
    """The node that moves people, and tells as much of them as the robot is to know."""
    parameters = {
        "scene": str(scene_file),
        "seed": int(given["seed"]),
        "people": given["people"] == "truth",
    }
    aside = [("bodies", "simulated_bodies")] if given["people"] == "camera" else []
    return suite_node(given, "gazebo_people", parameters, remappings=aside)


def trial(given, scene_file):
    """The node that gives the task, and ends everything when it is over and has a record."""
    ends = {"on_exit": ends_all} if given["out"] else {}
    return suite_node(
        given, "trial", trial_parameters(given, scene_file), name=None, **ends, **renamed(given)
    )


def recording(given):
    """The node that records what the suite and Nav2 say, without images."""
    parameters = recorder_parameters(given)
    return suite_node(given, "recorder", parameters, on_exit=ends_all, **renamed(given))


def renamed(given):
    """What the robot calls otherwise than the suite's nodes that listen to it."""
    topics = TOPICS[given["robot"]]
    return {"remappings": [("odom", topics["odom_topic"]), ("scan", topics["scan_topic"])]}


def suite_node(given, executable, parameters, **options):
    return Node(
        package="social_nav_nodes",
        executable=executable,
        name=options.pop("name", executable),
        parameters=[suite_parameters(given, {executable: {"use_sim_time": True, **parameters}})],
        output="screen",
        **enclave(given, executable),
        **options,
    )


def include_from(package, name, **arguments):
    source = PythonLaunchDescriptionSource([FindPackageShare(package), "/launch/", name])
    return IncludeLaunchDescription(source, launch_arguments=arguments.items())
