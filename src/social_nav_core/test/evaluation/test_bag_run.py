"""Recordings become run records; the recordings are written here, with rosbags alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from social_nav_core.__main__ import main
from social_nav_core.evaluation.bag_content import BagContent, BagTopics, topics_named
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.evaluation.recorded_task import (
    RecordedTask,
    load_task,
    read_recorded_task,
    save_task,
)
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.geometry import compose, inverse, quaternion_from_yaw
from social_nav_core.people import Person
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.writers import message_folder

ODOM_IN_MAP = np.array([1.5, 3.4, 0.4])


class Bag:
    """Writes messages by type name."""

    def __init__(self, folder: Path) -> None:
        self.store = get_typestore(Stores.ROS2_JAZZY)
        for name in ("SocialPerson", "SocialPersonArray"):
            text = (message_folder() / f"{name}.msg").read_text(encoding="utf-8")
            self.store.register(get_types_from_msg(text, f"social_nav_msgs/msg/{name}"))
        self.writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self.connections: dict[str, Any] = {}

    def make(self, name: str, **values: Any) -> Any:
        """A message of a type such as 'std_msgs/Header'."""
        package, kind = name.split("/")
        return self.store.types[f"{package}/msg/{kind}"](**values)

    def header(self, time: float, frame: str) -> Any:
        """Header with a stamp [s]."""
        nanoseconds = round(1e9 * time)
        stamp = self.make(
            "builtin_interfaces/Time", sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9
        )
        return self.make("std_msgs/Header", stamp=stamp, frame_id=frame)

    def pose(self, pose: np.ndarray) -> Any:
        """Pose message of (x, y, yaw)."""
        x, y, z, w = quaternion_from_yaw(float(pose[2]))
        return self.make(
            "geometry_msgs/Pose",
            position=self.make("geometry_msgs/Point", x=float(pose[0]), y=float(pose[1]), z=0.0),
            orientation=self.make("geometry_msgs/Quaternion", x=x, y=y, z=z, w=w),
        )

    def vector(self, x: float, y: float = 0.0, z: float = 0.0) -> Any:
        """Vector message."""
        return self.make("geometry_msgs/Vector3", x=x, y=y, z=z)

    def write(self, topic: str, name: str, time: float, message: Any) -> None:
        """Put a message into the recording."""
        kind = name.replace("/", "/msg/")
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(topic, kind, typestore=self.store)
        data = self.store.serialize_cdr(message, kind)
        self.writer.write(self.connections[topic], round(1e9 * time), data)


def write_run(folder: Path, run: RunRecord, **changes: Any) -> Path:
    """The recording of a run; changes replace what is written on a topic, None leaves it out."""
    bag = Bag(folder)
    with bag.writer:
        _write_map(bag, run, changes)
        for i, time in enumerate(run.times + 100.0):
            if "odom" not in changes:
                _write_robot(bag, run, i, time, changes.get("odometry topic", "/odom"))
            if i % 2 == 0 and "people" not in changes:
                _write_people(bag, run, i, time, changes.get("people_frame", "map"))
            if "truth" in changes:
                _write_people(bag, changes["truth"], i, time, "map", "/social_people_truth")
        for time, path in zip(run.path_times + 100.0, run.paths_in_map, strict=True):
            poses = [
                bag.make(
                    "geometry_msgs/PoseStamped",
                    header=bag.header(time, "map"),
                    pose=bag.pose(np.array([*point, 0.5])),
                )
                for point in path
            ]
            message = bag.make("nav_msgs/Path", header=bag.header(time, "map"), poses=poses)
            bag.write("/plan", "nav_msgs/Path", time, message)
    return folder


def _write_map(bag: Bag, run: RunRecord, changes: dict[str, Any]) -> None:
    cells = {"/map": run.occupancy, "/social_costmap": np.round(100.0 * run.costs[0])}
    for topic, values in cells.items():
        info = bag.make(
            "nav_msgs/MapMetaData",
            map_load_time=bag.header(100.0, "").stamp,
            resolution=changes.get(f"{topic} resolution", run.grid.resolution),
            width=run.grid.width,
            height=changes.get(f"{topic} height", run.grid.height),
            origin=bag.pose(np.array(run.grid.origin)),
        )
        message = bag.make(
            "nav_msgs/OccupancyGrid",
            header=bag.header(100.0, "map"),
            info=info,
            data=values.astype(np.int8).ravel(),
        )
        bag.write(topic, "nav_msgs/OccupancyGrid", 100.0, message)
    if "tf" in changes:
        return
    x, y, z, w = quaternion_from_yaw(float(ODOM_IN_MAP[2]))
    transform = bag.make(
        "geometry_msgs/TransformStamped",
        header=bag.header(100.0, "map"),
        child_frame_id="odom",
        transform=bag.make(
            "geometry_msgs/Transform",
            translation=bag.vector(ODOM_IN_MAP[0], ODOM_IN_MAP[1]),
            rotation=bag.make("geometry_msgs/Quaternion", x=x, y=y, z=z, w=w),
        ),
    )
    message = bag.make("tf2_msgs/TFMessage", transforms=[transform])
    bag.write("/tf_static", "tf2_msgs/TFMessage", 100.0, message)


def _write_robot(bag: Bag, run: RunRecord, i: int, time: float, topic: str = "/odom") -> None:
    in_odom = compose(inverse(ODOM_IN_MAP), run.robot_in_map[i])
    none = np.zeros(36)
    forward, turn = run.robot_velocity[i].tolist()
    twist = bag.make(
        "geometry_msgs/Twist", linear=bag.vector(forward), angular=bag.vector(0.0, 0.0, turn)
    )
    message = bag.make(
        "nav_msgs/Odometry",
        header=bag.header(time, "odom"),
        child_frame_id="base_footprint",
        pose=bag.make("geometry_msgs/PoseWithCovariance", pose=bag.pose(in_odom), covariance=none),
        twist=bag.make("geometry_msgs/TwistWithCovariance", twist=twist, covariance=none),
    )
    bag.write(topic, "nav_msgs/Odometry", time, message)


def _write_people(
    bag: Bag, run: RunRecord, i: int, time: float, frame: str, topic: str = "/social_people"
) -> None:
    people = []
    for column, name in enumerate(run.person_ids):
        if np.isfinite(run.people_in_map[i, column]).all():
            covariance = np.zeros(36)
            if i in (4, 6):
                covariance[35] = 100.0
            in_map = run.people_in_map[i, column]
            in_frame = compose(inverse(ODOM_IN_MAP), in_map) if frame == "odom" else in_map
            person = Person(name, in_frame)
            people.append(
                bag.make(
                    "social_nav_msgs/SocialPerson",
                    id=name,
                    group_id=str(run.group_ids[i, column]),
                    pose=bag.make(
                        "geometry_msgs/PoseWithCovariance",
                        pose=bag.pose(person.pose),
                        covariance=covariance,
                    ),
                    velocity=bag.vector(0.0),
                    last_seen=bag.header(time, "").stamp,
                    confidence=1.0,
                    intent=int(run.intents[i, column]),
                    intent_probabilities=np.zeros(4, np.float32),
                    attitude=0,
                    attitude_probabilities=np.zeros(4, np.float32),
                    action=0,
                    action_probabilities=np.zeros(11, np.float32),
                )
            )
    message = bag.make(
        "social_nav_msgs/SocialPersonArray", header=bag.header(time, frame), people=people
    )
    bag.write(topic, "social_nav_msgs/SocialPersonArray", time, message)


def test_a_recording_gives_the_run_back(tmp_path: Path, avoid_with: RunRecord) -> None:
    run = read_run(write_run(tmp_path / "bag", avoid_with), "avoid")
    np.testing.assert_allclose(run.times - 100.0, avoid_with.times, atol=1e-6)
    np.testing.assert_allclose(run.robot_in_map, avoid_with.robot_in_map, atol=1e-6)
    np.testing.assert_allclose(run.robot_velocity, avoid_with.robot_velocity)
    np.testing.assert_allclose(run.people_in_map, avoid_with.people_in_map, atol=1e-6)
    assert run.person_ids == avoid_with.person_ids
    np.testing.assert_array_equal(run.intents, avoid_with.intents)
    np.testing.assert_array_equal(run.group_ids, avoid_with.group_ids)
    assert run.grid == avoid_with.grid
    np.testing.assert_array_equal(run.occupancy, avoid_with.occupancy)
    np.testing.assert_allclose(run.costs[0], avoid_with.costs[0], atol=0.006)
    np.testing.assert_allclose(run.goal_in_map, (*avoid_with.paths_in_map[0][-1], 0.5))
    assert run.reached


def test_people_in_the_odometrys_frame_are_taken_into_the_map(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    """As the suite's own perception publishes them; the frames differ by a shift and a turn."""
    run = read_run(write_run(tmp_path / "bag", avoid_with, people_frame="odom"), "avoid")
    np.testing.assert_allclose(run.people_in_map, avoid_with.people_in_map, atol=1e-6)


