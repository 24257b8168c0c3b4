"""Messages to core types and back; the only place that knows how a field is spelled.

Angles and lengths pass unchanged (radians, metres).  What cannot be used is told apart from what
can, with the reason, and never repaired in silence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import (
    Point,
    Pose,
    PoseStamped,
    PoseWithCovariance,
    Quaternion,
    Transform,
    TransformStamped,
    Vector3,
)
from nav_msgs.msg import MapMetaData, OccupancyGrid, Odometry, Path
from numpy.typing import ArrayLike, NDArray
from sensor_msgs.msg import LaserScan
from social_nav_core.bodies import Body
from social_nav_core.geometry import FloatArray, quaternion_from_yaw, yaw_from_quaternion
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Action, Attitude, Intent, Person, defects
from std_msgs.msg import Header

from social_nav_msgs.msg import Body as BodyMessage
from social_nav_msgs.msg import BodyArray, SocialPerson, SocialPersonArray
from social_nav_nodes.topics import BASE_FRAME

FramePose = tuple[FloatArray, FloatArray]
"""Position (3,) [m] and axes (3, 3), columns x, y and z, of a frame in another one."""
PLANAR = np.ix_((0, 1, 5), (0, 1, 5))  # x, y and yaw of a 6 x 6 covariance
NORM_TOLERANCE = 0.01  # of a quaternion's length
MOST_ANGLE = 4.0 * math.pi  # of a beam of a scan [rad]


@dataclass(frozen=True)
class PeopleRead:
    """What a message says about people.

    Attributes:
        people: those who can be used, in the frame and with the ids of the message.
        left_out: (id, reason) of those who cannot.
    """

    people: list[Person]
    left_out: list[tuple[str, str]]


def seconds(stamp: TimeMessage) -> float:
    """Time stamp in seconds."""
    return stamp.sec + 1e-9 * stamp.nanosec


def stamp_of(time: float) -> TimeMessage:
    """Time stamp of a time in seconds, rounded to nanoseconds."""
    whole = math.floor(time)
    nanoseconds = round((time - whole) * 1e9)
    return TimeMessage(sec=whole + nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def people_from(message: SocialPersonArray, frame: FramePose | None = None) -> PeopleRead:
    """People of a message; a bad quaternion, number or label leaves out that person alone.

    Probabilities that are all zero stand for a label that is not known.

    Args:
        message: whoever has no ``last_seen`` was seen at its stamp.
        frame: of the message, however it is tilted, in the one that the people are wanted in, z
            up; None for the message's own, with z up.
    """
    read = PeopleRead([], [])
    seen: set[str] = set()
    usable: list[SocialPerson] = []
    for item in message.people:
        reason = f"the id '{item.id}' is used twice" if item.id in seen else None
        seen.add(item.id)
        reason = reason or _pose_defect(item.pose)
        if reason is None:
            usable.append(item)
        else:
            read.left_out.append((item.id, reason))
    found = _persons(usable, seconds(message.header.stamp), frame) if usable else []
    for person, defect in zip(found, defects(found), strict=True):
        if defect is None:
            read.people.append(person)
        else:
            read.left_out.append((person.id, defect))
    return read


def _persons(items: list[SocialPerson], stamp: float, frame: FramePose | None) -> list[Person]:
    """People as messages say, all at once; `Person.defect` tells whether they can be used."""
    places = np.array([_xyz(item.pose.pose.position) for item in items])
    chests = _chests([item.pose.pose.orientation for item in items])
    velocities = np.array([_xyz(item.velocity) for item in items])
    covariances = np.array([item.pose.covariance for item in items]).reshape(-1, 6, 6)
    if frame is not None:
        position, axes = frame
        places, chests = places @ axes.T + position, chests @ axes.T
        velocities = velocities @ axes.T
        covariances[:, :3, :3] = axes @ covariances[:, :3, :3] @ axes.T
        covariances[:, :3, 5] = covariances[:, :3, 5] @ axes.T
        covariances[:, 5, :3] = covariances[:, 5, :3] @ axes.T
    poses = np.column_stack([places[:, :2], np.arctan2(chests[:, 1], chests[:, 0])])
    intents = _probabilities([item.intent_probabilities for item in items], Intent.UNKNOWN)
    attitudes = _probabilities([item.attitude_probabilities for item in items], Attitude.UNKNOWN)
    actions = _probabilities([item.action_probabilities for item in items], Action.UNKNOWN)
    return [
        Person(
            id=item.id,
            pose=poses[row],
            velocity=velocities[row, :2],
            covariance=covariances[row][PLANAR],
            intent=intents[row],
            attitude=attitudes[row],
            action=actions[row],
            group_id=item.group_id,
            confidence=float(item.confidence),
            last_seen=seconds(item.last_seen) or stamp,
        )
        for row, item in enumerate(items)
    ]


def _xyz(message: Point | Vector3) -> tuple[float, float, float]:
    return message.x, message.y, message.z


def _chests(turns: list[Quaternion]) -> FloatArray:
    """Where bodies' x point to ``(n, 3)``, by quaternions; as long as their squared lengths."""
    x, y, z, w = np.array([(turn.x, turn.y, turn.z, turn.w) for turn in turns]).T
    return np.column_stack(
        [w * w + x * x - y * y - z * z, 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)]
    )


