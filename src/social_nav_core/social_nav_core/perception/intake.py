"""What of an image's bodies can be used, and who of them has been seen before under another id."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from social_nav_core.bodies import Body, defects, expressed_in_parent
from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.perception.names import free_name

_SETTLED = 0.5  # share of what is plausible within which an id is believed without a look around
_LARGEST_ERROR = 0.5  # of a pose that counts [m], however large its covariance


@dataclass(frozen=True)
class IntakeParameters:
    """When a body is somebody who has been seen before, and when a clock has been set back."""

    switch_time: float = parameter(0.5, "s", "within which a new id may be a lost one", 0.0, 5.0)
    switch_distance: float = parameter(
        0.5, "m", "from the lost one's way within which it may be the same", 0.0, 5.0
    )
    jump: float = parameter(
        0.5, "m", "farther from where it is expected an id stands for somebody else", 0.05, 10.0
    )
    fastest: float = parameter(
        3.0, "m/s", "by which jump grows at most while an id is not seen", 0.1, 20.0
    )
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


@dataclass(frozen=True)
class Expected:
    """Where somebody is expected to be.

    Attributes:
        place: (2,) [m].
        std: standard deviation of the place [m].
    """

    place: FloatArray
    std: float


@dataclass(frozen=True)
class _Known:
    """A person: name, id of the tracker, where it was seen last and when, where it may be now."""

    name: str
    key: str
    place: FloatArray
    seen: float
    now: Expected

    def off(self, place: FloatArray) -> float:
        """Distance [m] from the straight way between where it was and where it may be."""
        (x, y), (ahead_x, ahead_y) = place - self.place, self.now.place - self.place
        length = ahead_x**2 + ahead_y**2
        along = 0.0 if length <= 0.0 else (x * ahead_x + y * ahead_y) / length
        along = min(max(along, 0.0), 1.0)
        return math.hypot(x - along * ahead_x, y - along * ahead_y)


class Intake:
    """Gate for the bodies of one camera.

    A person keeps its name when the tracker loses its id and finds it again under a new one close
    to where the person is expected.  An id that is seen where its person cannot be stands for
    somebody else: for another one who is missed there, or for somebody new with a name of its own.

    Args:
        parameters: how names and clocks are followed.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: IntakeParameters | None = None) -> None:
        self.parameters = IntakeParameters() if parameters is None else parameters
        check(self.parameters)
        self._known: dict[str, _Known] = {}
        self._now = -np.inf

    def take(
        self,
        time: float,
        bodies: Sequence[Body],
        width: float,
        height: float,
        frame: ArrayLike = (0.0, 0.0, 0.0),
        expected: Mapping[str, Expected] | None = None,
    ) -> Taken:
        """Sort one image.

        Args:
            time: of the image [s].
            bodies: in it.
            width, height: of the image [pixel].
            frame: pose (x [m], y [m], yaw [rad]) of the frame of the bodies' poses in that of the
                people, which does not move with the robot and which what is taken is expressed in.
            expected: by name, where people are expected now, in the frame of the people; who is
                not among them is expected where it was.
        """
        if not (np.isfinite([time, width, height]).all() and width > 0 and height > 0):
            text = f"image at {time} s is {width} x {height} pixels, expected finite and above 0"
            return Taken(problems=(("", text),), late=True)
        restarted = time < self._now - self.parameters.longest_jump
        if restarted:
            self._known.clear()
        elif time <= self._now:
            text = f"image at {time:.3f} s is not after the one at {self._now:.3f} s"
            return Taken(problems=(("", text),), late=True)
        self._now = time
        good, problems = _sorted_out(bodies)
        usable = expressed_in_parent(good, frame)
        self._expect({} if expected is None else expected)
        usable, doubles = self._without_doubles(usable)
        names = self._named(usable)
        for body, name in zip(usable, names, strict=True):
            self._see(body, name)
        named = tuple(
            body if body.id == name else replace(body, id=name)
            for body, name in zip(usable, names, strict=True)
        )
        return Taken(named, (*problems, *doubles), restarted)

    def _expect(self, expected: Mapping[str, Expected]) -> None:
        """Forget who was seen long ago, and note where the others may be now."""
        known, about = {}, self.parameters
        for name, item in self._known.items():
            elapsed = self._now - item.seen
            if elapsed <= about.remember:
                anywhere = Expected(item.place, about.fastest * elapsed)
                now = expected.get(name, anywhere)
                known[name] = _Known(name, item.key, item.place, item.seen, now)
        self._known = known

    def _without_doubles(self, bodies: list[Body]) -> tuple[list[Body], list[tuple[str, str]]]:
        """Of bodies with one id the one that is where it is expected, else the first."""
        owner = {item.key: item for item in self._known.values()}
        kept: dict[str, Body] = {}
        problems = []
        for body in bodies:
            other, item = kept.get(body.id), owner.get(body.id)
            if other is not None:
                problems.append((body.id, "id is there twice"))
            if other is None or (
                item is not None and item.off(body.pose[:2]) < item.off(other.pose[:2])
            ):
                kept[body.id] = body
        return list(kept.values()), problems

    def _named(self, bodies: Sequence[Body]) -> list[str]:
        """Names of bodies: their ids' people where those may be, else the nearest who is missed."""
        owner = {item.key: item.name for item in self._known.values()}
        names: dict[int, str] = {}
        claims = []
        for row, body in enumerate(bodies):
            name = owner.get(body.id)
            if name is not None:
                doubt = self._known[name].off(body.pose[:2]) / self._plausible(name, body)
                if doubt < _SETTLED:
                    names[row] = name
                elif doubt <= 1.0:
                    claims.append((doubt, row, name))
        given = set(names.values())
        for row, body in enumerate(bodies):
            if row not in names:
                missed = self._known.keys() - given - {owner.get(body.id, "")}
                claims += self._claims_on_others(row, body, missed)
        for _, row, name in sorted(claims):
            if row not in names and name not in given:
                names[row] = name
                given.add(name)
        for row, body in enumerate(bodies):
            if row not in names:
                names[row] = free_name(body.id, self._known.keys() | given)
                given.add(names[row])
        return [names[row] for row in range(len(bodies))]

    def _plausible(self, name: str, body: Body) -> float:
        """How far from its way a known id may be seen [m].

        Anybody may turn round or start to run; the longer an id is gone, the more counts how sure
        it is where the person may be.
        """
        item, about = self._known[name], self.parameters
        likely = max(3.0 * item.now.std, about.fastest * about.switch_time)
        moved = min(likely, about.fastest * (self._now - item.seen))
        error = math.sqrt(max(body.covariance[0, 0], body.covariance[1, 1], 0.0))
        return about.jump + moved + 3.0 * min(error, _LARGEST_ERROR)

    def _claims_on_others(
        self, row: int, body: Body, missed: Iterable[str]
    ) -> list[tuple[float, int, str]]:
        """People who have just been lost close by, from 0.5 for who is expected right there."""
        about, claims = self.parameters, []
        for item in (self._known[name] for name in missed):
            far = item.off(body.pose[:2])
            if self._now - item.seen <= about.switch_time + 1e-9 and far <= about.switch_distance:
                doubt = 0.5 + 0.5 * far / max(about.switch_distance, 1e-9)
                claims.append((doubt, row, item.name))
        return claims

    def _see(self, body: Body, name: str) -> None:
        """Note that a person was seen under an id, which is nobody else's any more."""
        for other in [item for item in self._known.values() if item.key == body.id]:
            self._known[other.name] = replace(other, key="")
        place = body.pose[:2]
        self._known[name] = _Known(name, body.id, place, self._now, Expected(place, 0.0))


def _sorted_out(bodies: Sequence[Body]) -> tuple[list[Body], list[tuple[str, str]]]:
    """Bodies that can be used, and why each of the others cannot."""
    good: list[Body] = []
    problems: list[tuple[str, str]] = []
    for body, defect in zip(bodies, defects(bodies), strict=True):
        if defect is None and body.confidence.any():
            good.append(body)
        else:
            problems.append((body.id, defect or "no joint has a confidence above 0"))
    return good, problems
