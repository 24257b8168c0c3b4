"""Worlds and maps in worlds/ follow from the scenes and agree with each other."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.__main__ import main
from social_nav_core.sim.gazebo.classic import classic_world_file
from social_nav_core.sim.gazebo.map import map_files
from social_nav_core.sim.gazebo.names import check_for_gazebo
from social_nav_core.sim.gazebo.scene_file import scene_file
from social_nav_core.sim.gazebo.walkers import LEAD, walks
from social_nav_core.sim.gazebo.world import world_file, world_files
from social_nav_core.sim.lidar import LidarParameters
from social_nav_core.sim.reading import SceneError
from social_nav_core.sim.scene import BODY_RADIUS, load_scene

WORLDS = Path(__file__).resolve().parents[2] / "worlds"
SCENES = sorted((WORLDS / "scenes").glob("*.yaml"))
NAMES = [path.stem for path in SCENES]
each_scene = pytest.mark.parametrize("scene", [load_scene(path) for path in SCENES], ids=NAMES)


def world_of(name):
    return ElementTree.parse(WORLDS / "sdf" / f"{name}.sdf").getroot().find("world")


def numbers(element, tag):
    return [float(number) for number in element.findtext(tag).split()]


def solid_boxes(world, room):
    """(centre x, y, yaw), (length, width), height of the walls and furniture in the world."""
    for link in world.find(f"model[@name='{room}']").findall("link"):
        size = link.findtext("collision/geometry/box/size")
        if size is not None:
            x, y, _, _, _, yaw = numbers(link, "pose")
            length, width, height = map(float, size.split())
            yield (x, y, yaw), (length, width), height


def read_pgm(path):
    kind, size, largest, pixels = path.read_bytes().split(b"\n", 3)
    assert (kind, largest) == (b"P5", b"255")
    width, height = map(int, size.split())
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width)


def test_writing_them_again_gives_the_same_bytes(tmp_path, capsys):
    assert main(["export-world", *map(str, SCENES), "--out", str(tmp_path)]) == 0
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")}
    kept = {
        path.relative_to(WORLDS)
        for kind in ("sdf", "meshes", "maps")
        for path in WORLDS.glob(f"{kind}/*")
    }
    assert written == kept, "worlds/sdf, meshes or maps has other files: run export-world"
    for name in written:
        assert (tmp_path / name).read_bytes() == (WORLDS / name).read_bytes(), name
    assert f"{len(SCENES)} scene(s)" in capsys.readouterr().out


def test_a_bad_scene_is_one_line(tmp_path, capsys):
    bad = tmp_path / "bad.yaml"
    bad.write_text("format: 1\nname: bad\n")
    assert main(["export-world", str(bad), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "bad.yaml: description is missing" in error
    assert not (tmp_path / "out").exists()


BAD_NAMES = (
    "/proc/x",
    "../x",
    ".hidden",
    "a/b",
    "a -- b",
    "x--><sdf/><!--",
    "a: b",
    "a\nb",
    "a\x01",
)
"""Of what becomes names of files and parts of XML and YAML."""


def own_files(folder, room="place", scene="deed", person="ana", box="desk"):
    """The scene file of a small scene with given names, beside its room file."""
    furniture = {"name": box, "kind": "table", "pose": [1.0, 1.0, 0.0], "size": [1.0, 1.0]}
    values = {"format": 1, "name": room, "x": [-3.0, 3.0], "y": [-3.0, 3.0], "wall_thickness": 0.1}
    values |= {"wall_height": 2.5, "furniture": [furniture | {"height": 0.7}]}
    (folder / "own_room.yaml").write_text(yaml.safe_dump(values))
    values = {"format": 1, "name": scene, "description": "A deed.", "room": "own_room.yaml"}
    values |= {"robot": [-2.0, -2.0, 0.0], "goal": [2.0, -2.0, 0.0]}
    values["people"] = [{"id": person, "pose": [-2.0, 2.0, 0.0]}]
    (folder / "own.yaml").write_text(yaml.safe_dump(values))
    return folder / "own.yaml"


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("what", ["room", "scene", "person", "box"])
def test_names_that_lead_elsewhere_write_nothing(what, name, tmp_path, capsys):
    scene = own_files(tmp_path, **{what: name})
    before = sorted(tmp_path.rglob("*"))
    assert main(["export-world", str(scene), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "expected 1 to 100 letters, digits" in error
    assert sorted(tmp_path.rglob("*")) == before


@given(
    name=st.text(min_size=1, max_size=30)
    | st.text("aZ09_. -/", min_size=1, max_size=12)
    | st.from_regex(r"[A-Za-z0-9_. -]{1,110}", fullmatch=True)
)
@settings(max_examples=60)
def test_whatever_a_room_and_a_scene_are_called_files_stay_in_the_folder(name):
    with tempfile.TemporaryDirectory() as given_folder:
        folder = Path(given_folder)
        scene = own_files(folder, room=name, scene=name)
        try:
            read = load_scene(scene)
        except SceneError:
            return
        for file, content in world_files(read).items():
            assert (folder / file).resolve().parent in (folder / "sdf", folder / "meshes")
            if file.endswith(".sdf"):
                (world,) = ElementTree.fromstring(content)
                room = world.findall("model")[0]
                assert world.get("name") == room.get("name") == name
        image = yaml.safe_load(map_files(read.room)[1])["image"]
        assert image == f"{name}.pgm" and (folder / image).resolve().parent == folder


@each_scene
def test_solid_parts_of_the_world_are_the_black_cells_of_the_map(scene):
    about = yaml.safe_load((WORLDS / "maps" / f"{scene.room.name}.yaml").read_text())
    pixels = read_pgm(WORLDS / "maps" / about["image"])[::-1]
    step = about["resolution"]
    rows, columns = np.indices(pixels.shape)
    x = about["origin"][0] + (columns + 0.5) * step
    y = about["origin"][1] + (rows + 0.5) * step
    nearest = np.full(pixels.shape, np.inf)
    for (center_x, center_y, yaw), (length, width), _ in solid_boxes(
        world_of(scene.name), scene.room.name
    ):
        along = (x - center_x) * math.cos(yaw) + (y - center_y) * math.sin(yaw)
        across = (y - center_y) * math.cos(yaw) - (x - center_x) * math.sin(yaw)
        outside = np.maximum(np.abs(along) - length / 2, np.abs(across) - width / 2)
        nearest = np.minimum(nearest, outside)
    assert (pixels[nearest < 0.0] == 0).all()
    assert (nearest[pixels == 0] < step).all()
    assert (pixels[nearest > step] > 0).all()


@each_scene
def test_the_robot_starts_and_ends_on_free_cells_and_people_stand_where_the_scene_says(scene):
    about = yaml.safe_load((WORLDS / "maps" / f"{scene.room.name}.yaml").read_text())
    pixels = read_pgm(WORLDS / "maps" / about["image"])[::-1]
    for px, py, _ in (scene.robot, scene.goal):
        column = int((px - about["origin"][0]) / about["resolution"])
        row = int((py - about["origin"][1]) / about["resolution"])
        assert pixels[row, column] == 254
    world = world_of(scene.name)
    for person in scene.people:
        model = world.find(f"model[@name='{person.id}']")
        x, y, z, roll, pitch, yaw = numbers(model, "pose")
        link = model.find("link")
        back = -numbers(link, "pose")[0] if link.find("pose") is not None else 0.0
        assert back == (LEAD if walks(person) else 0.0)
        body = (x - back * math.cos(yaw), y - back * math.sin(yaw))
        assert body == pytest.approx(person.pose[:2], abs=1e-5)
        assert math.cos(yaw - person.pose[2]) == pytest.approx(1.0)
        assert (z, roll, pitch) == (0, 0, 0)
        moves = model.findtext("static") == "false"
        assert moves == bool(person.script)
        controlled = {plugin.get("name").rpartition("::")[2] for plugin in model.findall("plugin")}
        assert controlled == ({"VelocityControl", "PosePublisher"} if moves else set())


def test_grey_is_unknown_for_the_map_server():
    for path in (WORLDS / "maps").glob("*.yaml"):
        about = yaml.safe_load(path.read_text())
        black = {value: (255 - value) / 255 for value in (254, 205, 0)}
        assert black[254] < about["free_thresh"] < black[205] < about["occupied_thresh"] < black[0]


@each_scene
def test_people_are_solid_and_where_meshes_cannot_be_they_have_a_front_and_legs(scene):
    about = LidarParameters()
    worlds = world_of(scene.name), ElementTree.fromstring(world_file(scene, meshes=False))[0]
    for person, world in product(scene.people, worlds):
        link = world.find(f"model[@name='{person.id}']/link")
        body = link.find("collision/geometry/cylinder")
        assert numbers(body, "radius") == [BODY_RADIUS]
        place = {v.get("name"): numbers(v, "pose") for v in link.findall("visual[pose]")}
        if world is worlds[0]:
            assert not place, "meshes show people"
            continue
        assert place["nose"][0] > 0.08 > place["hair"][0]
        assert place["badge"][0] > 0.1
        assert place["nose"][2] == pytest.approx(0.93 * person.height, abs=0.1)
        for side, y in (("left", about.leg_spread), ("right", -about.leg_spread)):
            leg = link.find(f"visual[@name='{side}_leg']")
            assert place[f"{side}_leg"][1] == pytest.approx(y)
            assert numbers(leg, "geometry/cylinder/radius") == [about.leg_radius]
            shoe = link.find(f"visual[@name='{side}_shoe']")
            top = place[f"{side}_shoe"][2] + 0.5 * numbers(shoe, "geometry/box/size")[2]
            assert top < 0.0945, "shoes stay below the lidar's plane"


@each_scene
def test_every_primitive_has_sizes_above_zero_and_nothing_is_downloaded(scene):
    world = world_of(scene.name)
    for geometry in world.iter("geometry"):
        for tag in ("size", "radius", "radii", "length"):
            for element in geometry.iter(tag):
                assert min(map(float, element.text.split())) > 0.0
    meshes = [mesh.findtext("uri") for mesh in world.iter("mesh")]
    assert len(meshes) == sum(not walks(person) for person in scene.people)
    assert len(list(world.iter("uri"))) == len(meshes)
    for name in meshes:
        assert name.startswith("../meshes/") and (WORLDS / "sdf" / name).is_file()


KNOWN_SYSTEMS = {
    "physics": "Physics",
    "user-commands": "UserCommands",
    "scene-broadcaster": "SceneBroadcaster",
    "contact": "Contact",
    "sensors": "Sensors",
    "velocity-control": "VelocityControl",
    "pose-publisher": "PosePublisher",
    "follow-actor": "FollowActor",
}


@each_scene
def test_systems_are_stock_ones_of_gazebo(scene):
    for plugin in world_of(scene.name).iter("plugin"):
        library, name = plugin.get("filename"), plugin.get("name").rpartition("::")[2]
        system = library.removeprefix("gz-sim-").removesuffix("-system")
        assert KNOWN_SYSTEMS[system] == name


@each_scene
def test_a_scene_that_is_written_is_read_again_as_it_was(scene, tmp_path):
    room = WORLDS / f"{scene.room.name}.yaml"
    (tmp_path / "scene.yaml").write_bytes(scene_file(scene, room))
    assert load_scene(tmp_path / "scene.yaml") == scene


def crowd_of(name):
    return load_scene(WORLDS / "crowds" / f"{name}.yaml")


@pytest.mark.parametrize("name", ["counterflow", "crossing_flows", "busy_hall"])
def test_flows_are_written_and_read_again_but_not_by_gazebo(name, tmp_path):
    scene = crowd_of(name)
    (tmp_path / "scene.yaml").write_bytes(scene_file(scene, WORLDS / f"{scene.room.name}.yaml"))
    assert load_scene(tmp_path / "scene.yaml") == scene
    for write in (world_files, classic_world_file):
        with pytest.raises(SceneError, match=f"^scene '{name}' has flows, which only the"):
            write(scene)


@pytest.mark.parametrize("name", ["p-1", "1", "ben o", "ä", "a" * 201, "tiago", "corridor", "sun"])
def test_walkers_whose_names_gazebo_cannot_have_are_named(name):
    scene = load_scene(WORLDS / "scenes" / "head_on.yaml")
    own = replace(scene, people=(replace(scene.people[0], id=name), *scene.people[1:]))
    with pytest.raises(
        SceneError, match=f"^scene 'head_on': the id of person '{name}' is .*expect"
    ):
        world_files(own)


def test_who_stands_may_have_more_names(tmp_path):
    scene = load_scene(WORLDS / "scenes" / "circle.yaml")

    def called(name):
        return replace(scene, people=(replace(scene.people[0], id=name), *scene.people[1:]))

    for good in ("p-1", "1", "ben o"):
        check_for_gazebo(called(good))
    for bad in ("tiago", "room", "default", "a::b", "__a__"):
        with pytest.raises(SceneError, match=f"the id of person '{bad}' is"):
            check_for_gazebo(called(bad))
    check_for_gazebo(called("tiago"), robot="mia")
