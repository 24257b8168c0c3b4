"""Names and quality of service of what the nodes exchange, and names of frames.

Names of topics are relative, so that a namespace or a remapping moves them.
"""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data

BODIES = "bodies"
SOCIAL_PEOPLE = "social_people"
SOCIAL_PEOPLE_TRUTH = "social_people_truth"
SOCIAL_COSTMAP = "social_costmap"
MAP = "map"
SCAN = "scan"
ODOM = "odom"
GROUND_TRUTH = "ground_truth"
CMD_VEL = "cmd_vel"
PLAN = "plan"
APPROACH_PLACE = "approach_place"
NAVIGATE_TO_POSE = "navigate_to_pose"
APPROACH_PERSON = "approach_person"

MAP_FRAME = "map"
ODOM_FRAME = "odom"
BASE_FRAME = "base_footprint"
LASER_FRAME = "base_laser_link"
CAMERA_FRAME = "head_front_camera_rgb_optical_frame"
BASE_FRAME_MEANING = "of the robot; the robot_base_frame of its Nav2"

SENSOR_QOS = qos_profile_sensor_data
RELIABLE_QOS = QoSProfile(depth=10)
NEWEST_QOS = QoSProfile(depth=1)  # for what replaces all before: a busy node must not lag behind
LATCHED_QOS = QoSProfile(
    depth=1,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    reliability=ReliabilityPolicy.RELIABLE,
)
