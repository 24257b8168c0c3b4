"""People of flows, moved by JuPedSim among everybody whom the simulator moves itself.

The model is JuPedSim's anticipation velocity model (Xu, Chraibi and Seyfried, Transportation
Research Part C 133, 2021, 103464): people foresee where their neighbours will be, step aside, and
slow down for who is ahead.  The robot and the scene's other people are in it as well: each is an
agent that is repelled by nobody and is steered to where it truly is in every step, so that people
see its place and its velocity.

JuPedSim is imported when the first scene with flows starts, and by nothing else.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from social_nav_core.geometry import FloatArray, wrap_angle
from social_nav_core.parameters import check, parameter
from social_nav_core.sim.flows import FlowPerson
from social_nav_core.sim.people import PersonState, WalkerParameters, stride_length
from social_nav_core.sim.room import Room
from social_nav_core.sim.scene import BODY_RADIUS, ROBOT_RADIUS, Labels

PERIOD = 0.05
"""Time step [s] of the model."""
STOP_REACHED = 0.6
"""Distance [m] at which the next stop of a way is headed for."""
OFF = 0.03
"""Distance [m] from its true place at which a steered body is put there anew."""
WALL_GAP = 0.1
"""Distance [m] from walls and furniture within which nobody's middle comes."""
SMALL = 0.001
"""Radius [m] of a body while it is put somewhere, as JuPedSim refuses bodies that overlap."""
SMOOTHING = 0.25
"""Time constant [s] of the velocity that the chest turns to and that labels tell."""
STANDING = 0.1
"""Speed [m/s] below which somebody keeps the heading."""


class PedestrianError(ValueError):
    """Flows cannot be simulated here; the message says what to do."""


@dataclass(frozen=True)
class PedestrianParameters:
    """Of the anticipation velocity model; the names are JuPedSim's."""

    time_gap: float = parameter(0.8, "s", "in which the gap to who is ahead closes", 0.1, 5.0)
    reaction_time: float = parameter(0.3, "s", "in which directions change", 0.05, 2.0)
    anticipation_time: float = parameter(1.0, "s", "for which neighbours are foreseen", 0.0, 5.0)
    strength_neighbor_repulsion: float = parameter(8.0, "1", "of stepping aside", 0.0, 20.0)
    range_neighbor_repulsion: float = parameter(0.3, "m", "of stepping aside", 0.05, 5.0)
    wall_buffer_distance: float = parameter(0.1, "m", "kept to walls", 0.0, 1.0)


@dataclass(frozen=True)
class Mover:
    """A body that something else moves: place (x, y) [m], velocity [m/s], radius [m]."""

    id: str
    place: tuple[float, float]
    velocity: tuple[float, float]
    radius: float


def require_jupedsim() -> None:
    """Raise `PedestrianError` unless JuPedSim is installed."""
    if importlib.util.find_spec("jupedsim") is None:
        raise PedestrianError(
            "scenes with flows need JuPedSim, which is not installed: run 'python3 -m pip install"
            " jupedsim==1.4.2', or choose a suite without flows"
        )