def people_message(people: list[Person], header: Header) -> SocialPersonArray:
    """Message of people whose poses are in the header's frame."""
    return SocialPersonArray(header=header, people=[person_message(p) for p in people])


def person_message(person: Person) -> SocialPerson:
    """Message of one person."""
    message = SocialPerson(
        id=person.id,
        group_id=person.group_id,
        last_seen=stamp_of(person.last_seen),
        confidence=float(person.confidence),
        intent=int(np.argmax(person.intent)),
        intent_probabilities=person.intent.astype(np.float32),
        attitude=int(np.argmax(person.attitude)),
        attitude_probabilities=person.attitude.astype(np.float32),
        action=int(np.argmax(person.action)),
        action_probabilities=person.action.astype(np.float32),
    )
    _fill(message.pose, person.pose, person.covariance)
    message.velocity.x, message.velocity.y = person.velocity.tolist()
    return message


def bodies_message(
    bodies: list[Body], header: Header, image_width: int, image_height: int
) -> BodyArray:
    """Message of the bodies in one image, their poses in the header's frame."""
    return BodyArray(
        header=header,
        image_width=image_width,
        image_height=image_height,
        bodies=[_body_message(body) for body in bodies],
    )


def _body_message(body: Body) -> BodyMessage:
    message = BodyMessage(id=body.id)
    message.x, message.y = body.x.tolist(), body.y.tolist()
    message.confidence = body.confidence.tolist()
    _fill(message.pose, body.pose, body.covariance)
    return message


def bodies_from(message: BodyArray) -> list[Body]:
    """Bodies of a message, in its frame; `Body.defect` tells which can be used."""
    return [
        Body(
            id=item.id,
            x=np.array(item.x, dtype=np.float32),
            y=np.array(item.y, dtype=np.float32),
            confidence=np.array(item.confidence, dtype=np.float32),
            pose=pose_from(item.pose.pose),
            covariance=np.reshape(item.pose.covariance, (6, 6))[PLANAR],
        )
        for item in message.bodies
    ]