def test_a_frame_moves_evenly_between_its_transforms() -> None:
    """From (0, 0, 3) at 10 s to (2, 4, -3) at 12 s it turns by 0.283 rad over pi, not by -6."""
    steps = [(12.0, np.array([2.0, 4.0, -3.0])), (10.0, np.array([0.0, 0.0, 3.0]))]
    content = BagContent(transforms={("map", "odom"): steps})
    found = content.frame_in("map", "odom", np.array([5.0, 10.5, 11.0, 20.0]))
    expected = [[0, 0, 3.0], [0.5, 1.0, 3.0 + 0.25 * 0.2831853], [1, 2, np.pi], [2, 4, -3.0]]
    assert found is not None
    assert found[:2] == pytest.approx(np.array(expected[:2]), abs=1e-6)
    assert found[2, :2] == pytest.approx([1.0, 2.0])
    assert abs(found[2, 2]) == pytest.approx(np.pi, abs=1e-6)
    assert found[3] == pytest.approx(expected[3])
    assert content.frame_in("map", "base", np.zeros(1)) is None


def test_a_task_is_cut_out_of_a_recording(tmp_path: Path, avoid_with: RunRecord) -> None:
    whole = read_run(write_run(tmp_path / "bag", avoid_with), "avoid")
    start, end = 100.0 + avoid_with.times[5], 100.0 + avoid_with.times[-5]
    run = read_run(tmp_path / "bag", "avoid", between=(start, end))
    kept = (whole.times >= start - 1e-6) & (whole.times <= end + 1e-6)
    assert run.times == pytest.approx(whole.times[kept] - start)
    assert run.times[0] == pytest.approx(0.0, abs=1e-6)
    assert run.robot_in_map == pytest.approx(whole.robot_in_map[kept])
    assert run.people_in_map == pytest.approx(whole.people_in_map[kept], nan_ok=True)
    assert (run.occupancy == whole.occupancy).all(), "the map was said before"