class Pedestrians:
    """The people of a scene's flows.

    Args:
        people: as drawn.
        room: that they walk in.
        seed: of the model's own choices, such as the side on which to pass.
        parameters: of the model.
        walkers: how chests turn.

    Raises:
        PedestrianError: JuPedSim is missing, or walls cut the floor into parts.
    """

    def __init__(
        self,
        people: Sequence[FlowPerson],
        room: Room,
        seed: int,
        parameters: PedestrianParameters | None = None,
        walkers: WalkerParameters | None = None,
    ) -> None:
        require_jupedsim()
        self._people = tuple(people)
        self._parameters = parameters or PedestrianParameters()
        check(self._parameters)
        self._turning = walkers or WalkerParameters()
        self._model = _Model(room, seed, self._parameters)
        self._agents = [self._model.add_walker(person) for person in people]
        self._stop = np.ones(len(people), dtype=int)
        self._target = np.array([person.stops[1] for person in people]).reshape(-1, 2)
        self._sense = np.ones(len(people), dtype=int)
        self._ahead = 0.0
        self._after = self._before = np.array([person.stops[0] for person in people])
        self._place = self._after
        way = np.array([person.stops[1] - person.stops[0] for person in people])
        self._yaw = np.arctan2(way[:, 1], way[:, 0])
        self._velocity = np.zeros((len(people), 2))
        self._turn_rate = np.zeros(len(people))
        self._phase = np.zeros(len(people))
        self._pace = np.array([stride_length(1.0, person.height) for person in people])

    @property
    def states(self) -> tuple[PersonState, ...]:
        """Everybody now; all of them just pass by."""
        rows = np.column_stack([self._place, self._yaw, self._velocity, self._turn_rate])
        return tuple(
            PersonState(
                about.id, "", about.height, False, (x, y, yaw), (vx, vy), turn, 0.0,
                phase, "idle", 0.0, _PASSING,
            )
            for about, (x, y, yaw, vx, vy, turn), phase in zip(
                self._people, rows.tolist(), self._phase.tolist(), strict=True
            )
        )  # fmt: skip

    def step(self, dt: float, movers: Sequence[Mover]) -> None:
        """Let dt [s] pass; movers are the robot and the people who follow scripts."""
        self._ahead -= dt
        while self._ahead < -1e-9:
            self._model.sync(movers)
            self._choose_stops()
            self._before, self._after = self._after, self._model.iterate(self._agents)
            self._ahead += PERIOD
        share = max(self._ahead, 0.0) / PERIOD
        place = self._after - share * (self._after - self._before)
        self._look(dt, (place - self._place) / dt)
        self._place = place

    def _choose_stops(self) -> None:
        left = np.hypot(*(self._target - self._after).T)
        for i in np.flatnonzero(left < STOP_REACHED).tolist():
            stops = self._people[i].stops
            if not 0 <= self._stop[i] + self._sense[i] < len(stops):
                self._sense[i] = -self._sense[i]
            self._stop[i] += self._sense[i]
            self._target[i] = stops[self._stop[i]]
            self._model.steer(self._agents[i], self._target[i])

    def _look(self, dt: float, velocity: FloatArray) -> None:
        """Chests turn to where people walk; strides go on with the way."""
        keep = math.exp(-dt / SMOOTHING)
        self._velocity = keep * self._velocity + (1.0 - keep) * velocity
        along_x, along_y = self._velocity.T
        speed = np.hypot(along_x, along_y)
        error = wrap_angle(np.arctan2(along_y, along_x) - self._yaw)
        about = self._turning
        rate = np.minimum(np.maximum(about.turn_gain * error, -about.turn_rate), about.turn_rate)
        self._turn_rate = np.where(speed > STANDING, rate, 0.0)
        self._yaw = wrap_angle(self._yaw + self._turn_rate * dt)
        stride = self._pace * np.sqrt(np.maximum(speed, STANDING))
        strides = np.where(speed > STANDING, speed * dt / stride, 0.0)
        self._phase = (self._phase + math.tau * strides) % math.tau


_PASSING = Labels()


