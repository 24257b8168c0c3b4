"""geometry_msgs/PoseArray on `people_poses` in, social_people out.

The poses get names and velocities by tracking; their frame should be one that does not move with
the robot, such as map or odom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from geometry_msgs.msg import PoseArray
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from social_nav_core.parameters import parameter
from social_nav_core.tracks import TrackParameters, Tracks

from social_nav_nodes.adapter import AdapterParameters, PeoplePublisher, person_seen
from social_nav_nodes.conversions import pose_from, quaternion_defect, seconds
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.stamps import LATE, StampCheck
from social_nav_nodes.throttled_log import ThrottledLog

POSES = "people_poses"


@dataclass(frozen=True)
class PoseArrayParameters(AdapterParameters):
    """Of the pose_array node."""

    headings: bool = parameter(True, "", "orientations are those of the chests; else not known")


class PoseArrayNode(Node):
    """Adapter of people trackers that publish poses alone."""

    PARAMETERS: ClassVar = {"": PoseArrayParameters, "tracks": TrackParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("pose_array", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._about: PoseArrayParameters = read[""]
        self._tracks = Tracks(read["tracks"])
        self._log = ThrottledLog(self.get_logger())
        self._publisher = PeoplePublisher(self, POSES, self._log)
        self._stamps = StampCheck(self, self._log)
        self._newest, self._frame = 0.0, ""
        self.create_subscription(PoseArray, POSES, self._receive, qos_profile_sensor_data)

    def _receive(self, message: PoseArray) -> None:
        """Tracks begin anew where stamps run back or frames change; not where a message is late."""
        seen = seconds(message.header.stamp)
        if not self._stamps.accepts(message.header, POSES):
            return
        if self._newest - LATE <= seen < self._newest:
            late = f"a message on '{POSES}' is left out: it is {self._newest - seen:.3f} s late"
            self._log.warning("late", late)
            return
        frame = message.header.frame_id
        if self._newest and frame != self._frame:
            self._log.warning("frame", f"poses in '{frame}' follow poses in '{self._frame}'")
            self._tracks.begin_anew()
        self._newest, self._frame = seen, frame
        self._publish(message, seen)

    def _publish(self, message: PoseArray, seen: float) -> None:
        poses, left_out = [], []
        for index, item in enumerate(message.poses, start=1):
            defect = quaternion_defect(item) if self._about.headings else None
            pose = pose_from(item)
            if defect is None and not np.isfinite(pose).all():
                defect = f"pose is {pose.tolist()} [m, m, rad], expected finite numbers"
            if defect is None:
                poses.append(pose)
            else:
                left_out.append((f"pose {index}", defect))
        self._log.left_out(left_out)
        places = np.array(poses).reshape(-1, 3)
        tracked = self._tracks.update(places[:, :2], seen)
        people = [
            person_seen(
                name,
                place[:2],
                velocity,
                seen,
                self._about,
                float(place[2]) if self._about.headings else None,
            )
            for place, (name, velocity) in zip(places, tracked, strict=True)
        ]
        self._publisher.publish(people, message.header)


def main() -> None:
    run_node(PoseArrayNode)


if __name__ == "__main__":
    main()