def test_what_a_simulator_tells_is_believed_before_the_odometry(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    bag = Bag(write_run(tmp_path / "odometry", avoid_with).parent / "truth")
    with bag.writer:
        _write_map(bag, avoid_with, {"tf": None})
        for i, time in enumerate(avoid_with.times + 100.0):
            _write_robot(bag, avoid_with, i, time)
            _write_people(bag, avoid_with, i, time, "map")
            truth = bag.make(
                "nav_msgs/Odometry",
                header=bag.header(time, "map"),
                child_frame_id="base_footprint",
                pose=bag.make(
                    "geometry_msgs/PoseWithCovariance",
                    pose=bag.pose(np.array([0.1 * i, 2.0, 0.3])),
                    covariance=np.zeros(36),
                ),
                twist=bag.make(
                    "geometry_msgs/TwistWithCovariance",
                    twist=bag.make(
                        "geometry_msgs/Twist", linear=bag.vector(0.25), angular=bag.vector(0.0)
                    ),
                    covariance=np.zeros(36),
                ),
            )
            bag.write("/ground_truth", "nav_msgs/Odometry", time, truth)
    run = read_run(tmp_path / "truth", "avoid")
    assert run.robot_in_map[:, 1:] == pytest.approx(np.tile([2.0, 0.3], (len(run.times), 1)))
    assert run.robot_velocity[:, 0] == pytest.approx(np.full(len(run.times), 0.25))


@pytest.mark.parametrize("perceived", [{}, {"people_frame": "odom"}, {"people": None}])
def test_true_people_are_believed_before_those_of_a_perception(
    tmp_path: Path, approach: RunRecord, perceived: dict[str, Any]
) -> None:
    """Which are elsewhere, or in the odometry's frame, or not there at all."""
    elsewhere = approach.people_in_map + np.array([0.4, -0.3, 0.0])
    seen = approach.changed(people_in_map=elsewhere, intents=np.full_like(approach.intents, 1))
    folder = write_run(tmp_path / "bag", seen, truth=approach, **perceived)
    run = read_run(folder, "approach", "person_a")
    assert run.person_ids == approach.person_ids
    assert run.people_in_map == pytest.approx(approach.people_in_map, abs=1e-6, nan_ok=True)
    np.testing.assert_array_equal(run.intents, approach.intents)
    start, end = (100.0 + approach.times[i] for i in (5, -5))
    cut = read_run(folder, "approach", "person_a", between=(start, end))
    assert cut.people_in_map == pytest.approx(run.people_in_map[5:-4], nan_ok=True)


def test_a_recorded_task_is_named_by_what_lies_beside_it(
    tmp_path: Path, avoid_with: RunRecord
) -> None:
    write_run(tmp_path / "bag", avoid_with)
    start, end = 100.0, 100.0 + float(avoid_with.times[-1])
    goal = (2.0, 1.0, 0.5)
    task = RecordedTask("hall", "avoid", "no social costs", 7, True, "", goal, start, end)
    save_task(tmp_path / "task.yaml", task)
    assert load_task(tmp_path / "task.yaml") == task
    run = read_recorded_task(tmp_path)
    assert (run.scene, run.arm, run.seed, run.reached) == ("hall", "no social costs", 7, True)
    assert run.goal_in_map == pytest.approx(goal)
    assert run.duration == pytest.approx(avoid_with.duration)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "not a task"),
        ("scene: a", "missing"),
        ("{", "not YAML"),
        (
            "{scene: a, task: fly, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 0.0, end: 1.0}",
            "task is 'fly'",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 2.0, end: 1.0}",
            "expected a finite start before it",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', "
            "goal: [1, .nan, 0], start: 0.0, end: 1.0}",
            "three finite numbers",
        ),
        (
            "{scene: 5, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            "start: 0.0, end: 1.0}",
            "scene is 5, expected a text",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: 'no', target_id: '', goal: null, "
            "start: 0.0, end: 1.0}",
            "reached is 'no', expected true or false",
        ),
        (
            "{scene: a, task: avoid, arm: a, seed: 1, reached: true, target_id: '', goal: null, "
            f"start: {'9' * 400}, end: 1.0}}",
            "not a task",
        ),
    ],
)
def test_a_bad_task_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "task.yaml").write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        load_task(tmp_path / "task.yaml")
    assert "\n" not in str(caught.value)


