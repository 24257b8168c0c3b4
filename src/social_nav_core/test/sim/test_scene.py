"""Scene and room files: what is read, what is refused, and the map that follows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.people import Action, Attitude, Intent
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.room import Box, BoxArray, Room, load_room
from social_nav_core.sim.scene import BODY_RADIUS, ROBOT_RADIUS, load_scene, occupancy

ROOM = """
format: 1
name: hall
x: [0.0, 6.0]
y: [0.0, 4.0]
wall_thickness: 0.1
wall_height: 2.5
furniture:
  - {name: box, kind: table, pose: [3.0, 2.0, 0.0], size: [1.0, 1.0], height: 0.7}
"""
SCENE = """
format: 1
name: small
description: One person walks.
room: hall.yaml
robot: [1.0, 1.0, 0.0]
goal: [5.0, 1.0, 0.0]
people:
  - id: ana
    pose: [1.0, 3.0, 0.0]
    height: 1.6
    intent: interested
    script:
      - {do: walk_to, point: [5.0, 3.0], speed: 1.2, action: wave}
      - {do: turn_to, target: robot, gesture: wave, look_at: robot}
      - {do: turn_to, target: -1.5}
      - {do: stand, duration: 2.0}
      - {do: await_robot, distance: 1.5, duration: 9.0}
