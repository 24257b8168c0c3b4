"""The faults that are injected into the running suite, each with its stated outcome.

A fault is a function: it drives, injects, and states what has to follow.  The first line of its
docstring is its title, the rest is the outcome in words.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial

from geometry_msgs.msg import TransformStamped
from tf2_msgs.msg import TFMessage

from social_nav_msgs.action import ApproachPerson
from social_nav_nodes import topics
from social_nav_nodes.conversions import grid_from, grid_message, seconds, stamp_of
from social_nav_nodes.endurance.bench import Bench
from social_nav_nodes.endurance.kills import (
    NAVIGATOR_GONE,
    kill_goal_selector,
    kill_health,
    kill_navigator,
    kill_on_the_way,
    kill_perception,
    kill_recorder,
    kill_simulator,
    kill_social_costmap,
)
from social_nav_nodes.endurance.meddler import CLOCK, RELAYED, TF
from social_nav_nodes.endurance.model_faults import (
    models_of_goal_selector,
    models_of_perception,
    models_of_social_costmap,
)
from social_nav_nodes.endurance.outcomes import BACK
from social_nav_nodes.endurance.played_navigator import refusing_navigator

Result = ApproachPerson.Result
Fault = Callable[[Bench], None]
ANY = tuple(range(10))


def images_freeze(bench: Bench) -> None:
    """the bodies of one image come again and again

    The perception tells nobody of them twice, says so, and goes on with the next image.
    """
    bench.drive()
    bench.now()
    bench.meddler.repeat(topics.BODIES)
    bench.says("perception", "is not after|no transform")
    silent_since = bench.seen.perceived_at
    bench.keeps_driving()
    bench.expect("it is silent", lambda: bench.seen.perceived_at - silent_since < 1.0, None)
    bench.now()
    bench.meddler.stop()
    bench.perceives()


def people_stop(bench: Bench) -> None:
    """the source of people stops

    The approach ends within a second, the robot stands, the costs are gone within their timeout.
    """
    _without_news(bench, lambda: bench.meddler.drop(topics.SOCIAL_PEOPLE), "last seen|nothing new")


def camera_freezes(bench: Bench) -> None:
    """the camera freezes: the same stamp again and again"""
    freeze = partial(bench.meddler.repeat, topics.SOCIAL_PEOPLE)
    _without_news(bench, freeze, "repeats the stamp")


def camera_ahead(bench: Bench) -> None:
    """the camera jumps a minute ahead in time"""
    _without_news(bench, lambda: _shift_people(bench, 60.0), "in the future")


def camera_behind(bench: Bench) -> None:
    """the camera jumps a minute back in time"""
    _without_news(bench, lambda: _shift_people(bench, -60.0), "last seen")


def _without_news(bench: Bench, inject: Callable[[], None], reason: str) -> None:
    bench.drive()
    bench.now()
    inject()
    bench.ends(Result.PERSON_LOST, "nothing new")
    bench.stands()
    bench.costs_go()
    bench.says("social_costmap", reason)
    bench.says("goal_selector", "approach of .* ended", throttled=False)
    bench.now()
    bench.meddler.stop()
    bench.goes_on()


def _shift_people(bench: Bench, by: float) -> None:
    def shifted(message):  # type: ignore[no-untyped-def]
        message.header.stamp = stamp_of(max(seconds(message.header.stamp) + by, 0.0))
        for person in message.people:
            person.last_seen = stamp_of(max(seconds(person.last_seen) + by, 0.0))
        return [message]

    bench.meddler.change(topics.SOCIAL_PEOPLE, shifted)


def tf_stops(bench: Bench) -> None:
    """the transforms stop

    Nothing drives on an old pose: the robot stands, and the approach ends with the reason.
    """
    bench.drive()
    bench.now()
    bench.meddler.drop(TF)
    bench.stands()
    bench.says("navigator", "no transform .* is 0.* s old|no transform")
    bench.ends(Result.NAVIGATION_FAILED, "no transform", 3.0)
    bench.now()
    bench.meddler.stop()
    bench.goes_on()


def lidar_freezes(bench: Bench) -> None:
    """the lidar freezes: the same stamp again and again; then the robot stands, and drives on"""
    _stands_without(bench, lambda: bench.meddler.repeat(topics.SCAN), "repeats the stamp")


def odometry_stops(bench: Bench) -> None:
    """the odometry stops: the robot stands until it is back, and drives on"""
    _stands_without(bench, lambda: bench.meddler.drop(topics.ODOM), "nothing new on '/odom'")


def _stands_without(bench: Bench, inject: Callable[[], None], reason: str) -> None:
    bench.drive()
    bench.now()
    inject()
    bench.stands(3.5)
    bench.says("navigator", f"the robot stands: .*{reason}")
    bench.now()
    bench.meddler.stop()
    bench.keeps_driving()


def tf_from_the_future(bench: Bench) -> None:
    """the transforms jump in time: a thousand seconds ahead

    They are refused, so that the true ones count as soon as they are back.
    """
    bench.drive()
    bench.now()

    def later(message: TFMessage) -> list[TFMessage]:
        for transform in message.transforms:
            transform.header.stamp.sec += 1000
        return [message]

    bench.meddler.change(TF, later)
    bench.stands()
    bench.says("navigator", "ahead of now")
    bench.ends(Result.NAVIGATION_FAILED, "no transform", 3.0)
    bench.now()
    bench.meddler.stop()
    bench.goes_on()


def tf_jumps(bench: Bench) -> None:
    """localisation jumps by half a metre and back: the robot plans anew and arrives"""
    bench.drive()
    bench.now()

    def aside(message: TFMessage) -> list[TFMessage]:
        for transform in message.transforms:
            if transform.child_frame_id == topics.ODOM_FRAME:
                transform.transform.translation.y += 0.5
        return [message]

    bench.meddler.change(TF, aside)
    grids = bench.seen.grids
    bench.expect("social costs go on", lambda: bench.seen.grids > grids + 2, BACK)
    bench.now()
    bench.meddler.stop()
    bench.keeps_driving()


def tf_loop(bench: Bench) -> None:
    """the transforms get a loop: the map in the robot, which is in the map

    The transform that closes it is refused with one line; the robot arrives.
    """
    bench.drive()
    bench.now()

    def looped(message: TFMessage) -> list[TFMessage]:
        loop = TransformStamped(child_frame_id=topics.MAP_FRAME)
        loop.header.frame_id = topics.BASE_FRAME
        loop.header.stamp = message.transforms[0].header.stamp
        loop.transform.rotation.w = 1.0
        return [message, TFMessage(transforms=[loop])]

    bench.meddler.change(TF, looped)
    for node in ("navigator", "goal_selector"):
        bench.says(node, "closes a loop")
    bench.keeps_driving()
    bench.meddler.stop()


def map_replaced(bench: Bench) -> None:
    """the map is replaced by one of another size and origin while driving

    Costs come on the new grid, the robot plans anew on it and arrives.
    """
    bench.drive()
    bench.now()
    geometry, cells = grid_from(bench.suite.map)
    cut = 10
    smaller = type(geometry)(
        geometry.width - 2 * cut,
        geometry.height - 2 * cut,
        geometry.resolution,
        (
            geometry.origin[0] + cut * geometry.resolution,
            geometry.origin[1] + cut * geometry.resolution,
            0.0,
        ),
    )
    message = grid_message(cells[cut:-cut, cut:-cut], smaller, bench.suite.map.header)
    bench.meddler.say(topics.MAP, message)
    bench.expect("costs on the new grid", lambda: bench.seen.grid == smaller.shape, BACK)
    bench.keeps_driving()
    bench.now()
    bench.meddler.say(topics.MAP, bench.suite.map)
    bench.expect("costs on the first grid", lambda: bench.seen.grid == geometry.shape, BACK)
    bench.goes_on()


def map_elsewhere(bench: Bench) -> None:
    """the map is replaced by one that does not contain the robot

    The robot stands, and the approach ends with the reason.
    """
    bench.drive()
    bench.now()
    geometry, cells = grid_from(bench.suite.map)
    moved = type(geometry)(20, 20, geometry.resolution, (100.0, 100.0, 0.0))
    bench.meddler.say(topics.MAP, grid_message(cells[:20, :20], moved, bench.suite.map.header))
    bench.ends(Result.NAVIGATION_FAILED, "the robot's place is not usable|no transform", 3.0)
    bench.stands()
    bench.says("goal_selector", "approach of .* ended", throttled=False)
    bench.now()
    bench.meddler.say(topics.MAP, bench.suite.map)
    bench.expect("costs on the first grid", lambda: bench.seen.grid == geometry.shape, BACK)
    bench.goes_on()


def navigator_refuses(bench: Bench) -> None:
    """the navigator rejects the goal: the approach fails at once with the reason"""
    kill_on_the_way(bench, "navigator")
    bench.ends(Result.NAVIGATION_FAILED, NAVIGATOR_GONE)
    bench.stands()
    with refusing_navigator(bench.suite) as is_known:
        bench.expect("a navigator that refuses", is_known, None)
        bench.now()
        bench.approach = bench.witness.request("ana")
        bench.ends(Result.NAVIGATION_FAILED, "refused", 2.0)
        bench.says("goal_selector", "refused")
    bench.restart("navigator")
    bench.goes_on()


def network_drops(bench: Bench) -> None:
    """30 % of the messages are lost: the robot arrives all the same"""
    bench.drive()
    bench.now()
    bench.meddler.drop(*(topic.name for topic in RELAYED), share=0.3)
    bench.keeps_driving()
    bench.now()
    bench.goes_on()
    bench.meddler.stop()


def network_delays(bench: Bench) -> None:
    """the messages come a second late, the clock does not

    Nothing drives on data of a second ago: the robot stands, the approach ends with the reason.
    """
    bench.drive()
    bench.now()
    late = (TF, topics.SOCIAL_PEOPLE, topics.SCAN, topics.ODOM, topics.BODIES)
    bench.meddler.delay(*late, by=1.0)
    bench.ends(ANY, "nothing new|no transform", 2.5)
    bench.stands()
    bench.says("navigator", "no transform|drive ended", None, throttled=False)
    bench.now()
    bench.meddler.stop()
    bench.goes_on()


def clock_stops(bench: Bench) -> None:
    """simulated time is paused: the simulator stands still for four seconds

    The approach ends, the nodes say that time stands still, and go on when it does.
    """
    bench.drive()
    bench.now()
    bench.suite.processes.signal("simulator", signal.SIGSTOP)
    try:
        bench.ends(Result.PERSON_LOST, "stood still|nothing new")
        bench.says("navigator", "stands still", 6.0)
    finally:
        bench.suite.processes.signal("simulator", signal.SIGCONT)
    bench.now()
    bench.goes_on()


def clock_alone_stops(bench: Bench) -> None:
    """the clock alone stops, all else comes: people of the future are not used"""
    bench.drive()
    bench.now()
    bench.meddler.drop(CLOCK)
    bench.says("navigator", "stands still", 6.0)
    bench.now()
    bench.meddler.stop()
    bench.goes_on()


def clock_runs(bench: Bench) -> None:
    """simulated time goes back, runs ten times faster, and goes back again

    In fast time an approach arrives, or ends with the reason where the machine cannot keep up.
    """
    kill_on_the_way(bench, "simulator")
    bench.ends(Result.PERSON_LOST, "stood still|nothing new|went back")
    bench.restart("simulator", speed=10.0)
    bench.expect("there are social costs", lambda: bench.seen.costs_at > bench.since, BACK)
    bench.approach = bench.witness.request("ana")
    bench.ends(ANY, "", None)
    bench.suite.processes.kill("simulator")
    bench.restart("simulator")
    bench.goes_on()


def disk_full(bench: Bench) -> None:
    """the disk is full while the recording is written

    The recorder says so and goes on without recording; nobody else notices.
    """
    bench.suite.processes.kill("recorder")
    bench.now()
    bench.suite.start("recorder", wrapper=("prlimit", f"--fsize={3 * 2**19}"))
    bench.drive()
    bench.says("recorder", "the recording .* has ended: File too large", None)
    bench.keeps_driving()
    bench.suite.processes.kill("recorder")
    bench.restart("recorder")


FAULTS: tuple[Fault, ...] = (
    kill_social_costmap,
    kill_goal_selector,
    kill_navigator,
    kill_simulator,
    kill_recorder,
    kill_perception,
    kill_health,
    people_stop,
    camera_freezes,
    camera_ahead,
    camera_behind,
    images_freeze,
    tf_stops,
    tf_from_the_future,
    tf_jumps,
    tf_loop,
    lidar_freezes,
    odometry_stops,
    map_replaced,
    map_elsewhere,
    navigator_refuses,
    network_drops,
    network_delays,
    clock_stops,
    clock_alone_stops,
    clock_runs,
    disk_full,
    models_of_perception,
    models_of_social_costmap,
    models_of_goal_selector,
)
