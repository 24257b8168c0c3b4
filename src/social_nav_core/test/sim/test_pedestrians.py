"""Flows: reading, drawing, and people who walk to and fro around the robot and each other."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.people import Intent
from social_nav_core.sim.flows import (
    ROBOT_SPACING,
    SPACING,
    WALL_SPACING,
    Area,
    Flow,
    draw_people,
)
from social_nav_core.sim.pedestrians import PedestrianError, Pedestrians
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.room import Box, Room
from social_nav_core.sim.scene import BODY_RADIUS, ROBOT_RADIUS, Scene, ScenePerson, load_scene
from social_nav_core.sim.world import World

WORLDS = Path(__file__).parents[4] / "worlds"
DT = 0.05
LEFT, RIGHT = Area((-6.0, -1.0), (-4.0, 1.0)), Area((4.0, -1.0), (6.0, 1.0))


def flow(people: int = 1, start: Area = LEFT, end: Area = RIGHT, name: str = "east") -> Flow:
    return Flow(name, people, start, end, (), (1.0, 1.2))


def scene(room: Room, *flows: Flow, robot=(0.0, 3.0, 0.0), people=()) -> Scene:
    return Scene("t", "Flows.", room, tuple(people), robot, robot, flows)


def ways(world: World, seconds: float, command=(0.0, 0.0), dt: float = DT) -> np.ndarray:
    """Poses (t, n, 3) of everybody after each step."""
    count = round(seconds / dt)
    return np.array([[p.pose for p in world.step(command, dt).people] for _ in range(count)])


def test_starts_are_in_their_area_and_off_everything(room: Room) -> None:
    robot, other = np.array([-5.0, 0.0]), np.array([[-4.5, 0.9]])
    area = Area((-6.0, -1.3), (-2.0, 1.3))
    flows = [flow(4, area), flow(3, RIGHT, LEFT, "west")]
    people = draw_people(flows, room, robot, other, np.random.default_rng(1))
    assert [p.id for p in people] == ["east_1", "east_2", "east_3", "east_4"] + [
        f"west_{i}" for i in (1, 2, 3)
    ]
    starts = np.array([p.stops[0] for p in people])
    assert (starts[:4] >= area.low).all() and (starts[:4] <= area.high).all()
    apart = np.linalg.norm(starts[:, None] - [*starts, *other], axis=-1)
    assert apart[apart > 0.0].min() >= SPACING
    assert np.linalg.norm(starts - robot, axis=1).min() >= ROBOT_SPACING
    assert room.box_array.clearances(starts).min() >= WALL_SPACING
    again = draw_people(flows, room, robot, other, np.random.default_rng(1))
    assert all(
        (a.stops == b.stops).all() and a.speed == b.speed
        for a, b in zip(people, again, strict=True)
    )


def test_too_many_people_are_an_error(room: Room) -> None:
    tight = Area((-6.0, -0.5), (-5.0, 0.5))
    with pytest.raises(SceneError, match=r"flow 'east': no free place for 9 people .* smaller"):
        draw_people([flow(9, tight)], room, (0.0, 0.0), [], np.random.default_rng(0))


def test_the_same_seed_gives_the_same_ways(room: Room) -> None:
    about = scene(room, flow(4), flow(4, RIGHT, LEFT, "west"))
    first, again, other = (ways(World(about, seed), 4.0) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0] - other[0]).max() > 0.1


def test_scans_do_not_change_what_people_do(room: Room) -> None:
    quiet, scanned = World(scene(room, flow(3)), 1), World(scene(room, flow(3)), 1)
    for _ in range(20):
        scanned.scan()
        assert scanned.step((0.0, 0.0), DT).people == quiet.step((0.0, 0.0), DT).people


def test_time_steps_do_not_change_the_ways(room: Room) -> None:
    about = scene(room, flow(3), flow(3, RIGHT, LEFT, "west"))
    coarse, fine = ways(World(about, 3), 4.0), ways(World(about, 3), 4.0, dt=0.025)
    np.testing.assert_allclose(fine[1::2, :, :2], coarse[..., :2], atol=1e-9)
    odd = ways(World(about, 3), 3.92, dt=0.04)  # 0.2 s is both 4 and 5 steps
    np.testing.assert_allclose(odd[4::5, :, :2], coarse[3::4, :, :2][: len(odd[4::5])], atol=1e-9)


def test_people_walk_there_and_back_and_face_their_way(bare_room: Room) -> None:
    world = World(scene(bare_room, flow(1)), 5)
    track = ways(world, 15.0)[:, 0]
    there = int(np.argmax(track[:, 0]))
    assert track[there, 0] > 3.9 and track[-1, 0] < track[there, 0] - 4.0
    speed = np.hypot(*np.diff(track[:, :2], axis=0).T) / DT
    assert speed.max() <= 1.2 + 1e-6 and np.median(speed) >= 1.0
    onward, back = track[40, 2], track[there + 60, 2]
    assert abs(onward) < 0.4 and abs(abs(back) - np.pi) < 0.4
    state = world.state.people[0]
    assert state.labels.intent == Intent.NOT_INTERESTED
    assert np.arctan2(*state.velocity[::-1]) == pytest.approx(state.pose[2], abs=0.3)
    assert 1.0 < state.speed < 1.25 and 1.4 < state.height < 2.0


def test_strides_and_turning_follow_the_walk(bare_room: Room) -> None:
    world = World(scene(bare_room, flow(1)), 5)
    ways(world, 3.0)
    phases = [world.step((0.0, 0.0), DT).people[0].gait_phase for _ in range(40)]
    walked = np.unwrap(phases)
    assert (np.diff(walked) > 0.0).all() and walked[-1] - walked[0] > np.pi  # a step or more
    rates = [abs(p.turn_rate) for _ in range(400) for p in world.step((0.0, 0.0), DT).people]
    assert max(rates) <= 2.0


def test_people_walk_around_the_robot(bare_room: Room) -> None:
    """Straight at a standing robot, each of six people passes without a touch."""
    lane, end = Area((-6.0, -0.1), (-5.0, 0.1)), Area((5.0, -0.1), (6.0, 0.1))
    about = scene(bare_room, flow(1, lane, end), robot=(0.0, 0.0, 0.0))
    free = scene(bare_room, flow(1, lane, end), robot=(0.0, 3.0, 0.0))
    for seed in range(6):
        world = World(about, seed)
        track = ways(world, 11.0)[:, 0]
        gap = np.hypot(*track[:, :2].T).min()
        assert gap > BODY_RADIUS + ROBOT_RADIUS and not world.state.contacts
        assert track[:, 0].max() > 3.0
        undisturbed = ways(World(free, seed), 11.0)[:, 0]
        assert np.abs(undisturbed[:, 1]).max() < 0.2 < np.abs(track[:, 1]).max()


def test_people_give_way_to_a_robot_that_comes(bare_room: Room) -> None:
    lane, end = Area((4.0, -0.1), (5.0, 0.1)), Area((-6.0, -0.1), (-5.0, 0.1))
    for seed in range(6):
        world = World(scene(bare_room, flow(1, lane, end), robot=(-5.0, 0.0, 0.0)), seed)
        ways(world, 10.0, command=(0.6, 0.0))
        assert not world.state.contacts


def test_nobody_walks_through_anybody(bare_room: Room) -> None:
    stands = ScenePerson("ana", (0.0, 0.2, 0.0))
    about = scene(bare_room, flow(4), flow(4, RIGHT, LEFT, "west"), people=[stands])
    world = World(about, 2)
    track = ways(world, 15.0)
    assert track.shape[1] == 9 and np.ptp(track[:, 0, :2], axis=0).max() < 0.2
    gaps = np.linalg.norm(track[:, :, None, :2] - track[:, None, :, :2], axis=-1)
    gaps[:, range(9), range(9)] = np.inf
    assert gaps.min() > 1.8 * BODY_RADIUS


def test_people_keep_off_furniture(bare_room: Room) -> None:
    pillar = Box("pillar", "wall", (0.0, 0.5, 0.4), (0.6, 0.6), 2.0)
    room = Room("r", bare_room.x, bare_room.y, 0.1, bare_room.walls, (pillar,))
    track = ways(World(scene(room, flow(4), flow(4, RIGHT, LEFT, "west")), 4), 15.0)
    assert room.box_array.clearances(track[..., :2]).min() > 0.18


def test_a_floor_in_two_parts_is_an_error(bare_room: Room) -> None:
    wall = Box("wall", "wall", (0.0, 0.0, 0.0), (0.2, 7.0), 2.0)
    room = Room("cut", bare_room.x, bare_room.y, 0.1, (*bare_room.walls, wall), ())
    with pytest.raises(PedestrianError, match="room 'cut': walls and furniture cut the floor"):
        World(scene(room, flow(1)), 0)


def test_without_jupedsim_there_is_one_clear_line(
    bare_room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jupedsim" else found(name)
    )
    with pytest.raises(PedestrianError, match="need JuPedSim, which is not installed"):
        Pedestrians([], bare_room, 0)
    World(scene(bare_room), 0).step(None, DT)
    command = ["evaluate", "--suite", "crowd", "--worlds", str(WORLDS), "--out", str(tmp_path)]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "python3 -m pip install jupedsim" in error


def test_jupedsim_is_imported_by_flows_alone() -> None:
    code = (
        "import sys; from social_nav_core.commands import evaluate;"
        "from social_nav_core.sim import world; assert 'jupedsim' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


FLOWS = """format: 1
name: test
description: for tests
room: ../room.yaml
robot: [0.0, 0.0, 0.0]
goal: [5.0, 0.0, 0.0]
flows:
  - {%s}