def test_people_who_are_not_in_the_messages_any_more_are_absent(
    tmp_path: Path, approach: RunRecord
) -> None:
    poses = approach.people_in_map.copy()
    poses[20:, 1] = np.nan
    run = read_run(
        write_run(tmp_path / "bag", approach.changed(people_in_map=poses)), "approach", "person_a"
    )
    absent = np.isnan(run.person("person_b")[:, 0])
    assert not absent[:20].any()
    assert absent[20:].all()
    assert run.target_id == "person_a"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"odom": None}, r"no message on /odom \(odometry\)"),
        ({"people": None}, r"no message on /social_people \(people\)"),
        ({"tf": None}, "no transform from 'map' to 'odom' on /tf or /tf_static"),
        ({"people_frame": "base_link"}, "people are in the frame 'base_link', expected the map's"),
        ({"/map resolution": float("nan")}, "a message on /map is no grid: .*resolution is nan"),
        ({"/map height": 0}, "a message on /map is no grid: .* expected at least 1 x 1"),
        ({"/map height": 2**31}, "a message on /map is no grid: it has .* cells, expected .* x"),
        ({"/social_costmap height": 3}, "a message on /social_costmap is no grid"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    tmp_path: Path, avoid_with: RunRecord, changes: dict[str, Any], message: str
) -> None:
    folder = write_run(tmp_path / "bag", avoid_with, **changes)
    with pytest.raises(DataError, match=message):
        read_run(folder, "avoid")


