"""People as the robot perceives them in a trial: its head camera, a body tracker, the student.

The camera of `sim.camera` takes images, `sim.detector` finds bodies in them with its
errors, `perception.perceive` makes people of them: places, headings, velocities, groups, and the
labels that the student network reads off the last second of each body.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np

from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.people import Person
from social_nav_core.perception.corruption import Corruption, corrupted
from social_nav_core.perception.perceive import Perception, Sight
from social_nav_core.perception.student_file import Student, shipped_student
from social_nav_core.perception.windows import Float32Array, centred
from social_nav_core.sim.camera import BoxBlockers, Camera
from social_nav_core.sim.cast import Cast
from social_nav_core.sim.detector import Detector
from social_nav_core.sim.scene import Scene
from social_nav_core.sim.world import WorldState

SWEEP, SWEEP_PERIOD = 1.1, 6.0
"""How far [rad] and how long [s] the head looks to and fro for somebody it has to find."""
ARM_LENGTH = 1.0
"""Distance [m] from the middle of a body that no part of it exceeds."""
PAN_LIMIT = 1.24
"""Largest turn [rad] of TIAGo's head (PAL Robotics' public files)."""


class LossyStudent(Student):
    """A student whose windows lose some of their frames and of their joints beforehand.

    Args:
        student: that answers.
        share: of the frames and of the joints, in [0, 1); 0.3 leaves 49 % of the input.
        rng: which ones.
    """

    def __init__(self, student: Student, share: float, rng: np.random.Generator) -> None:
        super().__init__(student._network, student.about)
        self._loss = Corruption(frames=share, joints=share)
        self._rng = rng

    def logits(self, windows: Float32Array) -> dict[str, FloatArray]:
        """As the student's, of what is left of windows ``(n, steps, 23, 3)``."""
        if len(windows) and self._loss.frames > 0.0:
            windows = centred(corrupted(windows, self._loss, self._rng))
        return super().logits(windows)


class Observer:
    """The robot's eyes and what they know; make a new one for every trial.

    Args:
        scene: in which people are seen.
        state: of its world at the start.
        period: time [s] between images.
        corruption: share of frames and joints that the student loses, in [0, 1).
        seed: of the bodies, of the tracker's errors and of what is lost.
        target_id: whom the head turns to, '' for nobody: then it looks straight ahead.
    """

    def __init__(
        self,
        scene: Scene,
        state: WorldState,
        period: float,
        corruption: float,
        seed: int,
        target_id: str = "",
    ) -> None:
        streams = np.random.SeedSequence([seed, zlib.crc32(b"eyes")]).spawn(3)
        bodies, errors, losses = map(np.random.default_rng, streams)
        self._period = period
        self._camera = Camera()
        self._cast = Cast(state.people, bodies)
        self._detector = Detector(self._camera, None, errors)
        self._blockers = BoxBlockers.of(scene.room.boxes)
        self._perception = Perception(LossyStudent(_student(), corruption, losses))
        self._target_id = target_id
        self.people: list[Person] = []

    def look(self, state: WorldState) -> None:
        """Take in the image of now; `people` are those known then, in the map."""
        robot = np.array(state.robot_in_map)
        pan = self._pan(robot, state.time)
        camera = self._camera.pose(robot, pan)
        sight = Sight(camera.position[:2], float(wrap_angle(robot[2] + pan)))
        bodies: list[Body] = []
        if self._may_see_somebody(state, sight):
            figures = self._cast.figures(state.people, state.time)
            bodies = self._detector.detect(
                self._cast.ids, figures, camera, self._blockers, self._period
            )
        lens = self._camera.parameters
        self.people = self._perception.see(
            state.time, bodies, lens.width, lens.height, sight
        ).people

    def _may_see_somebody(self, state: WorldState, sight: Sight) -> bool:
        """Whether anybody is near the field of view; bodies elsewhere need not be made."""
        lens = self._camera.parameters
        places = np.array([person.pose[:2] for person in state.people]).reshape(-1, 2)
        offset = places - sight.eye
        distance = np.hypot(offset[:, 0], offset[:, 1])
        aside = np.abs(wrap_angle(np.arctan2(offset[:, 1], offset[:, 0]) - sight.yaw))
        reach = 0.5 * lens.horizontal_view + np.arctan2(ARM_LENGTH, distance)
        return bool(((aside < reach) & (distance < lens.farthest + ARM_LENGTH)).any())

    def _pan(self, robot: FloatArray, time: float) -> float:
        """Turn of the head [rad]: to the target, or to and fro while it is not known where."""
        if not self._target_id:
            return 0.0
        for person in self.people:
            if person.id == self._target_id:
                way = person.pose[:2] - robot[:2]
                turn = float(wrap_angle(np.arctan2(way[1], way[0]) - robot[2]))
                return float(np.clip(turn, -PAN_LIMIT, PAN_LIMIT))
        return SWEEP * float(np.sin(2.0 * np.pi * time / SWEEP_PERIOD))


@lru_cache(maxsize=1)
def _student() -> Student:
    return shipped_student()
