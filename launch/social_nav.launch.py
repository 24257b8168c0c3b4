"""People in, social costs and approach goals out: what a robot that runs Nav2 still needs."""

from pathlib import Path

from launch_ros.actions import Node, SetParameter
from social_nav_nodes.launching import (
    INPUTS,
    TF_REMAPPINGS,
    YES_NO,
    alone,
    argument,
    enclave,
    enclaves,
    later,
    need_executables,
    need_file,
    scene_path,
    text,
)

from launch import LaunchDescription
from social_nav_nodes import one_camera

ROOT = Path(__file__).resolve().parent.parent
DRIFTING = {"localised": False, "robot.drift_per_metre": 0.02, "robot.drift_per_turn": 0.02}
CAMERA_TOPICS = (  # the body tracker's names and PAL's
    ("image", "/rgb/image_raw"),
    ("camera_info", "/rgb/camera_info"),
    ("depth", "/depth_registered/image_raw"),
)
WEIGHTS = "the weights:= of the body tracker (ONNX); docs/tiago.md tells how to get some"


def generate_launch_description():
    return LaunchDescription(
        [
            argument(
                "input",
                "simulator",
                "Where people come from. simulator: the bodies that the camera of the headless "
                "simulator sees, which is the robot, too; truth: the same with true people; "
                "bodies: BodyArray on 'bodies' from elsewhere; "
                "camera: the body tracker on images; ros4hri: /humans of REP-155; "
                "people_msgs: people_msgs/People on 'people'; pose_array: geometry_msgs/PoseArray "
                "on 'people_poses'; none: somebody else publishes social_people",
                INPUTS,
            ),
            argument("use_sim_time", "false", "Whether time comes from /clock", YES_NO),
            argument(
                "params_file",
                str(ROOT / "config" / "social_nav.yaml"),
                "Parameters of the suite's nodes",
            ),
            argument("namespace", "", "Namespace of all nodes and topics"),
            argument("scene", "circle", "Scene of the simulator: a name or a file"),
            argument("seed", "1", "Of everything random in the simulator"),
            argument("speed", "1.0", "Of the simulator: simulated seconds per second"),
            argument(
                "localization",
                "false",
                "Whether the simulator leaves the map and localisation to others (map server, "
                "AMCL); its odometry then drifts",
                YES_NO,
            ),
            argument("weights", "", "Pose network (ONNX) of the body tracker"),
            argument("camera", "/head_front_camera", "Namespace of the robot's camera"),
            argument("goal_selector", "true", "Whether to start the goal selector", YES_NO),
            argument(
                "social_costmap",
                "true",
                "Whether to publish social costs as an OccupancyGrid, for RViz and StaticLayer",
                YES_NO,
            ),
            argument(
                "navigator",
                "false",
                "Whether to start the small navigator that stands in for Nav2",
                YES_NO,
            ),
            enclaves(),
            later(start),
        ]
    )


def start(given):
    optional = ("goal_selector", "social_costmap", "navigator")
    names = [*INPUTS[given["input"]], *(name for name in optional if given[name] == "true")]
    need_executables(*names)
    parameters = need_file(given, "params_file")
    simulated = given["input"] in ("simulator", "truth")
    seen = one_camera.SETTINGS if "perception" in names else {}
    own = {}
    if simulated:
        scene = scene_path(ROOT, given["scene"])
        own["simulator"] = {
            "stands_in": given["input"] == "truth",
            "scene": text(scene),
            "seed": int(given["seed"]),
            "speed": float(given["speed"]),
        }
        if given["localization"] == "true":
            own["simulator"] |= DRIFTING
    images = []
    if given["input"] == "camera":
        own["body_tracker"] = {"weights": text(need_file(given, "weights", WEIGHTS))}
        images = [(name, given["camera"] + topic) for name, topic in CAMERA_TOPICS]
    use_sim_time = simulated or given["use_sim_time"] == "true"
    return [
        *(alone() if simulated else []),
        SetParameter("use_sim_time", use_sim_time),
        *(
            Node(
                package="social_nav_nodes",
                executable=name,
                name=name,
                namespace=given["namespace"],
                parameters=[
                    *([seen[name]] if name in seen else []),
                    str(parameters),
                    *([own[name]] if name in own else []),
                ],
                remappings=[*TF_REMAPPINGS, *(images if name == "body_tracker" else ())],
                output="screen",
                **enclave(given, name),
            )
            for name in names
        ),
    ]