def grid_from(message: OccupancyGrid) -> tuple[GridGeometry, NDArray[np.int8]]:
    """Geometry and cells ``(height, width)`` of a map.

    Raises:
        ValueError: size, resolution, origin, the number of cells or a cell make no sense.
    """
    info = message.info
    defect = quaternion_defect(info.origin)
    if defect is not None:
        raise ValueError(f"map origin: {defect}")
    x, y, yaw = pose_from(info.origin).tolist()
    resolution = float(str(np.float32(info.resolution)))  # 0.05, not 0.05000000074505806
    geometry = GridGeometry(info.width, info.height, resolution, (x, y, yaw))
    if len(message.data) != info.width * info.height:
        raise ValueError(
            f"map has {len(message.data)} cells, expected {info.width} x {info.height}"
        )
    cells = np.asarray(message.data, dtype=np.int8).reshape(geometry.shape)
    if cells.min() < -1 or cells.max() > 100:
        raise ValueError(f"map cells run from {cells.min()} to {cells.max()}, expected -1 to 100")
    return geometry, cells


def cost_cells(costs: FloatArray, max_cost: float) -> NDArray[np.int8]:
    """Occupancy from 0 to ``max_cost`` [%] of costs in [0, 1].

    Raises:
        ValueError: a cost is not a number or out of range.
    """
    low, high = float(costs.min(initial=0.0)), float(costs.max(initial=0.0))
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(f"social costs run from {low} to {high}, expected 0 to 1")
    return np.rint(max_cost * costs).astype(np.int8)


def grid_message(cells: NDArray[np.int8], geometry: GridGeometry, header: Header) -> OccupancyGrid:
    """Message of cells ``(height, width)`` in the header's frame.

    Raises:
        ValueError: a cell is not -1 to 100, or the shape is not the grid's; so no such grid is
            ever published.
    """
    if cells.shape != geometry.shape:
        raise ValueError(f"cells have the shape {cells.shape}, expected {geometry.shape}")
    if not (cells.min() >= -1 and cells.max() <= 100):
        raise ValueError(f"cells run from {cells.min()} to {cells.max()}, expected -1 to 100")
    x, y, yaw = geometry.origin
    info = MapMetaData(
        map_load_time=header.stamp,
        resolution=geometry.resolution,
        width=geometry.width,
        height=geometry.height,
        origin=pose_message((x, y, yaw)),
    )
    message = OccupancyGrid(header=header, info=info)
    message.data.frombytes(np.ascontiguousarray(cells, dtype=np.int8).tobytes())
    return message


def pose_from(message: Pose) -> FloatArray:
    """(x [m], y [m], yaw [rad]) of a pose."""
    turn = message.orientation
    yaw = yaw_from_quaternion(turn.x, turn.y, turn.z, turn.w)
    return np.array([message.position.x, message.position.y, yaw])


def quaternion_defect(pose: Pose) -> str | None:
    """Why the orientation cannot be used, in words; None when all is well."""
    turn = pose.orientation
    length = math.hypot(turn.x, turn.y, turn.z, turn.w)
    if abs(length - 1.0) <= NORM_TOLERANCE:
        return None
    return f"orientation is a quaternion of length {length:.3g}, expected 1"


def _pose_defect(message: PoseWithCovariance) -> str | None:
    """Why a pose cannot be used, including the parts that planar poses do not have."""
    position = message.pose.position
    if not all(map(math.isfinite, (position.x, position.y, position.z))):
        return f"pose is ({position.x}, {position.y}, {position.z}) m, expected finite numbers"
    if not np.isfinite(message.covariance).all():
        return "covariance is not finite, expected 36 finite numbers"
    return quaternion_defect(message.pose)


def pose_message(pose: ArrayLike) -> Pose:
    """Pose message of (x [m], y [m], yaw [rad])."""
    message = Pose()
    _fill_planar(message, np.asarray(pose, dtype=float))
    return message


def _fill_planar(message: Pose, pose: FloatArray) -> None:
    x, y, yaw = pose.tolist()
    message.position.x, message.position.y = x, y
    turn = message.orientation
    turn.x, turn.y, turn.z, turn.w = quaternion_from_yaw(yaw)


def pose_stamped(pose: ArrayLike, header: Header) -> PoseStamped:
    """Stamped pose message of (x [m], y [m], yaw [rad])."""
    return PoseStamped(header=header, pose=pose_message(pose))


