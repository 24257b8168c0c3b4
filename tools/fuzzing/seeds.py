"""Good files, from which bad ones are made; small, so that a case is quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from social_nav_core.evaluation.batch import Plan, _begin
from social_nav_core.evaluation.record_file import save_run
from social_nav_core.evaluation.recorder import RunRecorder
from social_nav_core.evaluation.suites import load_suite
from social_nav_core.evaluation.survey import ITEMS
from social_nav_core.people import Person
from social_nav_core.perception.encounters.files import save_encounters
from social_nav_core.perception.encounters.generator import EncounterSettings, generate
from social_nav_core.perception.parts import Arrays, Parts
from social_nav_core.proxemics.model import shipped_model
from social_nav_core.proxemics.personal import PersonalModel
from social_nav_core.recordings.trajectories import Trajectories
from social_nav_core.recordings.writers import write_congreg8
from social_nav_nodes.recorder_node import _own_types

from fuzzing import samples

ROOT = Path(__file__).resolve().parents[2]
WORLDS = ROOT / "worlds"
MODELS = ROOT / "src" / "social_nav_core" / "social_nav_core" / "models"
SUITE = (
    "format: 1\nname: one\ndescription: of one scene\n"
    "entries:\n  - {scene: scenes/single.yaml, task: avoid, vary: start}\n"
)
TASK = (
    "scene: room\ntask: approach\narm: social costs\nseed: 3\nreached: true\n"
    "target_id: anna\ngoal: [1.0, 2.0, 0.5]\nstart: 12.5\nend: 30.0\n"
)
BANDS = "avoid circle:\n  path_length: [3.1, 3.8]\n  success: [1.0, 1.0]\n"
TRACK: dict[str, Any] = {
    "frame_size": [640, 480],
    "intention_class": 1,
    "attitude_class": 0,
    "action_class": 2,
    "frames": [
        {"frame_id": 3 + i, "keypoints": [[100.0 + j, 50.0 + i, 0.8] for j in range(23)]}
        for i in range(2)
    ],
}
POSITIONS = "forward_m,left_m,trial,members\n" + "".join(
    f"{0.5 + 0.05 * i:.3f},{0.4 - 0.03 * i:.3f},t{i % 3},2\n" for i in range(12)
)
HISTOGRAM = "forward_min_m,left_min_m,count\n" + "".join(
    f"{0.5 * i:.2f},{0.5 * j:.2f},{i + j}\n" for i in range(3) for j in range(3)
)
SCORES = b"task        f1     95 % interval\nintent      0.81   0.78 to 0.84\n"
PART_SHAPES = {"representation": (4, 3), "intent": (4, 2)}


@dataclass(frozen=True)
class Seeds:
    """Files that were made."""

    counts: Path
    run: Path
    results: Path
    plan: Plan
    encounters: Path
    trajectories: Path
    bag: Path
    packed_bag: Path
    database: Path
    part: Path
    key: Path


def write(folder: Path) -> Seeds:
    """Make the files that are not texts."""
    place = folder / "seeds"
    place.mkdir(parents=True, exist_ok=True)
    made = Seeds(
        counts=place / "counts.npz",
        run=place / "run.npz",
        results=place / "results.jsonl",
        plan=Plan(str(WORLDS / "suites" / "gate.yaml"), 1, ("no layer",), 0),
        encounters=place / "encounters.npz",
        trajectories=place / "trajectories.csv",
        bag=_bag(place / "bag"),
        packed_bag=_bag(place / "packed", packed=True),
        database=_bag(place / "database", StoragePlugin.SQLITE3),
        part=place / "part.npz",
        key=place / "key.csv",
    )
    PersonalModel(shipped_model()).save_counts(made.counts)
    _save_run(made.run)
    _begin(made.results, made.plan, load_suite(made.plan.suite))
    with made.results.open("a", encoding="utf-8") as file:
        file.write(
            '{"entry": "avoid circle", "index": 0, "arm": "no layer", "values": {"success": 1.0},'
            ' "way": [[0.0, 0.0]], "cost": [0.0], "place": []}\n'
        )
    save_encounters(made.encounters, generate("train", 2, 0, EncounterSettings(image=0)), "seed")
    arrays: dict[str, Any] = {"key": np.array(parts(made.part).key), **part_of(range(4))}
    np.savez(made.part, **arrays)
    write_congreg8(made.trajectories, _trajectories())
    made.key.write_text("clip,arm\nclip_a,social costs\nclip_b,no layer\n", encoding="utf-8")
    return made


def parts(path: Path) -> Parts:
    """Of four windows."""
    return Parts(path, 64 * "a", 4, "answers")


def part_of(windows: range) -> Arrays:
    """The arrays of some of them."""
    return {
        name: np.ones((len(windows), *shape[1:]), np.float32) for name, shape in PART_SHAPES.items()
    }


def is_part(windows: range, values: Arrays) -> bool:
    """Whether arrays are what `part_of` gives."""
    return {name: (a.shape, a.dtype) for name, a in values.items()} == {
        name: (a.shape, a.dtype) for name, a in part_of(windows).items()
    }


def answers(key: Mapping[str, str]) -> str:
    """One person's answers."""
    rows = ["participant,position,pair,clip,item,value"]
    rows += [f"p1,1,0,{clip},{item.name},4" for clip in key for item in ITEMS[:3]]
    return "\n".join([*rows, f"p1,3,0,,preference,{next(iter(key))}", ""])


def _trajectories() -> Trajectories:
    times = np.arange(0.0, 1.5, 0.25, dtype=np.float64)
    poses = np.zeros((6, 2, 3))
    poses[:, 0, 0] = np.linspace(0.0, 1.0, 6)
    poses[:, 1] = (2.0, 1.0, 3.0)
    return Trajectories(times, ("p1", "p2"), poses, np.zeros((6, 2)), np.full((6, 2), -1), "seed")


def _save_run(path: Path) -> None:
    recorder = RunRecorder("room", "avoid", "no layer", 1)
    for step in range(4):
        time = 0.1 * step
        recorder.sample(time, (0.5 * time, 0.0, 0.0), (0.5, 0.0), [Person("anna", np.ones(3))])
    recorder.goal(0.0, np.array([1.0, 0.0, 0.0]))
    recorder.path(0.0, np.array([[0.0, 0.0], [1.0, 0.0]]))
    cells = np.zeros(samples.GRID.shape, np.int8)
    recorder.costs(0.1, np.zeros(samples.GRID.shape))
    run = recorder.record(
        reached=True, grid=samples.GRID, occupancy=cells, furniture=(), target_id=""
    )
    save_run(path, run)


def _bag(folder: Path, storage: StoragePlugin = StoragePlugin.MCAP, packed: bool = False) -> Path:
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(dict(_own_types()))
    made = {
        "/odom": ("nav_msgs/msg/Odometry", samples.odometry, 4),
        "/social_people": ("social_nav_msgs/msg/SocialPersonArray", samples.people, 4),
        "/map": ("nav_msgs/msg/OccupancyGrid", samples.grid, 1),
        "/tf": ("tf2_msgs/msg/TFMessage", samples.transforms, 4),
    }
    writer = Writer(folder, version=9, storage_plugin=storage)
    if packed:
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
    with writer:
        for topic, (name, make, count) in made.items():
            connection = writer.add_connection(topic, name, typestore=types)
            for step in range(count):
                now = 10.0 + 0.2 * step
                writer.write(connection, int(now * 1e9), bytes(serialize_message(make(now))))
    return next(path for path in folder.iterdir() if path.name != "metadata.yaml")
