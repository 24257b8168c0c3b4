"""What of an image's bodies can be used, and who of them has been seen before under another id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter


@dataclass(frozen=True)
class IntakeParameters:
    """When a body is somebody who has been seen before, and when a clock has been set back."""

    switch_time: float = parameter(0.5, "s", "within which a new id may be a lost one", 0.0, 5.0)
    switch_distance: float = parameter(0.5, "m", "within which it may be the same", 0.0, 5.0)
    remember: float = parameter(30.0, "s", "that an id stands for the same person", 0.1, 3600.0)
    longest_jump: float = parameter(1.0, "s", "back in time that is only a late image", 0.0, 60.0)


@dataclass(frozen=True)
class Taken:
    """What was taken in from one image.

    Attributes:
        bodies: those that can be used, under the names of the people.
        problems: (id, reason) of those that cannot; the id is empty for a whole image.
        restarted: whether the clock was set back, so that all that was known is void.
        late: whether the image is no newer than the one before, and nothing was taken.
    """

    bodies: tuple[Body, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    restarted: bool = False
    late: bool = False


@dataclass
class _Name:
    name: str
    place: FloatArray
    seen: float


class Intake:
    """Gate for the bodies of one camera.

    A person keeps its name when the tracker loses its id and finds it again under a new one close
    by.  When the old id comes back for somebody else, that one gets a name of its own.

    Args:
        parameters: how names and clocks are followed.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: IntakeParameters | None = None) -> None:
        self.parameters = IntakeParameters() if parameters is None else parameters
        check(self.parameters)
        self._by_id: dict[str, _Name] = {}
        self._now = -np.inf

    def take(
        self,
        time: float,
        bodies: Sequence[Body],
        width: float,
        height: float,
        frame: ArrayLike = (0.0, 0.0, 0.0),
    ) -> Taken:
        """Sort one image.

        Args:
            time: of the image [s].
            bodies: in it.
            width, height: of the image [pixel].
            frame: pose (x [m], y [m], yaw [rad]) of the frame of the bodies' poses in that of the
                people, which does not move with the robot and which what is taken is expressed in.
        """
        if not (np.isfinite([time, width, height]).all() and width > 0 and height > 0):
            text = f"image at {time} s is {width} x {height} pixels, expected finite and above 0"
            return Taken(problems=(("", text),), late=True)
        restarted = time < self._now - self.parameters.longest_jump
        if restarted:
            self._by_id.clear()
        elif time <= self._now:
            text = f"image at {time:.3f} s is not after the one at {self._now:.3f} s"
            return Taken(problems=(("", text),), late=True)
        self._now = time
        usable: dict[str, Body] = {}
        problems = []
        for body in bodies:
            reason = "id is there twice" if body.id in usable else body.defect()
            if reason is None and not (body.confidence > 0.0).any():
                reason = "no joint has a confidence above 0"
            if reason is None:
                usable[body.id] = body.expressed_in_parent(frame)
            else:
                problems.append((body.id, reason))
        self._name(usable)
        named = tuple(replace(body, id=self._by_id[key].name) for key, body in usable.items())
        return Taken(named, tuple(problems), restarted)

    def _name(self, usable: dict[str, Body]) -> None:
        oldest = self._now - self.parameters.remember
        self._by_id = {k: item for k, item in self._by_id.items() if item.seen >= oldest}
        for key, body in usable.items():
            known = self._by_id.get(key) or self._lost_near(body, usable)
            name = self._free_name(key) if known is None else known.name
            self._by_id[key] = _Name(name, body.pose[:2], self._now)

    def _lost_near(self, body: Body, usable: dict[str, Body]) -> _Name | None:
        """The nearest of those who have just been lost close by; its old id is forgotten."""
        about = self.parameters
        lost = {
            key: float(np.hypot(*(body.pose[:2] - item.place)))
            for key, item in self._by_id.items()
            if key not in usable and self._now - item.seen <= about.switch_time
        }
        nearest = min(lost, key=lambda key: lost[key], default=None)
        if nearest is None or lost[nearest] > about.switch_distance:
            return None
        return self._by_id.pop(nearest)

    def _free_name(self, key: str) -> str:
        taken = {item.name for item in self._by_id.values()}
        name, number = key, 1
        while name in taken:
            number += 1
            name = f"{key}#{number}"
        return name
