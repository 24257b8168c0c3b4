"""Recordings whose messages are of another version: the field is named, before anything is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from social_nav_core.evaluation.bag_content import BagTopics
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.recordings.bag import MESSAGE, read_bag
from social_nav_core.recordings.definitions import check_definitions
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.trajectories import Trajectories
from social_nav_core.recordings.writers import message_folder, write_bag

PERSON = (message_folder() / "SocialPerson.msg").read_text(encoding="utf-8")
ARRAY = (message_folder() / "SocialPersonArray.msg").read_text(encoding="utf-8")
STANDING = Trajectories(
    np.array([0.0, 0.1, 0.2]),
    ("a", "b"),
    np.tile([[[0.0, 0.0, 0.0], [1.0, 0.0, np.pi]]], (3, 1, 1)),
    np.zeros((3, 2)),
    np.zeros((3, 2), dtype=np.int64),
    "by hand",
)


def checked(person: str, array: str = ARRAY) -> None:
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in (("SocialPerson", person), ("SocialPersonArray", array)):
        store.register(get_types_from_msg(text, f"social_nav_msgs/msg/{name}"))
    check_definitions(Path("walk.mcap"), store, MESSAGE)


def test_definitions_of_this_version_and_with_fields_beside_are_read() -> None:
    checked(PERSON)
    checked(PERSON + "\nfloat64 mood\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Vector3 velocity", "Vector3 speed", "'velocity' of its .*Person is missing"),
        ("string id", "uint32 id", "'id' of its .*Person is uint32, expected string"),
        ("uint8 intent ", "uint8[2] intent ", r"'intent' of its .* is uint8\[2\], expected uint8:"),
        (
            "Vector3 velocity",
            "Twist velocity",
            "'velocity' of its .* is geometry_msgs/msg/Twist, expected",
        ),
    ],
)
def test_what_is_defined_otherwise_is_named(old: str, new: str, said: str) -> None:
    assert old in PERSON
    with pytest.raises(DataError, match=f"walk.mcap: the field {said}"):
        checked(PERSON.replace(old, new))


def test_one_person_in_place_of_many_is_named() -> None:
    with pytest.raises(DataError, match=r"'people' .* is .*SocialPerson, expected .*Person\[\]"):
        checked(PERSON, ARRAY.replace("SocialPerson[] people", "SocialPerson people"))


def test_a_recording_with_another_definition_is_refused_in_one_line(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", STANDING)
    (file,) = (tmp_path / "bag").glob("*.mcap")
    data = file.read_bytes()
    assert b"Vector3 velocity" in data
    file.write_bytes(data.replace(b"Vector3 velocity", b"Vector3 velocitx"))
    for read in (read_bag, lambda path: read_run(path, "avoid")):
        with pytest.raises(DataError, match=r"'velocity' of its .*Person is missing"):
            read(file)


def test_another_type_of_message_on_a_topic_is_named(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", STANDING)
    expected = r"/social_people is .*SocialPersonArray, expected nav_msgs/msg/Odometry"
    with pytest.raises(DataError, match=expected):
        read_run(tmp_path / "bag", "avoid", topics=BagTopics("/social_people", people="/people"))
