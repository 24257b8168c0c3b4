"""One trial in process: the simulated world, a planner, a follower and an arm's social costs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from social_nav_core.evaluation.arms import Arm, without_labels
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.geometry import FloatArray, inverse, transform_points, wrap_angle
from social_nav_core.grid import GridGeometry
from social_nav_core.interaction.kde import InteractionModel
from social_nav_core.interaction.place import Place
from social_nav_core.interaction.selection import ApproachSelector, Situation
from social_nav_core.interaction.surroundings import Surroundings
from social_nav_core.parameters import check, parameter
from social_nav_core.people import Person
from social_nav_core.proxemics.model import ProxemicsModel
from social_nav_core.sim.follower import DriveStatus, FollowerParameters, PathFollower
from social_nav_core.sim.planner import GridPlanner, PlannerParameters, PlanningError
from social_nav_core.sim.robot import RobotParameters
from social_nav_core.sim.room import Room
from social_nav_core.sim.scene import BODY_RADIUS, Scene
from social_nav_core.sim.world import World

if TYPE_CHECKING:
    from social_nav_core.evaluation.observer import Observer


@dataclass(frozen=True)
class TrialParameters:
    """How trials are simulated."""

    step: float = parameter(0.05, "s", "of the simulator and of the follower", 0.01, 0.2)
    sample_period: float = parameter(0.1, "s", "between samples of the record", 0.01, 1.0)
    scan_period: float = parameter(0.2, "s", "between lidar scans", 0.05, 2.0)
    camera_period: float = parameter(0.1, "s", "between images, in arms that perceive", 0.02, 1.0)
    plan_period: float = parameter(1.0, "s", "between looks at plan and place", 0.1, 10.0)
    moved: float = parameter(0.1, "m", "someone who moves by more makes a new plan", 0.0, 2.0)
    turned: float = parameter(0.1, "rad", "the same for turning and places", 0.0, 3.2)
    timeout: float = parameter(90.0, "s", "a trial takes at most so long", 1.0, 600.0)
    dwell: float = parameter(1.0, "s", "the robot must stay at its goal for so long", 0.0, 60.0)
    dwell_scripted: float = parameter(
        8.0, "s", "the same in front of somebody who may walk off", 0.0, 60.0
    )


@dataclass(frozen=True)
class Models:
    """The models that trials use and are judged by."""

    proxemics: ProxemicsModel
    interaction: InteractionModel


@dataclass(frozen=True)
class Trial:
    """What happens in a trial, whatever the arm.

    Attributes:
        scene: with the robot's start; its goal counts in avoid only.
        task: 'avoid' or 'approach'.
        seed: of everything random in it.
        target_id: who is approached, '' in avoid.
    """

    scene: Scene
    task: str
    seed: int
    target_id: str = ""


class TrialRunner:
    """Runs one trial with one arm; make a new one for every trial."""

    def __init__(
        self,
        trial: Trial,
        arm: Arm,
        models: Models,
        parameters: TrialParameters | None = None,
        *,
        keep_costs: bool = False,
    ) -> None:
        """With keep_costs the record holds the social costs, for pictures."""
        self.trial, self.arm = trial, arm
        self.parameters = parameters or TrialParameters()
        check(self.parameters)
        self._keep_costs = keep_costs
        self._grid, self._occupancy, planner = _map_of(trial.scene.room)
        self._planner = planner.fresh()
        self._follower = PathFollower(FollowerParameters())
        robot = RobotParameters()
        self._robot_radius = robot.radius
        self._reach = self._follower.reach + robot.max_speed * self.parameters.scan_period
        self._world = World(trial.scene, trial.seed)
        self._observer = self._make_observer()
        self._selector = ApproachSelector(models.interaction, models.proxemics)
        stream = np.random.SeedSequence([trial.seed, zlib.crc32(b"places")])
        self._rng = np.random.default_rng(stream)
        self._recorder = RunRecorder(trial.scene.name, trial.task, arm.name, trial.seed)
        self._points_in_map = self._near_in_map = np.zeros((0, 2))
        self._planned_for = self._selected_for = np.full((0, 3), np.nan)
        self._path: FloatArray | None = None
        self._place: Place | None = None
        self._goal: tuple[float, float, float] | None = None

    def run(self) -> RunRecord:
        """Simulate until the goal is reached (and kept) or the time is over."""
        about = self.parameters
        count = round(about.timeout / about.step)
        dwell = about.dwell_scripted if self._target_may_move() else about.dwell
        status, at_goal_since = DriveStatus.DRIVING, np.inf
        for index in range(count + 1):
            time = self._world.state.time
            if index % _every(about.scan_period, about.step) == 0:
                self._scan()
            if self._observer and index % _every(about.camera_period, about.step) == 0:
                self._observer.look(self._world.state)
            if index % _every(about.plan_period, about.step) == 0:
                self._think(time, status)
            if index % _every(about.sample_period, about.step) == 0:
                self._sample(time)
            status = self._drive()
            arrived = status is DriveStatus.ARRIVED
            at_goal_since = min(at_goal_since, time) if arrived else np.inf
            if time - at_goal_since >= dwell:
                break
        self._sample(self._world.state.time)
        return self._record(bool(np.isfinite(at_goal_since)))

    def _target_may_move(self) -> bool:
        people = self.trial.scene.people
        return any(person.id == self.trial.target_id and person.script for person in people)

    def _make_observer(self) -> Observer | None:
        trial, corruption = self.trial, self.arm.corruption
        if corruption is None:
            return None
        from social_nav_core.evaluation.observer import Observer  # noqa: PLC0415 - ONNX Runtime

        state, period = self._world.state, self.parameters.camera_period
        return Observer(trial.scene, state, period, corruption, trial.seed, trial.target_id)

    def _people(self) -> list[Person]:
        if self._observer:
            return self._observer.people
        people = self._world.state.persons()
        return people if self.arm.has_labels else without_labels(people)

    def _scan(self) -> None:
        """What the planner sees, and what of it the follower may come near before the next scan."""
        points = self._world.lidar.points_in_robot(self._world.scan())
        self._points_in_map = transform_points(self._world.state.robot_in_map, points)
        near = np.hypot(points[:, 0], points[:, 1]) < self._reach
        self._near_in_map = self._points_in_map[near]

    def _think(self, time: float, status: DriveStatus) -> None:
        """Look at people and obstacles; choose a place and plan anew where that is due."""
        people = self._people()
        poses = np.array([person.pose for person in people]).reshape(-1, 3)
        self._planner.update(None, self._points_in_map)
        is_due = self._place_is_due(poses) or self._plan_is_due(poses, status)
        if self.arm.costs and (is_due or self._keep_costs):
            costs = self.arm.costs(people, self._grid)
            self._planner.add_social(costs)
            if self._keep_costs:
                self._recorder.costs(time, costs)
        if not is_due:
            return
        new_goal = self._choose_goal(time, people, poses)
        if self._goal is not None and (new_goal or self._plan_is_due(poses, status)):
            self._plan(time, poses)

    def _have_moved(self, before: FloatArray, now: FloatArray) -> bool:
        """Whether anybody moved or turned since poses (n, 3) that were the last ones used."""
        if before.shape != now.shape:
            return True
        moved = np.linalg.norm(now[:, :2] - before[:, :2], axis=-1).max(initial=0.0)
        turned = np.abs(wrap_angle(now[:, 2] - before[:, 2])).max(initial=0.0)
        return bool(moved > self.parameters.moved or turned > self.parameters.turned)

    def _place_is_due(self, poses: FloatArray) -> bool:
        if self.trial.task == "avoid":
            return self._goal is None
        return self._place is None or self._have_moved(self._selected_for, poses)

    def _choose_goal(self, time: float, people: list[Person], poses: FloatArray) -> bool:
        """Whether there is a new goal now."""
        if not self._place_is_due(poses):
            return False
        if self.trial.task == "avoid":
            self._set_goal(time, self.trial.scene.goal, "goal sent")
            return True
        self._selected_for = poses
        place = self._select(time, people)
        if not isinstance(place, Place) or place is self._place:
            return False
        text = "place chosen" if self._place is None else "place chosen again"
        self._place = place
        self._set_goal(time, place.pose, f"{text}, {place.path_length:.1f} m away")
        return True

    def _select(self, time: float, people: list[Person]) -> object:
        robot = np.array(self._world.state.robot_in_map)
        try:
            lengths = self._planner.distances_from(robot)
        except PlanningError:
            return None
        around = Surroundings(self._grid, self._occupancy, lengths)
        situation = Situation(people, robot, around, time)
        if self._place is not None:
            return self._selector.reconsider(situation, self._place, self._rng)
        return self._selector.select(situation, self.trial.target_id, self._rng)

    def _set_goal(self, time: float, goal: tuple[float, float, float], text: str) -> None:
        self._goal = goal
        self._recorder.goal(time, goal)
        self._recorder.event(time, text)

    def _plan_is_due(self, poses: FloatArray, status: DriveStatus) -> bool:
        if status is DriveStatus.ARRIVED:
            return False
        if self._path is None or status is DriveStatus.BLOCKED:
            return True
        is_free = bool(self._planner.is_free(self._path[1:]).all())
        return not is_free or self._have_moved(self._planned_for, poses)

    def _plan(self, time: float, poses: FloatArray) -> None:
        assert self._goal is not None
        try:
            self._path = self._planner.plan(self._world.state.robot_in_map, self._goal)
        except PlanningError as error:
            if self._path is not None:
                self._recorder.event(time, f"no path: {error}")
            self._path = None
            return
        self._planned_for = poses
        self._follower.set_path(self._path, self._goal[2])
        self._recorder.path(time, self._path)

    def _drive(self) -> DriveStatus:
        """One step of the world; the robot stands while it has no path."""
        state, dt = self._world.state, self.parameters.step
        if self._path is None:
            self._world.step((0.0, 0.0), dt)
            return DriveStatus.BLOCKED
        points = self._near_in_map
        if len(points):
            points = transform_points(inverse(state.robot_in_map), points)
        drive = self._follower.command(state.robot_in_map, state.robot_velocity, dt, points)
        self._world.step(drive.velocity, dt)
        return drive.status

    def _sample(self, time: float) -> None:
        state = self._world.state
        self._recorder.sample(time, state.robot_in_map, state.robot_velocity, state.persons())

    def _record(self, reached: bool) -> RunRecord:
        self._recorder.event(self._world.state.time, "goal reached" if reached else "time is over")
        return self._recorder.record(
            reached=reached,
            grid=self._grid,
            occupancy=self._occupancy,
            furniture=self.trial.scene.room.furniture,
            target_id=self.trial.target_id,
            time_limit=self.parameters.timeout,
            robot_radius=self._robot_radius,
            person_radius=BODY_RADIUS,
        )


@lru_cache(maxsize=8)
def _map_of(room: Room) -> tuple[GridGeometry, np.ndarray, GridPlanner]:
    """A room's grid, its cells, and a planner of which every trial takes a fresh copy."""
    grid, cells = room.occupancy()
    return grid, cells, GridPlanner(grid, cells, PlannerParameters())


def shortest_way(trial: Trial, goal: FloatArray) -> float:
    """Length [m] of the shortest way to a goal in the empty room; NaN when there is none."""
    try:
        path = _map_of(trial.scene.room)[2].fresh().plan(trial.scene.robot, goal)
    except PlanningError:
        return float("nan")
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def _every(period: float, step: float) -> int:
    return max(round(period / step), 1)
