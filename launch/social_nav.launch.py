"""People in, social costs and approach goals out: what a robot that runs Nav2 still needs."""

from pathlib import Path

from launch.actions import LogInfo
from launch_ros.actions import Node, SetParameter
from social_nav_nodes.launching import (
    INPUTS,
    TF_REMAPPINGS,
    YES_NO,
    MissingError,
    alone,
    argument,
    described,
    enclave,
    enclaves,
    ends_all,
    need_executables,
    need_file,
    scene_path,
    suite_parameters,
    within,
)

from social_nav_nodes import one_camera

ROOT = Path(__file__).resolve().parent.parent
DRIFTING = {"localised": False, "robot.drift_per_metre": 0.02, "robot.drift_per_turn": 0.02}
CAMERA_TOPICS = {  # the body tracker's names; PAL's
    "image": ("rgb/image_raw", "colour images"),
    "camera_info": ("rgb/camera_info", "its lens"),
    "depth": ("depth_registered/image_raw", "depth images, registered to the others"),
}
BASE_FRAMES = {  # the nodes' parameters for the robot's frame
    **dict.fromkeys(
        ("body_tracker", "goal_selector", "perception", "social_costmap"), "base_frame"
    ),
    "ros4hri": "frame",
}
NOBODY = "input:=none: people come from whoever publishes social_people; --show-args lists inputs"
UNGUARDED = (
    "navigator:=true drives past collision monitor and velocity smoother: it is for simulated "
    "robots, with input:=simulator or truth; use Nav2 (navigation.launch.py)"
)
WEIGHTS = "the weights:= of the body tracker (ONNX); docs/tiago.md tells how to get some"


def generate_launch_description():
    return described(
        start,
        [
            argument(
                "input",
                "none",
                "Where people come from. none: somebody else publishes social_people; "
                "bodies: BodyArray on 'bodies' from elsewhere; "
                "camera: the body tracker on images; ros4hri: /humans of REP-155; "
                "people_msgs: people_msgs/People on 'people'; pose_array: geometry_msgs/PoseArray "
                "on 'people_poses'; simulator: the bodies that the headless simulator's camera "
                "sees: it is the robot, too, so never beside a real one; truth: the same, but true "
                "people",
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
            *(
                argument(name, default, f"Its topic of {what}, within the camera's namespace")
                for name, (default, what) in CAMERA_TOPICS.items()
            ),
            argument(
                "camera_frame",
                "",
                "Its optical frame, for who remembers what it does not see; '' for that of "
                "params_file",
            ),
            argument(
                "base_frame",
                "",
                "The robot's frame, such as base_link; '' for that of params_file, or else "
                "base_footprint",
            ),
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
                "Whether to start the small navigator that stands in for Nav2; only with the "
                "simulator",
                YES_NO,
            ),
            enclaves(),
        ],
    )


def start(given):
    optional = ("goal_selector", "social_costmap", "navigator")
    names = [*INPUTS[given["input"]], *(name for name in optional if given[name] == "true")]
    simulated = given["input"] in ("simulator", "truth")
    if "navigator" in names and not simulated:
        raise MissingError(UNGUARDED)
    need_executables(*names)
    seen = one_camera.SETTINGS if "perception" in names else {}
    use_sim_time = simulated or given["use_sim_time"] == "true"
    own = {name: {"use_sim_time": use_sim_time} for name in names}
    if simulated:
        scene = scene_path(ROOT, given["scene"])
        own["simulator"] |= {
            "stands_in": given["input"] == "truth",
            "scene": str(scene),
            "seed": int(given["seed"]),
            "speed": float(given["speed"]),
        }
        if given["localization"] == "true":
            own["simulator"] |= DRIFTING
    images = []
    if given["input"] == "camera":
        own["body_tracker"]["weights"] = str(need_file(given, "weights", WEIGHTS))
        camera = given["camera"].rstrip("/")
        images = [(name, within(camera, given[name])) for name in CAMERA_TOPICS]
    if given["camera_frame"] and "perception" in names:
        own["perception"]["camera_frame"] = given["camera_frame"]
    if given["base_frame"]:
        for name in BASE_FRAMES.keys() & names:
            own[name][BASE_FRAMES[name]] = given["base_frame"]
    parameters = suite_parameters(given, own, before=seen)
    return [
        *(alone() if simulated else []),
        *([LogInfo(msg=NOBODY)] if given["input"] == "none" else []),
        SetParameter("use_sim_time", use_sim_time),
        *(
            Node(
                package="social_nav_nodes",
                executable=name,
                name=name,
                namespace=given["namespace"],
                parameters=[parameters],
                remappings=[*TF_REMAPPINGS, *(images if name == "body_tracker" else ())],
                output="screen",
                **({"on_exit": ends_all} if name in INPUTS[given["input"]] else {}),
                **enclave(given, name),
            )
            for name in names
        ),
    ]
