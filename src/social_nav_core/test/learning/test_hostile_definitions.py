"""What a recording says of its messages and publishers, made to do harm: refused, and never run."""

from __future__ import annotations

import re
import shutil
import sqlite3
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from refused_recordings import both_refuse
from social_nav_core.recordings.bag import MESSAGE
from social_nav_core.recordings.errors import LimitError
from social_nav_core.recordings.message_text import DefinitionError, fields_alone
from social_nav_core.recordings.profiles import MOST_VALUES, Profiles
from social_nav_core.recordings.trajectories import Trajectories
from social_nav_core.recordings.writers import message_folder, write_bag

rosbag2 = pytest.importorskip("rosbags.rosbag2", reason="recordings need the package rosbags")
LINE = 80 * "="
IDL = "module social_nav_msgs { module msg { %sstruct SocialPersonArray { long x; }; }; };"
PROFILE = """\
- history: 3
  depth: 0
  reliability: 1
  durability: 2
  deadline: {sec: 9223372036, nsec: 854775807}
  lifespan: {sec: 9223372036, nsec: 854775807}
  liveliness: 1
  liveliness_lease_duration:
    sec: 9223372036
    nsec: 854775807
  avoid_ros_namespace_conventions: false
"""
MERGED = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join(9 * ['*' + old])}]}}\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Every line merges the line before it nine times."""


def text(content: str) -> bytes:
    data = content.encode()
    return struct.pack("<I", len(data)) + data


def record(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + struct.pack("<Q", len(body)) + body


def mcap(definition: str, encoding: str = "ros2msg", profiles: str = "") -> bytes:
    """A recording of no message."""
    about = text("offered_qos_profiles") + text(profiles)
    about = struct.pack("<I", len(about)) + about
    topic = struct.pack("<HH", 1, 1) + text("/social_people") + text("cdr") + about
    data = b"\x89MCAP0\r\n" + record(1, text("ros2") + text("test")) + record(15, bytes(4))
    summary = record(3, struct.pack("<H", 1) + text(MESSAGE) + text(encoding) + text(definition))
    summary += record(4, topic) + record(11, struct.pack("<QHIIIIQQI", 0, 1, 1, 0, 0, 0, 0, 1, 0))
    return data + summary + record(2, struct.pack("<QQI", len(data), 0, 0)) + b"\x89MCAP0\r\n"


def refusal(path: Path) -> str:
    """What both readers say, in one line that names the file, at once."""
    began = time.process_time()
    told = both_refuse(path)
    assert time.process_time() - began < 5.0  # [s], where it was minutes
    return told


@pytest.mark.parametrize("encoding", ["ros2idl", "omgidl"])
@pytest.mark.parametrize(
    "more",
    ["", "const long A = (((1))); ", "const long A = 1 << 24000000000; "],
    ids=["good", "brackets", "shift"],
)
def test_definitions_in_idl_are_refused(tmp_path: Path, encoding: str, more: str) -> None:
    path = tmp_path / "idl.mcap"
    path.write_bytes(mcap(IDL % more, encoding))
    assert f"its {MESSAGE} is defined in IDL, expected the fields of a .msg file" in refusal(path)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("float64 X=1e999\nuint8 x\n", "'header' of its .* is missing"),
        ("float64 X=nan\nuint8 x 1e999\n", "'header' of its .* is missing"),
        (f"uint8 x\n{LINE}\nMSG: 1/2\nuint8 y\n", "line 3 is 'MSG: 1/2', expected a type and a"),
        (f"uint8 x\n{LINE}\nMSG: a/b c\nuint8 y\n", "line 3 is 'MSG: a/b c', expected a type"),
        ("import os\nos.system('x')\n", r"line 2 is .os.system\('x'\)"),
        ("uint8 __class__\n", "line 1 is 'uint8 __class__'"),
        ("uint8 x)\n", r"line 1 is 'uint8 x\)'"),
        ("uint8[1+1] x\n", r"line 1 is 'uint8\[1\+1\] x'"),
        ("uint8[9999999999] x\n", "line 1 is"),
        ("a/b/c/D x\n", "line 1 is"),
        (f"uint8 {300 * 'x'}\n", "line 1 is 'uint8 xxx"),
        ("".join(f"string a{i}\n" for i in range(1001)), "more than 1000 fields, expected the"),
    ],
)
def test_definitions_that_are_no_fields_are_refused(
    tmp_path: Path, definition: str, words: str
) -> None:
    path = tmp_path / "definition.mcap"
    path.write_bytes(mcap(definition))
    assert re.search(words, refusal(path))


def test_fields_alone_are_kept() -> None:
    definition = (
        "# comment = no\n\nuint8 A=1\nstring B = 'x # y'\r\nstd_msgs/Header header # of it\n"
        'string<=10[<=3] names ["a"]\n  float64[36] covariance\t\nint8[] data [1, 2]\n'
        f"float32 x 1e999\nPoint point\n{LINE}\nMSG: geometry_msgs/Point\nfloat64 x 0#zero\n"
        "bool b#no\nuint8 CAPITAL\n"
    )
    assert fields_alone(definition) == (
        "std_msgs/Header header\nstring<=10[<=3] names\nfloat64[36] covariance\nint8[] data\n"
        f"float32 x\nPoint point\n{LINE}\nMSG: geometry_msgs/Point\nfloat64 x\nbool b\n"
        "uint8 CAPITAL\n"
    )
    with pytest.raises(DefinitionError, match="line 2 is 'uint8', expected a type and a name"):
        fields_alone("uint8 x\nuint8\n")


def test_the_fields_of_all_own_messages_are_kept() -> None:
    """What rosbags makes of them is the same with and without the rest."""
    typesys = pytest.importorskip("rosbags.typesys")
    files = sorted(message_folder().glob("*.msg"))
    assert len(files) > 3
    for file in files:
        whole, name = file.read_text(encoding="utf-8"), f"social_nav_msgs/msg/{file.stem}"
        (made,) = typesys.get_types_from_msg(fields_alone(whole), name).values()
        (told,) = typesys.get_types_from_msg(whole, name).values()
        assert made[1] == told[1] and made[0] == []


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording."""
    poses = np.tile([[[0.0, 0.0, 0.0], [1.0, 0.0, np.pi]]], (3, 1, 1))
    group = np.full((3, 2), -1)
    times = np.array([0.0, 0.1, 0.2])
    folder = tmp_path_factory.mktemp("good") / "bag"
    write_bag(folder, Trajectories(times, ("a", "b"), poses, 0.0 * group, group, "by hand"))
    return folder