def transform_message(child_in_parent: ArrayLike, child: str, header: Header) -> TransformStamped:
    """Transform of a planar pose; the parent is the header's frame."""
    pose = pose_message(child_in_parent)
    transform = Transform(rotation=pose.orientation)
    transform.translation.x, transform.translation.y = pose.position.x, pose.position.y
    return TransformStamped(header=header, child_frame_id=child, transform=transform)


def odometry_message(pose: ArrayLike, velocity: tuple[float, float], header: Header) -> Odometry:
    """Odometry of pose (x [m], y [m], yaw [rad]) and velocity (forward [m/s], turning [rad/s])."""
    message = Odometry(header=header, child_frame_id=BASE_FRAME)
    message.pose.pose = pose_message(pose)
    message.twist.twist.linear.x, message.twist.twist.angular.z = velocity
    return message


def path_message(points: FloatArray, header: Header) -> Path:
    """Path message of points ``(n, 2)`` [m]; headings are not set."""
    path = Path(header=header)
    for point in points:
        path.poses.append(pose_stamped((*point, 0.0), header))
    return path


def path_from(message: Path) -> FloatArray:
    """Points ``(n, 2)`` [m] of a path."""
    places = [(item.pose.position.x, item.pose.position.y) for item in message.poses]
    return np.array(places).reshape(-1, 2)


def scan_defect(message: LaserScan) -> str | None:
    """Why a scan says nothing of what is around, in words; None when it does."""
    names = ("angle_min", "angle_max", "angle_increment", "range_min", "range_max")
    for name in names:
        if not math.isfinite(getattr(message, name)):
            return f"its {name} is {getattr(message, name)}, expected a finite number"
    if not message.range_min < message.range_max:
        return f"its ranges go from {message.range_min:g} to {message.range_max:g} m, expected up"
    if not len(message.ranges):
        return "it has no ranges, expected one for each beam"
    widest = max(abs(angle) for angle in _outer_beams(message))
    if widest > MOST_ANGLE:
        return f"it has a beam at {widest:.3g} rad, expected at most {MOST_ANGLE:.3g} rad"
    return None


def scan_half_angle(message: LaserScan) -> float:
    """Angle [rad] up to which the beams of a scan go to either side of straight ahead."""
    first, last = _outer_beams(message)
    return max(-first, -last, first, last)


def _outer_beams(message: LaserScan) -> tuple[float, float]:
    """Angles of the first and the last beam of a scan [rad]."""
    last = message.angle_min + message.angle_increment * (len(message.ranges) - 1)
    return message.angle_min, last


def scan_points(message: LaserScan) -> FloatArray:
    """Points ``(n, 2)`` [m] of a scan's finite ranges, in the scanner's frame."""
    ranges = np.asarray(message.ranges, dtype=float)
    with np.errstate(invalid="ignore"):  # of an increment that is not finite
        angles = message.angle_min + message.angle_increment * np.arange(len(ranges))
    hit = np.isfinite(ranges) & (ranges >= message.range_min) & (ranges <= message.range_max)
    hit &= np.abs(angles) <= MOST_ANGLE  # beyond it, or not finite, an angle is no direction
    return ranges[hit, None] * np.stack([np.cos(angles[hit]), np.sin(angles[hit])], axis=-1)


def _probabilities(values: list[NDArray[np.float32]], unknown: int) -> FloatArray:
    """Probabilities ``(n, labels)``; those of a label that nobody told are certain of UNKNOWN."""
    probabilities = np.array(values, dtype=float)
    probabilities[~probabilities.any(axis=1), unknown] = 1.0
    return probabilities


def _fill(message: PoseWithCovariance, pose: FloatArray, covariance: FloatArray) -> None:
    """Into a message that is there, since every message that is made makes all its parts."""
    full = np.zeros((6, 6))
    full[PLANAR] = covariance
    _fill_planar(message.pose, pose)
    message.covariance = full.ravel()