"""
GOOD = "name: a, people: 2, from: [[-5, -1], [-2, 1]], to: [[2, -1], [4, 1]], speed: [1, 1.2]"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("people: 2", "people: 0", r"flows\[0\].people is 0, expected 1 to 200"),
        ("people: 2", "people: 7", "from is an area of 6.0 m.2, expected at least 7 m.2 for 7"),
        ("speed: [1, 1.2]", "speed: [1.2, 1]", r"speed is \[1.2, 1\], expected two speeds"),
        ("[-5, -1]", "[-50, -1]", r"from is \[-50.0, -1.0\] m, expected points on the floor"),
        ("[-5, -1]", "[-2, 1]", "from is .* expected two opposite corners"),
        ("[-5, -1]", "x", "from is .* expected a list of points"),
        ("people: 2", "people: 2, via: [[0, 3.3]]", "via is a way through .* off walls"),
        ("people: 2", "people: 2, color: red", "color is not a known field"),
    ],
)
def test_a_wrong_flow_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "scenes").mkdir()
    (tmp_path / "room.yaml").write_text((WORLDS / "room.yaml").read_text())
    path = tmp_path / "scenes" / "test.yaml"
    path.write_text(FLOWS % GOOD)
    assert load_scene(path).flows[0].ids == ("a_1", "a_2")
    path.write_text(FLOWS % GOOD.replace(old, new))
    with pytest.raises(SceneError, match=message):
        load_scene(path)


def test_names_are_used_once(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    (tmp_path / "room.yaml").write_text((WORLDS / "room.yaml").read_text())
    path = tmp_path / "scenes" / "test.yaml"
    path.write_text(FLOWS % GOOD + f"  - {{{GOOD}}}\n")
    with pytest.raises(SceneError, match="two flows are called 'a'"):
        load_scene(path)
    path.write_text(FLOWS % GOOD + "people:\n  - {id: a_1, pose: [1.0, 1.0, 0.0]}\n")
    with pytest.raises(SceneError, match=r"people\[0\].id is 'a_1', expected a name nobody"):
        load_scene(path)


@pytest.mark.parametrize("path", sorted((WORLDS / "crowds").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_shipped_crowds_start(path: Path) -> None:
    about = load_scene(path)
    for seed in range(5):
        state = World(about, seed).step(None, DT)
        assert len(state.people) == len(about.people) + sum(f.people for f in about.flows)


def test_crowds_have_5_to_50_people() -> None:
    sizes = {len(World(load_scene(p), 0).state.people) for p in (WORLDS / "crowds").glob("*.yaml")}
    assert (min(sizes), max(sizes)) == (5, 50)


def test_gazebo_has_no_flows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = WORLDS / "crowds" / "counterflow.yaml"
    assert main(["export-world", str(path), "--out", str(tmp_path)]) == 2
    assert "has flows, which only the simulator" in capsys.readouterr().err