HOSTILE = [
    (f"[{330_000 * '{},'}]", "is not YAML: line 1: more than 20000 values"),
    (f"[{6_000 * '{a: b},'}]", f"have more than {MOST_VALUES} values; record fewer topics"),
    (MERGED, r"is not YAML: line 2: \*a is an alias"),
    (2000 * "[", "is not YAML: line 1: more than 20 levels"),
    ("- !!python/object:os.system x", "is not YAML: line 1: .*is a tag"),
]


@pytest.mark.parametrize(("profiles", "words"), HOSTILE, ids=range(5))
def test_profiles_that_take_long_are_refused(tmp_path: Path, profiles: str, words: str) -> None:
    path = tmp_path / "profiles.mcap"
    path.write_bytes(mcap("uint8 x\n", profiles=profiles))
    assert re.search(f"its offered_qos_profiles {words}", refusal(path))


@pytest.mark.parametrize(("profiles", "words"), HOSTILE[1:], ids=range(4))
def test_so_are_those_of_a_folder(good: Path, tmp_path: Path, profiles: str, words: str) -> None:
    folder = shutil.copytree(good, tmp_path / "bag")
    about = folder / "metadata.yaml"
    whole = about.read_text(encoding="utf-8")
    quoted = profiles.replace("\n", "\\n")
    changed = re.sub(r"offered_qos_profiles: .*", "", whole)
    at = changed.index("name: /social_people")
    indent = at - changed.rindex("\n", 0, at) - 1
    told = f'offered_qos_profiles: "{quoted}"\n{" " * indent}'
    about.write_text(changed[:at] + told + changed[at:], encoding="utf-8")
    assert re.search(f"its offered_qos_profiles {words}", refusal(folder))


@pytest.mark.parametrize("names", ["topics.offered_qos_profiles", "TOPICS.OFFERED_QOS_PROFILES"])
@pytest.mark.parametrize(("profiles", "words"), HOSTILE[1:], ids=range(4))
def test_so_are_those_of_a_database(
    good: Path, tmp_path: Path, profiles: str, words: str, names: str
) -> None:
    table, column = names.split(".")
    with (
        rosbag2.Reader(good) as reader,
        rosbag2.Writer(
            tmp_path / "bag", version=9, storage_plugin=rosbag2.StoragePlugin.SQLITE3
        ) as writer,
    ):
        (told,) = reader.connections
        writer.add_connection(told.topic, told.msgtype, msgdef=told.msgdef.data, rihs01=told.digest)
    path = tmp_path / "bag" / "bag.db3"
    with sqlite3.connect(path) as base:
        base.execute("UPDATE topics SET offered_qos_profiles = ?", (profiles,))
        base.execute(f"ALTER TABLE topics RENAME COLUMN offered_qos_profiles TO x_{column}")
        base.execute(f"ALTER TABLE topics RENAME COLUMN x_{column} TO {column}")
        base.execute("ALTER TABLE topics RENAME TO x")
        base.execute(f"ALTER TABLE x RENAME TO {table}")
    base.close()
    assert re.search(f"its offered_qos_profiles {words}", refusal(path))


def test_the_usual_profiles_are_within_the_limit() -> None:
    profiles = Profiles()
    for _ in range(9):
        profiles.check(50 * PROFILE)
    with pytest.raises(LimitError, match=f"have more than {MOST_VALUES} values"):
        profiles.check(50 * PROFILE)


def test_many_empty_profiles_are_too_many() -> None:
    profiles = Profiles()
    for _ in range(MOST_VALUES):
        profiles.check("")
    for _ in range(MOST_VALUES // 5):
        profiles.check("[]")
    with pytest.raises(LimitError, match=f"have more than {MOST_VALUES} values"):
        profiles.check("[]")
