"""Gives a job to the running nodes and writes down what happens."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from action_msgs.msg import GoalInfo, GoalStatus
from action_msgs.srv import CancelGoal
from geometry_msgs.msg import PoseStamped
from nav2_msgs.action import NavigateToPose
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rclpy.action import ActionClient
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future
from rclpy.time import Time
from social_nav_core.bodies import defects
from social_nav_core.evaluation.perceived import PerceivedRecorder
from social_nav_core.evaluation.recorded_task import RecordedTask
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.run import CameraView, RunRecord
from social_nav_core.geometry import FloatArray
from social_nav_core.input_files import one_line
from social_nav_core.people import Intent
from social_nav_core.sim.scene import Scene, occupancy
from std_msgs.msg import Header
from unique_identifier_msgs.msg import UUID

from social_nav_msgs.action import ApproachPerson
from social_nav_msgs.msg import BodyArray, SocialPersonArray
from social_nav_nodes import topics
from social_nav_nodes.conversions import (
    bodies_from,
    path_from,
    people_from,
    pose_from,
    pose_stamped,
    seconds,
)
from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.localisation import Localisation
from social_nav_nodes.guard import guard
from social_nav_nodes.life_signs import Watch, clock_time, on_time_jump
from social_nav_nodes.map_reading import read_map
from social_nav_nodes.navigation_client import FARTHEST
from social_nav_nodes.stamps import StampCheck
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.transforms import TransformLookup

VIEW_PERIOD = 2.0  # between kept camera views [s]
COST_PERIOD = 0.4  # between kept social costs [s]
OVERTIME = 0.5  # recorded beyond a job's time limit, so that the record spans the limit [s]
SILENCE = 5.0  # beyond that without a record, after which the job ends without one [s]
START = "start"
KNOWN_ENOUGH = 0.3  # share of UNKNOWN below which an approach without an id has somebody to choose


class ObserverNode(Node):
    """Sends one goal and records until it has ended.

    Args:
        job: what is to be done.
        scene: where.
        seed: for the record.
        patience: for all that must be there before the goal can be sent, and for a clock that
            stands still after that [s], of wall-clock time.
        options: those of `rclpy.node.Node`.

    Attributes:
        status: where things are, for the terminal.
        finished: whether the job has ended, well or not.
        time: simulated time since the goal was sent [s].
        perceived: what the robot believed about people.
    """

    def __init__(
        self, job: Job, scene: Scene, seed: int, patience: float = 60.0, **options: Any
    ) -> None:
        use_sim_time = Parameter("use_sim_time", value=True)
        super().__init__("demo_observer", **{"parameter_overrides": [use_sim_time], **options})
        self.status = "starting the nodes"
        self.finished = False
        self.time = 0.0
        self._job = job
        self._scene = scene
        self._seed = seed
        self._patience = patience
        self._geometry, self._cells = occupancy(scene)
        self.perceived = PerceivedRecorder()
        self._recorder = RunRecorder(scene.name, job.task, job.arm, seed)
        self._log = ThrottledLog(self.get_logger())
        guard(self, self._log)
        self._stamps = StampCheck(self, self._log)
        self._transforms = TransformLookup(self, self._log)
        self._jumps = on_time_jump(self, self._forget)
        self._watch = Watch(self, self._look)
        self._watch.heard(START)
        self._velocity = (0.0, 0.0)
        self._waiting: deque[SocialPersonArray] = deque(maxlen=50)
        self._localisation = Localisation()
        self._sent: float | None = None
        self._reached = False
        self._next_view = self._next_cost = 0.0
        self._has_map = self._has_costs = self._has_people = False
        self._answer: Future | None = None
        self._target_id = ""
        self._known: set[str] = set()
        self._subscribe()
        action: tuple[Any, str] = (
            (NavigateToPose, topics.NAVIGATE_TO_POSE)
            if job.task == "avoid"
            else (ApproachPerson, topics.APPROACH_PERSON)
        )
        self._client = ActionClient(self, *action)
        self._cancel = self.create_client(CancelGoal, f"{action[1]}/_action/cancel_goal")
        self._goal_id = UUID()

    def _subscribe(self) -> None:
        for message_type, topic, callback, qos in (
            (OccupancyGrid, topics.MAP, self._see_map, topics.LATCHED_QOS),
            (Odometry, topics.ODOM, self._see_odometry, topics.RELIABLE_QOS),
            (Odometry, topics.GROUND_TRUTH, self._localisation.see, topics.RELIABLE_QOS),
            (SocialPersonArray, topics.SOCIAL_PEOPLE_TRUTH, self._see_people, topics.RELIABLE_QOS),
            (SocialPersonArray, topics.SOCIAL_PEOPLE, self._hear_of_people, topics.RELIABLE_QOS),
            (OccupancyGrid, topics.SOCIAL_COSTMAP, self._see_costs, topics.LATCHED_QOS),
            (BodyArray, topics.BODIES, self._see_bodies, topics.SENSOR_QOS),
            (Path, topics.PLAN, self._see_path, topics.RELIABLE_QOS),
            (PoseStamped, topics.APPROACH_PLACE, self._see_place, topics.RELIABLE_QOS),
        ):
            take = partial(self._take, topic, callback)
            self.create_subscription(message_type, topic, take, qos)

    def _take(self, topic: str, see: Callable[[Any], None], message: Any) -> None:
        """Pass on what is not from the future, after which all else would be too late."""
        if self._stamps.accepts(message.header, topic):
            see(message)

    def _since_sent(self, header: Header) -> float:
        """Time [s]; 0 for what was stamped just before the goal was sent."""
        return max(seconds(header.stamp) - (self._sent or 0.0), 0.0)

    def _forget(self, jump: str) -> None:
        """On a clock that jumped nothing can be recorded on."""
        if self._sent is not None and not self.finished:
            self._finish(False, jump)

    def _look(self) -> None:
        """End what would go on for ever when somebody has fallen silent."""
        if self.finished:
            return
        patience = f"{self._patience:g} s of wall-clock time"
        if self._sent is None:
            if self._watch.ticks_silent(START) > self._patience:
                self._finish(False, f"no goal was sent within {patience}: {self._missing()}")
        elif self._watch.standstill() > self._patience:
            self._finish(False, f"simulated time has stood still for {patience}")
        elif clock_time(self) - self._sent > self._job.timeout + OVERTIME + SILENCE:
            unseen = f"people and the robot's pose have not been told since {self.time:.1f} s"
            self._finish(False, f"{self._too_late()}: {unseen}")

    def _too_late(self) -> str:
        return f"gave up after {self._job.timeout:g} s"

    def _missing(self) -> str:
        """What the goal waits for."""
        is_avoid = self._job.task == "avoid"
        there = {
            "simulated time": clock_time(self) > 0.0,
            "map": self._has_map,
            "social costs": self._has_costs,
            "people" if is_avoid else "person who is known well enough": self._has_people,
            "server of the action": self._client.server_is_ready(),
        }
        missing = [what for what, is_there in there.items() if not is_there]
        return "there is no " + (" and no ".join(missing) or "pose of the robot among true people")

    def _see_map(self, message: OccupancyGrid) -> None:
        found = read_map(message, self._log)
        if found is None:
            return
        if found[0] != self._geometry and not self.finished:
            self._finish(False, f"the map is {found[0]}, expected the scene's, {self._geometry}")
        self._has_map = True

    def _see_odometry(self, message: Odometry) -> None:
        twist = message.twist.twist
        if np.isfinite((twist.linear.x, twist.angular.z)).all():
            self._velocity = (twist.linear.x, twist.angular.z)

    def _see_people(self, message: SocialPersonArray) -> None:
        """The truth about people comes at a fixed rate: the beat of the recording."""
        self._waiting.append(message)
        while self._waiting:
            stamp = Time.from_msg(self._waiting[0].header.stamp)
            robot_in_map = self._transforms.pose(
                topics.BASE_FRAME, topics.MAP_FRAME, stamp, warn=False
            )
            if robot_in_map is None:
                return
            self._sample(self._waiting.popleft(), robot_in_map)

    def _hear_of_people(self, message: SocialPersonArray) -> None:
        """What the robot believes about people."""
        people = people_from(message).people
        self._has_people |= self._job.task == "avoid" or any(
            person.intent[Intent.UNKNOWN] < KNOWN_ENOUGH for person in people
        )
        if self._sent is not None and not self.finished:
            self.perceived.sample(self._since_sent(message.header), people)

    def _sample(self, message: SocialPersonArray, robot_in_map: FloatArray) -> None:
        if self._sent is None:
            self._try_to_send(message)
            return
        time = self._since_sent(message.header)
        if time <= self.time:  # nothing new
            return
        self.time = time
        robot_in_map = self._localisation.truth(message.header.stamp, robot_in_map)
        people = people_from(message).people
        self._known.update(person.id for person in people)
        self._recorder.sample(self.time, robot_in_map, self._velocity, people)
        if self.time > self._job.timeout + OVERTIME:
            self._finish(False, self._too_late())

    def _try_to_send(self, message: SocialPersonArray) -> None:
        ready = self._has_map and self._has_costs and self._has_people
        if self.finished or not (ready and self._client.server_is_ready()):
            return
        self._sent = seconds(message.header.stamp)
        self.status = "driving"
        goal: NavigateToPose.Goal | ApproachPerson.Goal
        if self._job.task == "avoid":
            header = Header(stamp=message.header.stamp, frame_id=topics.MAP_FRAME)
            goal = NavigateToPose.Goal(pose=pose_stamped(self._scene.goal, header))
            self._recorder.goal(0.0, self._scene.goal)
        else:
            stay = Duration(seconds=self._job.stay).to_msg()
            goal = ApproachPerson.Goal(person_id=self._job.target, stay=stay)
        self._goal_id = UUID(uuid=list(uuid.uuid4().bytes))
        self._answer = self._client.send_goal_async(goal, self._see_feedback, self._goal_id)
        self._answer.add_done_callback(self._answered)

    def _answered(self, future: Future) -> None:
        handle = future.result()
        if handle is None or not handle.accepted:
            self._answer = None
            self._finish(False, "the goal was refused")
            return
        handle.get_result_async().add_done_callback(self._ended)

    def take_back(self, wait: Callable[[Future], None]) -> None:
        """Cancel the goal, unless it has ended: the robot is not to drive on alone.

        Args:
            wait: spins until there is an answer, or for as long as one waits for it.
        """
        if self._answer is not None:
            wait(self._answer)  # a goal that the server does not know yet cannot be cancelled
        if self._answer is not None:
            goal = GoalInfo(goal_id=self._goal_id)
            wait(self._cancel.call_async(CancelGoal.Request(goal_info=goal)))

    def _ended(self, future: Future) -> None:
        self._answer = None
        outcome = future.result()
        if self._job.task == "approach":
            self._target_id = outcome.result.person_id
        if self.time > self._job.timeout:
            self._finish(False, self._too_late())
            return
        reached = outcome.status == GoalStatus.STATUS_SUCCEEDED
        why = getattr(outcome.result, "error_msg", "")  # Humble's navigator has no message
        why = one_line(why, 300) if why else f"the goal failed (status {outcome.status})"
        self._finish(reached, "reached the goal" if reached else why)

    def _see_feedback(self, message: object) -> None:
        feedback = message.feedback  # type: ignore[attr-defined]
        is_approach = self._job.task == "approach"
        who = one_line(feedback.person_id or "somebody", 80) if is_approach else ""
        if who and feedback.arrived:
            self.status = f"with {who}"
        elif 0.0 <= feedback.distance_remaining <= FARTHEST:
            self.status = f"{feedback.distance_remaining:.1f} m left{' to ' if who else ''}{who}"

    def _see_costs(self, message: OccupancyGrid) -> None:
        self._has_costs = True
        time = self._since_sent(message.header)
        if self._sent is not None and time >= self._next_cost and not self.finished:
            found = read_map(message, self._log)
            if found is not None and found[0] == self._geometry:
                self._next_cost = time + COST_PERIOD
                self._recorder.costs(time, np.maximum(found[1], 0) / 100.0)

    def _see_bodies(self, message: BodyArray) -> None:
        time = self._since_sent(message.header)
        if self.time > 0.0 and message.bodies and time >= self._next_view:
            self._next_view = time + VIEW_PERIOD
            bodies = bodies_from(message)
            judged = zip(bodies, defects(bodies), strict=True)
            good = tuple(body for body, defect in judged if defect is None)
            self._recorder.view(CameraView(time, message.image_width, message.image_height, good))

    def _see_path(self, message: Path) -> None:
        points = path_from(message)
        if self._sent is not None and np.isfinite(points).all():
            self._recorder.path(self._since_sent(message.header), points)

    def _see_place(self, message: PoseStamped) -> None:
        place = pose_from(message.pose)
        if self._sent is not None and np.isfinite(place).all():
            self._recorder.goal(self._since_sent(message.header), place)

    def _finish(self, reached: bool, text: str) -> None:
        if self.finished:
            return
        self.finished, self._reached, self.status = True, reached, text
        self._recorder.event(self.time, text)
        if localised := self._localisation.summary():
            self._recorder.event(self.time, localised)
            self.get_logger().info(localised)

    def task(self) -> RecordedTask | None:
        """What a recording of the run does not tell; None when it never began."""
        if self._sent is None:
            return None
        return RecordedTask(
            scene=self._scene.name,
            task=self._job.task,
            arm=self._job.arm,
            seed=self._seed,
            reached=self._reached,
            target_id=self._target(),
            goal=self._scene.goal if self._job.task == "avoid" else None,
            start=self._sent,
            end=self._sent + self.time,
            time_limit=self._job.timeout,
        )

    def _target(self) -> str:
        """Who was approached, of those whom the truth names; '' when nobody was."""
        if self._job.task != "approach":
            return ""
        wished = (self._target_id, self._wished_for())
        return next((name for name in wished if name in self._known), "")

    def record(self) -> RunRecord:
        """What happened."""
        return self._recorder.record(
            reached=self._reached,
            grid=self._geometry,
            occupancy=self._cells,
            furniture=self._scene.room.furniture,
            target_id=self._target(),
            time_limit=self._job.timeout,
        )

    def _wished_for(self) -> str:
        """Who wants to interact in the scene; the target when the approach never found one."""
        willing = (Intent.INTERACTING, Intent.INTERESTED)
        return next((p.id for p in self._scene.people if p.labels.intent in willing), "")
