"""What adapters of other packages' people share: tracks, headings, and SocialPersonArray out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rclpy.node import Node
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import parameter
from social_nav_core.people import UNKNOWN_HEADING, Person, defects
from std_msgs.msg import Header

from social_nav_msgs.msg import SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import people_message
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.throttled_log import ThrottledLog


@dataclass(frozen=True)
class AdapterParameters:
    """What the messages of others do not tell."""

    position_std: float = parameter(0.1, "m", "standard deviation of positions", 0.0, 2.0)
    heading_std: float = parameter(0.35, "rad", "standard deviation of headings", 0.0, 1.5)
    walking_speed: float = parameter(
        0.4, "m/s", "from here on people face where they walk; slower, it is not known", 0.05, 2.0
    )


def person_seen(
    name: str,
    position: FloatArray,
    velocity: FloatArray,
    seen: float,
    parameters: AdapterParameters,
    yaw: float | None = None,
) -> Person:
    """A person from what is known of it.

    Args:
        name: stable id.
        position: (2,) [m].
        velocity: (2,) [m/s].
        seen: when [s].
        parameters: what is not told.
        yaw: of the chest [rad] when it was told; else it is that of the velocity of who walks, and
            for others not known: the variance says so.
    """
    known = yaw is not None
    if yaw is None and float(np.hypot(*velocity)) >= parameters.walking_speed:
        yaw, known = float(np.arctan2(velocity[1], velocity[0])), True
    variance = parameters.heading_std**2 if known else 2.0 * UNKNOWN_HEADING
    return Person(
        id=name,
        pose=np.array([position[0], position[1], yaw or 0.0]),
        velocity=np.asarray(velocity, dtype=float),
        covariance=np.diag([parameters.position_std**2, parameters.position_std**2, variance]),
        last_seen=seen,
    )


class PeoplePublisher:
    """Publishes people as social_people; who cannot be used is left out with a warning.

    Args:
        node: the adapter.
        source: topic of what the people are made of.
        log: what it has to say, which goes to the diagnostics too; its own when None.

    Attributes:
        diagnostics: of the node.
    """

    def __init__(self, node: Node, source: str, log: ThrottledLog | None = None) -> None:
        self._log = log or ThrottledLog(node.get_logger())
        self.diagnostics = Diagnostics(node, self._log)
        self.diagnostics.expect("messages", source)
        self._publisher = node.create_publisher(
            SocialPersonArray, topics.SOCIAL_PEOPLE, topics.RELIABLE_QOS
        )

    def publish(self, people: Sequence[Person], header: Header) -> None:
        """People in the header's frame, with its stamp."""
        first = {person.id: index for index, person in reversed(list(enumerate(people)))}
        reasons = [
            (p.id, defect if first[p.id] == index else f"the id '{p.id}' is used twice")
            for index, (p, defect) in enumerate(zip(people, defects(people), strict=True))
        ]
        self._log.left_out([(name, reason) for name, reason in reasons if reason])
        good = [p for p, (_, reason) in zip(people, reasons, strict=True) if not reason]
        self._publisher.publish(people_message(good, header))
        self.diagnostics.count("messages")