def test_files_that_are_no_recordings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "none", "avoid")
    (tmp_path / "text.mcap").write_text("hello")
    with pytest.raises(DataError, match="not a recording that can be read"):
        read_run(tmp_path / "text.mcap", "avoid")


def test_the_command_measures_a_recording(
    tmp_path: Path, avoid_with: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_run(tmp_path / "bag", avoid_with)
    assert main(["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "path length" in said
    assert (tmp_path / "out" / "report.html").is_file()
    lost = ["--task", "approach", "--target", "nobody", "--out", str(tmp_path / "out")]
    assert main(["evaluate", "--bag", str(bag), *lost]) == 2
    assert "target_id 'nobody' is not one of" in capsys.readouterr().err


TIAGO = "/mobile_base_controller/odom"


def test_topics_of_a_robot_are_named_in_the_command(
    tmp_path: Path, avoid_with: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_run(tmp_path / "bag", avoid_with, people_frame="odom", **{"odometry topic": TIAGO})
    command = ["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "no message on /odom (odometry)" in said
    assert TIAGO in said
    assert main([*command, "--topic", f"odometry={TIAGO}"]) == 0
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("topics", "words"),
    [
        (["odometry"], "'odometry' is no topic, expected NAME=TOPIC with one of odometry, truth"),
        (["odom=/x"], "expected NAME=TOPIC with one of odometry"),
        (["odometry=odom"], "the topic of odometry is 'odom', expected a whole name such as /odom"),
        (["odometry="], "expected a whole name"),
        (["odometry=/a", "odometry=/b"], "odometry is named twice: '/a' and '/b'"),
        (["odometry=/map"], "'/map' of map is that of odometry already"),
        (["people=/tf"], "'/tf' of people is the transforms' already"),
    ],
)
def test_a_topic_that_cannot_be_is_one_line(
    tmp_path: Path, topics: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=words):
        topics_named(topics)
    given = [word for topic in topics for word in ("--topic", topic)]
    out = ["--out", str(tmp_path / "out")]
    assert main(["evaluate", "--bag", str(tmp_path / "none"), *given, *out]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["evaluate", *given, *out]) == 2
    assert "expected --bag FILE" in capsys.readouterr().err


def test_topics_by_name() -> None:
    assert topics_named([]) == BagTopics()
    assert topics_named([f"odometry={TIAGO}"]) == BagTopics(odometry=TIAGO)


def test_a_place_outside_of_the_map_leaves_contacts_with_it_out(
    tmp_path: Path, avoid_with: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    away = avoid_with.robot_in_map.copy()
    away[5, 0] += 30.0
    bag = write_run(tmp_path / "bag", avoid_with.changed(robot_in_map=away))
    assert main(["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "contacts with walls" not in said.out
    assert "smallest distance to a person" in said.out
    assert f"in 1 of {len(away)} samples, first at {100.0 + avoid_with.times[5]:.2f} s" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("task", [[], ["--task", "approach", "--target", "person_a"]])
def test_where_no_goal_was_recorded_nobody_knows_of_success(
    tmp_path: Path,
    avoid_with: RunRecord,
    task: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    no_plan = avoid_with.changed(path_times=np.zeros(0), paths_in_map=())
    bag = write_run(tmp_path / "bag", no_plan)
    if task:
        task[-1] = avoid_with.person_ids[0]
    assert main(["evaluate", "--bag", str(bag), "--out", str(tmp_path / "out"), *task]) == 0
    said = capsys.readouterr()
    for label in ("reached the goal", "time to goal", "time stalled", "new goals", "time ran out"):
        assert label not in said.out
    assert "path length" in said.out
    assert "nobody knows the goal" in said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "a goal that was not recorded" in page
    assert "reached its goal" not in page
    assert "did not reach" not in page