"""


@pytest.fixture
def write(tmp_path):
    """Write the room and a scene, with some text of either replaced."""

    def files(old="", new="", room_old="", room_new=""):
        assert old in SCENE and room_old in ROOM
        (tmp_path / "hall.yaml").write_text(ROOM.replace(room_old, room_new, 1))
        (tmp_path / "scene.yaml").write_text(SCENE.replace(old, new, 1))
        return tmp_path / "scene.yaml"

    return files


def test_a_scene_is_read(write):
    scene = load_scene(write())
    assert (scene.name, scene.robot, scene.goal) == ("small", (1.0, 1.0, 0.0), (5.0, 1.0, 0.0))
    ana = scene.people[0]
    assert (ana.id, ana.pose, ana.height, ana.gesture) == ("ana", (1.0, 3.0, 0.0), 1.6, "idle")
    assert ana.labels.intent is Intent.INTERESTED
    walk, turn, turn_yaw, stand, wait = ana.script
    assert (walk.point, walk.speed) == ((5.0, 3.0), 1.2)
    assert walk.labels.action is turn.labels.action is Action.WAVE  # holds from there on
    assert walk.labels.intent is Intent.INTERESTED
    assert walk.labels.attitude is Attitude.NOT_INTERACTING
    assert (turn.target, turn.gesture, turn.look_at) == ("robot", "wave", "robot")
    assert (turn_yaw.target, turn_yaw.gesture, turn_yaw.look_at) == (-1.5, "idle", "")
    assert stand.duration == 2.0 and (wait.distance, wait.duration) == (1.5, 9.0)
    assert [box.name for box in scene.room.boxes[4:]] == ["box"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("format: 1", "format: 2", ["format is 2", "expected 1"]),
        ("name: small\n", "", ["name is missing"]),
        ("name: small", "name: 7", ["name is 7", "letters"]),
        ("robot: [1.0, 1.0, 0.0]", "robot: [1.0, 1.0]", ["robot is [1.0, 1.0]", "3 finite"]),
        ("robot: [1.0, 1.0, 0.0]", "robot: [1.0, .nan, 0.0]", ["robot", "nan", "finite"]),
        ("robot: [1.0, 1.0, 0.0]", "robot: [0.1, 1.0, 0.0]", ["robot", "wall_west", "0.27"]),
        ("goal: [5.0, 1.0", "goal: [3.0, 2.0", ["goal", "'box'"]),
        ("goal: [5.0", "goal: [9.0", ["goal", "inside the room"]),
        ("id: ana", "id: robot", ["people[0].id", "'robot'"]),
        ("height: 1.6", "height: 3.6", ["people[0].height is 3.6", "0.8 to 2.2 m"]),
        ("height: 1.6", "hight: 1.6", ["people[0].hight", "not a known field", "height"]),
        ("height: 1.6", '"a\\nb": 1.6', ["people[0].a b is not a known field"]),
        ("height: 1.6", '"\\n": 1.6', ["people[0].'\\n' is not a known field"]),
        ("intent: interested", "intent: keen", ["people[0].intent is 'keen'", "interested"]),
        ("speed: 1.2", "speed: 9", ["people[0].script[0].speed is 9", "0.5 to 1.4 m/s"]),
        ("do: stand", "do: dance", ["people[0].script[3].do is 'dance'", "await_robot"]),
        ("gesture: wave", "gesture: bow", ["script[1].gesture is 'bow'", "wave"]),
        ("look_at: robot", "look_at: bob", ["people[0] refers to 'bob'", "robot"]),
        ("target: robot", "target: ana", ["people[0] refers to 'ana'", "robot"]),
        ("target: -1.5", "target: true", ["script[2].target is True", "yaw"]),
        ("point: [5.0, 3.0]", "point: [5.0, 1.0]", ["people[0].script", "'box'", "0.25"]),
        ("point: [5.0, 3.0]", "point: [5.0, 3.9]", ["people[0].script", "wall_north"]),
        ("duration: 2.0", "", ["script[3].duration is missing"]),
        ("height: 1.6", "repeat: 1", ["people[0].repeat is 1", "true or false"]),
        ("height: 1.6", "seated: true", ["people[0].script", "seated"]),
        ("pose: [1.0, 3.0", "pose: [1.3, 1.1", ["people[0].pose overlaps the robot"]),
        ("people:", "people: [1]\npersons:", ["people[0]", "mapping"]),
        ("goal:", "robot: [2.0, 1.0, 0.0]\ngoal:", ["'robot' is repeated"]),
        ("goal:", "goal: [", ["is not YAML: line 8"]),
        ("room: hall.yaml", "room: no.yaml", ["no.yaml", "cannot be read"]),
    ],
)
def test_a_wrong_scene_is_refused_by_name(write, old, new, words):
    path = write(old, new)
    with pytest.raises(SceneError) as error:
        load_scene(path)
    assert str(path.parent) in str(error.value)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("x: [0.0, 6.0]", "x: [6.0, 0.0]", ["x is [6, 0]", "1 to 200 m apart"]),
        ("name: box", "name: wall_east", ["'wall_east' is used twice"]),
        ("kind: table", "kind: tank", ["furniture[0].kind is 'tank'", "shelf"]),
        ("pose: [3.0", "pose: [5.8", ["'box' sticks out", "0 to 6 m"]),
        ("size: [1.0, 1.0]", "size: [1.0, 0.0]", ["furniture[0].size", "0.02"]),
        ("height: 0.7", "height: high", ["furniture[0].height is 'high'"]),
        (", height: 0.7", "", ["furniture[0].height is missing"]),
    ],
)
def test_a_wrong_room_is_refused_by_name(write, old, new, words):
    path = write(room_old=old, room_new=new)
    with pytest.raises(SceneError) as error:
        load_scene(path)
    for word in ["hall.yaml", *words]:
        assert word in str(error.value)


def test_every_shipped_scene_keeps_the_middle_open(shipped):
    names = "approach circle corridor_crossing face_to_face l_shape room side_by_side single"
    assert set(names.split()) <= set(shipped)
    for name, scene in shipped.items():
        assert scene.name == name
        straight = np.linspace(scene.robot[:2], scene.goal[:2], 200)
        assert scene.room.box_array.clearances(straight).min() > ROBOT_RADIUS + 0.1, name


def test_the_circle_is_a_circle_around_which_all_look_inward(shipped):
    poses = np.array([person.pose for person in shipped["circle"].people])
    center = poses[:, :2].mean(axis=0)
    offsets = center - poses[:, :2]
    assert np.hypot(*offsets.T) == pytest.approx(0.9, abs=0.01)
    facing = np.stack([np.cos(poses[:, 2]), np.sin(poses[:, 2])], axis=-1)
    assert (offsets * facing).sum(axis=1) / 0.9 == pytest.approx(1.0, abs=0.01)
    start, goal = shipped["circle"].robot, shipped["circle"].goal
    assert (start[1], goal[1]) == (0.0, 0.0) and abs(center[1]) < 0.3  # the line cuts through
    gaps = [abs(person.pose[1]) - BODY_RADIUS for person in shipped["circle"].people]
    assert min(gaps) > ROBOT_RADIUS  # and there is room for the robot


def test_signed_distances_by_hand():
    boxes = BoxArray([Box("a", "table", (1.0, 0.0, math.pi / 2), (4.0, 2.0), 1.0)])
    points = [[1.0, 0.0], [2.5, 0.0], [1.0, 3.0], [5.0, 6.0], [1.5, 0.0]]
    # turned by 90 degrees the box spans x 0 to 2 and y -2 to 2
    assert boxes.signed_distances(points)[:, 0] == pytest.approx([-1.0, 0.5, 1.0, 5.0, -0.5])
    assert BoxArray([]).clearances([[0.0, 0.0]]) == np.inf


def test_the_map_of_a_small_room_drawn():
    table = Box("t", "table", (0.75, 0.5, 0.0), (0.5, 0.2), 0.7)
    thin = Box("s", "shelf", (0.25, 0.83, 0.0), (0.5, 0.02), 0.7)
    walls = load_walls()
    room = Room("r", (0.0, 1.0), (0.0, 1.0), 0.1, walls, (table, thin))
    grid, cells = room.occupancy(0.1)
    assert grid.origin == pytest.approx((-0.2, -0.2, 0.0)) and grid.shape == (14, 14)
    signs = {0: ".", 100: "#", -1: "?"}
    drawn = ["".join(signs[int(cell)] for cell in row) for row in cells[::-1]]
    assert drawn == [
        "??????????????",
        "?############?",
        "?#..........#?",
        "?######.....#?",
        "?#..........#?",
        "?#..........#?",
        "?#.....######?",
        "?#.....######?",
        "?#..........#?",
        "?#..........#?",
        "?#..........#?",
        "?#..........#?",
        "?############?",
        "??????????????",
    ]


def load_walls():
    """Outer walls of a room of 1 x 1 m."""
    long, short = (1.2, 0.1), (0.1, 1.0)
    return (
        Box("n", "wall", (0.5, 1.05, 0.0), long, 2.0),
        Box("s", "wall", (0.5, -0.05, 0.0), long, 2.0),
        Box("e", "wall", (1.05, 0.5, 0.0), short, 2.0),
        Box("w", "wall", (-0.05, 0.5, 0.0), short, 2.0),
    )


def test_the_map_agrees_with_distances_to_turned_furniture(room):
    grid, cells = room.occupancy(0.05)
    distances = room.box_array.clearances(grid.centers())
    half_diagonal = 0.05 * math.sqrt(0.5)
    assert (cells[distances < 0.0] == 100).all()
    assert (cells[distances > half_diagonal] != 100).all()
    assert grid.shape == (148, 268)
    inside = room.contains(grid.centers())
    assert (cells[inside] >= 0).all() and (cells == -1).sum() == 2 * 2 * (268 + 148 - 4)


def test_the_map_refuses_a_senseless_resolution(shipped):
    with pytest.raises(ValueError, match=r"0\.0 m, expected 0\.005 to 1 m"):
        occupancy(shipped["room"], 0.0)


def test_turning_a_box_by_a_quarter_swaps_its_sides(bare_room):
    lying = Box("b", "sofa", (0.5, 0.5, 0.0), (2.0, 0.8), 1.0)
    turned = replace(lying, pose=(0.5, 0.5, math.pi / 2), size=(0.8, 2.0))
    maps = [replace(bare_room, furniture=(box,)).occupancy(0.05)[1] for box in (lying, turned)]
    assert np.array_equal(*maps)


def test_the_shipped_rooms_have_named_boxes(worlds):
    corridor = load_room(worlds / "corridor.yaml")
    assert len(corridor.walls) == 8 and not corridor.furniture
    # 4 blocks of 5.3 x 2.3 m leave corridors of 2.4 m
    free = (corridor.occupancy(0.05)[1] == 0).sum() * 0.05**2
    assert free == pytest.approx(13 * 7 - 4 * 5.3 * 2.3, rel=1e-6)
