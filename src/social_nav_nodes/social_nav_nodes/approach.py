"""What the goal selector is told to do, and how far it has got with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future
from social_nav_core.geometry import wrap_angle
from social_nav_core.interaction.place import Place
from social_nav_core.interaction.selection import Situation
from social_nav_core.interaction.wish import WishWatch
from social_nav_core.parameters import parameter
from social_nav_core.people import Person

from social_nav_nodes.people_in_frame import MOST_PEOPLE
from social_nav_nodes.topics import BASE_FRAME, BASE_FRAME_MEANING


@dataclass(frozen=True)
class GoalSelectorParameters:
    """Of the goal selector node."""

    interaction_model: str = parameter("", "", "positions of people (NPZ); empty: the shipped one")
    proxemics_model: str = parameter("", "", "proxemics model (YAML); empty: the shipped one")
    rate: float = parameter(2.0, "Hz", "how often the place is chosen again", 0.1, 20.0)
    lost_timeout: float = parameter(2.0, "s", "unseen for longer, a person is lost", 0.1, 60.0)
    patience: float = parameter(1.0, "s", "waiting for a person or a free place", 0.1, 60.0)
    start_patience: float = parameter(
        15.0, "s", "the same for the first map and transform after the start", 0.1, 600.0
    )
    people_timeout: float = parameter(
        0.7, "s", "without news about anybody, the source of people is lost", 0.2, 60.0
    )
    clock_timeout: float = parameter(
        0.7, "s", "the same while simulated time stands still, in wall-clock time", 0.2, 60.0
    )
    navigator_timeout: float = parameter(
        0.7, "s", "without a sign of life from the navigator", 0.2, 60.0
    )
    most_people: int = parameter(
        MOST_PEOPLE, "", "of more, the farthest from the robot are left out", 1, 10000
    )
    reach: float = parameter(
        20.0, "m", "ways that lead farther to any side of the robot are not found", 1.0, 50.0
    )
    unwilling_from: float = parameter(
        0.6, "", "probability of not being interested that somebody has who turns away", 0.05, 1.0
    )
    unwilling_patience: float = parameter(
        5.0, "s", "who has turned away for longer is not approached, unless named", 0.0, 600.0
    )
    walking_speed: float = parameter(
        0.4, "m/s", "whoever is faster is on the way elsewhere", 0.05, 3.0
    )
    turning_rate: float = parameter(
        0.7, "rad/s", "whoever turns faster has not come to rest", 0.05, 10.0
    )
    walking_patience: float = parameter(
        3.0, "s", "time between two choices while the person walks or turns", 0.0, 60.0
    )
    base_frame: str = parameter(BASE_FRAME, "", BASE_FRAME_MEANING)
    seed: int = parameter(1, "", "of the candidates", 0, 2**31 - 1)


@dataclass
class Approach:
    """One ApproachPerson goal while it is pursued; times in seconds of the node's clock."""

    goal_handle: ServerGoalHandle
    done: Future
    person_id: str
    stay: float
    wish: WishWatch | None = None  # of whom nobody has named
    last_good: float | None = None
    failures: int = 0
    place: Place | None = None
    target: Person | None = None
    chosen: float = 0.0
    replans: int = 0
    arrived: float | None = None

    def waited(self, now: float, period: float) -> float:
        """How long there has been no good choice [s]; a process that was held up waits less."""
        self.failures += 1
        return min(now - (self.last_good or now), self.failures * period)

    def good(self, now: float) -> None:
        """There is a good choice now."""
        self.last_good, self.failures = now, 0

    def is_unwanted(self, situation: Situation) -> bool:
        """Whether whoever wanted to interact has turned away; who was named is approached."""
        person = next((p for p in situation.people if p.id == self.person_id), None)
        if self.wish is None or self.place is None or person is None:
            return False
        return self.wish.has_turned_away(person)

    def lets_walk(self, situation: Situation, about: GoalSelectorParameters) -> bool:
        """Whether the person walks elsewhere, or turns, and should come to rest first."""
        before = self.target
        self.target = next((p for p in situation.people if p.id == self.person_id), None)
        if self.place is None or situation.now - self.chosen > about.walking_patience:
            return False
        if self.target is None or before is None:
            return False
        elapsed = self.target.last_seen - before.last_seen  # without news, only the map has turned
        turn = abs(float(wrap_angle(self.target.pose[2] - before.pose[2])))
        walks = float(np.hypot(*self.target.velocity)) > about.walking_speed
        return walks or (elapsed > 0.0 and turn / elapsed > about.turning_rate)
