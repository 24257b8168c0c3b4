"""The faults of the adapters: each is killed, and told stamps that cannot be.

They are functions as in `faults`, in a suite of their own: see `adapters`.
"""

from __future__ import annotations

from collections.abc import Callable

from social_nav_nodes.endurance.adapters import AdapterBench
from social_nav_nodes.endurance.model_faults import models_of_body_tracker

MINUTE, YEARS = 60.0, 1e9  # by which stamps jump [s]; so far ahead they are the newest that can be


def _killed(bench: AdapterBench, adapter: str) -> None:
    bench.begin()
    bench.kill(adapter)
    bench.says("health", f"{adapter}' is silent")
    bench.others_notice_nothing(adapter)
    bench.restart(adapter)
    bench.works(adapter)


def _stamps_jump(bench: AdapterBench, adapter: str, what_it_says: str) -> None:
    bench.begin()
    for by in (MINUTE, YEARS, -MINUTE):
        bench.now()
        bench.feeder.shift(adapter, by)
        if by > 0.0:
            bench.says(adapter, what_it_says)
        else:
            bench.others_go_on(adapter)
        bench.others_notice_nothing(adapter)
        bench.now()
        bench.feeder.stop()
        bench.works(adapter)


def kill_ros4hri(bench: AdapterBench) -> None:
    """kill -9 of ros4hri, and restart: it sees bodies again, and nobody else notices"""
    _killed(bench, "ros4hri")


def kill_body_tracker(bench: AdapterBench) -> None:
    """kill -9 of body_tracker, and restart: it sees bodies again, and nobody else notices"""
    _killed(bench, "body_tracker")


def kill_people_msgs(bench: AdapterBench) -> None:
    """kill -9 of people_msgs, and restart: it passes people on again, and nobody else notices"""
    _killed(bench, "people_msgs")


def kill_pose_array(bench: AdapterBench) -> None:
    """kill -9 of pose_array, and restart: it passes people on again, and nobody else notices"""
    _killed(bench, "pose_array")


def kill_gazebo_people(bench: AdapterBench) -> None:
    """kill -9 of gazebo_people, and restart: it tells of people again, and nobody else notices"""
    _killed(bench, "gazebo_people")


def ros4hri_stamps_jump(bench: AdapterBench) -> None:
    """stamps told to ros4hri jump: a minute ahead, to the end of all time, a minute back

    Those ahead are refused; nobody else notices, and it goes on with the true ones.
    """
    _stamps_jump(bench, "ros4hri", "ahead of the clock")


def body_tracker_stamps_jump(bench: AdapterBench) -> None:
    """stamps told to body_tracker jump: a minute ahead, to the end of all time, a minute back

    Those ahead are refused; nobody else notices, and it goes on with the true ones.
    """
    _stamps_jump(bench, "body_tracker", "ahead of the clock")


def people_msgs_stamps_jump(bench: AdapterBench) -> None:
    """stamps told to people_msgs jump: a minute ahead, to the end of all time, a minute back

    Those ahead are refused; nobody else notices, and it goes on with the true ones.
    """
    _stamps_jump(bench, "people_msgs", "ahead of the clock")


def pose_array_stamps_jump(bench: AdapterBench) -> None:
    """stamps told to pose_array jump: a minute ahead, to the end of all time, a minute back

    Those ahead are refused; nobody else notices, and it goes on with the true ones.
    """
    _stamps_jump(bench, "pose_array", "ahead of the clock")


def gazebo_people_stamps_jump(bench: AdapterBench) -> None:
    """stamps told to gazebo_people jump: a minute ahead, to the end of all time, a minute back

    It begins anew and says so; nobody else notices, and it goes on with the true ones.
    """
    _stamps_jump(bench, "gazebo_people", "the poses' time went from")


ADAPTER_FAULTS: tuple[Callable[[AdapterBench], None], ...] = (
    kill_ros4hri,
    kill_body_tracker,
    kill_people_msgs,
    kill_pose_array,
    kill_gazebo_people,
    ros4hri_stamps_jump,
    body_tracker_stamps_jump,
    people_msgs_stamps_jump,
    pose_array_stamps_jump,
    gazebo_people_stamps_jump,
    models_of_body_tracker,
)