class _Model:
    """JuPedSim's simulation: walkers with stops, and movers that follow the truth."""

    def __init__(self, room: Room, seed: int, parameters: PedestrianParameters) -> None:
        import jupedsim  # noqa: PLC0415

        self._jupedsim: Any = jupedsim
        self._parameters = parameters
        self._floor = _floor(room)
        model = jupedsim.AnticipationVelocityModel(rng_seed=seed)
        self._simulation = jupedsim.Simulation(model=model, geometry=self._floor, dt=PERIOD)
        self._stage = self._simulation.add_direct_steering_stage()
        self._journey = self._simulation.add_journey(jupedsim.JourneyDescription([self._stage]))
        self._movers: dict[str, int] = {}

    def add_walker(self, person: FlowPerson) -> int:
        """Number of the new agent, who heads for the second stop."""
        about = self._parameters
        agent = self._add(
            tuple(person.stops[0].tolist()),
            desired_speed=person.speed,
            radius=BODY_RADIUS,
            time_gap=about.time_gap,
            reaction_time=about.reaction_time,
            anticipation_time=about.anticipation_time,
            strength_neighbor_repulsion=about.strength_neighbor_repulsion,
            range_neighbor_repulsion=about.range_neighbor_repulsion,
            wall_buffer_distance=about.wall_buffer_distance,
        )
        self.steer(agent, person.stops[1])
        return agent

    def steer(self, agent: int, target: FloatArray) -> None:
        """Head for a target (2,) [m]."""
        self._simulation.agent(agent).target = tuple(target.tolist())

    def sync(self, movers: Sequence[Mover]) -> None:
        """Steer every mover so that the next step takes it to its true place."""
        for mover in movers:
            agent = self._mover(mover)
            if agent is None:
                continue
            x, y = agent.position
            dx, dy = mover.place[0] - x, mover.place[1] - y
            agent.target = mover.place
            agent.model.desired_speed = math.hypot(dx, dy) / PERIOD

    def _mover(self, mover: Mover) -> Any:
        """The agent of a mover; None off the floor.

        One that was held up by others, and is off its true place, shrinks in one step, which
        JuPedSim wants to have made before something else is put near, and is replaced in the next.
        """
        import shapely  # noqa: PLC0415

        number = self._movers.get(mover.id)
        if number is not None:
            agent = self._simulation.agent(number)
            reach = OFF + PERIOD * math.hypot(*mover.velocity)
            is_off = math.dist(agent.position, mover.place) > reach
            if not is_off or agent.model.radius > SMALL:
                agent.model.radius = SMALL if is_off else mover.radius
                return agent
            self._simulation.mark_agent_for_removal(number)
            del self._movers[mover.id]
        if not self._floor.contains(shapely.Point(mover.place)):
            return None
        number = self._movers[mover.id] = self._add(
            mover.place,
            desired_speed=0.0,
            radius=SMALL,
            time_gap=0.01,
            reaction_time=PERIOD,
            strength_neighbor_repulsion=0.0,
            wall_buffer_distance=0.0,
        )
        agent = self._simulation.agent(number)
        agent.model.radius = mover.radius
        return agent

    def _add(self, place: tuple[float, float], **about: float) -> int:
        parameters = self._jupedsim.AnticipationVelocityModelAgentParameters(
            position=place, journey_id=self._journey, stage_id=self._stage, **about
        )
        return int(self._simulation.add_agent(parameters))

    def iterate(self, agents: Sequence[int]) -> FloatArray:
        """One step; places (n, 2) [m] of some agents."""
        self._simulation.iterate()
        return np.array([self._simulation.agent(agent).position for agent in agents])


def _floor(room: Room) -> Any:
    """Where the middle of a body may be: a polygon of shapely, with which JuPedSim comes."""
    import shapely  # noqa: PLC0415

    floor = shapely.box(room.x[0], room.y[0], room.x[1], room.y[1])
    solid = shapely.union_all([shapely.Polygon(box.corners()) for box in room.boxes])
    left = floor.difference(solid.buffer(WALL_GAP, quad_segs=2))
    if left.geom_type != "Polygon":
        raise PedestrianError(
            f"room '{room.name}': walls and furniture cut the floor into parts, expected one part"
            " for the flows to walk in"
        )
    return left


def robot_mover(pose: tuple[float, float, float], speed: float) -> Mover:
    """The robot as people see it: pose in the map, forward speed [m/s]."""
    velocity = (speed * math.cos(pose[2]), speed * math.sin(pose[2]))
    return Mover("robot", pose[:2], velocity, ROBOT_RADIUS)


def person_mover(state: PersonState) -> Mover:
    """A person who follows a script as the people of flows see them."""
    return Mover(state.id, state.pose[:2], state.velocity, BODY_RADIUS)
