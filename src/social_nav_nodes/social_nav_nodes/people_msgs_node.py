"""people_msgs/People on `people` in, social_people out.

That message has names, positions and velocities but no headings: people face where they walk, and
the heading of those who stand is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from social_nav_core.geometry import FloatArray
from social_nav_core.tracks import Tracks

from social_nav_nodes.adapter import AdapterParameters, PeoplePublisher, person_seen
from social_nav_nodes.conversions import seconds
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.running import run_node
from social_nav_nodes.stamps import StampCheck
from social_nav_nodes.throttled_log import ThrottledLog

PEOPLE = "people"


class PeopleMsgsNode(Node):
    """Adapter of the people that leg detectors and people trackers publish."""

    PARAMETERS: ClassVar = {"": AdapterParameters}

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("people_msgs", **options)
        try:
            from people_msgs.msg import People  # noqa: PLC0415
        except ImportError as error:
            raise ValueError(
                "people_msgs: the package people_msgs is not installed; build it from "
                "https://github.com/wg-perception/people, branch ros2 (Humble and Jazzy have none)"
            ) from error
        self._about: AdapterParameters = read_parameters(self, self.PARAMETERS)[""]
        log = ThrottledLog(self.get_logger())
        self._publisher = PeoplePublisher(self, PEOPLE, log)
        self._tracks = Tracks()
        self._stamps = StampCheck(self, log)
        self.create_subscription(People, PEOPLE, self._receive, qos_profile_sensor_data)

    def _receive(self, message: Any) -> None:
        if not self._stamps.accepts(message.header, PEOPLE):
            return
        seen = seconds(message.header.stamp)
        places = [np.array([item.position.x, item.position.y]) for item in message.people]
        names = self._names(message.people, places, seen)
        people = [
            person_seen(
                name, place, np.array([item.velocity.x, item.velocity.y]), seen, self._about
            )
            for name, place, item in zip(names, places, message.people, strict=True)
        ]
        self._publisher.publish(people, message.header)

    def _names(self, items: Sequence[Any], places: list[FloatArray], seen: float) -> list[str]:
        """Everybody's name; who has none gets one by where they are."""
        names = [item.name for item in items]
        nameless = [
            index
            for index, (name, place) in enumerate(zip(names, places, strict=True))
            if not name and np.isfinite(place).all()
        ]
        found = self._tracks.update([places[index] for index in nameless], seen)
        for index, (name, _) in zip(nameless, found, strict=True):
            names[index] = name
        return names


def main() -> None:
    run_node(PeopleMsgsNode)


if __name__ == "__main__":
    main()
