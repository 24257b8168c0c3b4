"""Gazebo's walking people: the COLLADA files, read here anew, walk as the suite's anatomy does."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from social_nav_core.geometry import compose
from social_nav_core.sim.anatomy.gait import stride_rate
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.body import figures
from social_nav_core.sim.gazebo.gait_cycle import gait_cycle
from social_nav_core.sim.gazebo.walkers import (
    LEAD,
    body_of_model,
    mesh_name,
    model_of_body,
    walks,
)
from social_nav_core.sim.gazebo.world import world_files
from social_nav_core.sim.motion import standing
from social_nav_core.sim.people import stride_length
from social_nav_core.sim.scene import load_scene
from social_nav_core.skeleton import JOINT

WORLDS = Path(__file__).resolve().parents[2] / "worlds"
SCENES = [load_scene(path) for path in sorted((WORLDS / "scenes").glob("*.yaml"))]
WALKERS = {
    mesh_name(person, index): person
    for scene in SCENES
    for index, person in enumerate(scene.people)
    if walks(person)
}
each_walker = pytest.mark.parametrize("name", sorted(WALKERS))
C = "{http://www.collada.org/2005/11/COLLADASchema}"


def find(element, path):
    """The element's only one at a path."""
    (found,) = element.findall(path)
    return found


class Mesh:
    """A COLLADA file as a viewer reads it: bones, their key frames, skin and its weights."""

    def __init__(self, path):
        self.root = ElementTree.parse(path).getroot()
        self.parents, self.rest = {}, {}
        self._read_nodes(find(self.root, f".//{C}node[@id='root']"), None)
        self.bones = find(self.root, f".//{C}Name_array[@id='bones-array']").text.split()
        self.inverse = self.array("inverse-bind").reshape(-1, 4, 4)
        self.places = self.array("places").reshape(-1, 3)
        self.normals = self.array("normals").reshape(-1, 3)
        self.weights = self._read_weights()
        self.times = self.array("pelvis-time")
        self.frames = {
            name: self.array(f"{name}-frame").reshape(-1, 4, 4)
            for name in self.bones
            if name != "root"
        }

    def _read_nodes(self, node, parent):
        name = node.get("id")
        matrix = find(node, f"{C}matrix").text.split()
        self.parents[name] = parent
        self.rest[name] = np.array(matrix, dtype=float).reshape(4, 4)
        for child in node.findall(f"{C}node"):
            self._read_nodes(child, name)

    def array(self, source):
        element = find(self.root, f".//{C}float_array[@id='{source}-array']")
        numbers = np.array(element.text.split(), dtype=float)
        assert len(numbers) == int(element.get("count"))
        return numbers

    def _read_weights(self):
        table, shares = find(self.root, f".//{C}vertex_weights"), self.array("shares")
        counts = list(map(int, find(table, f"{C}vcount").text.split()))
        pairs = np.array(find(table, f"{C}v").text.split(), dtype=int).reshape(-1, 2)
        weights = np.zeros((len(counts), len(self.bones)))
        assert max(counts) <= 4, "renderers take four bones a vertex"
        rows = np.repeat(np.arange(len(counts)), counts)
        weights[rows, pairs[:, 0]] = shares[pairs[:, 1]]
        return weights

    def bone(self, name, frame=None):
        """(4, 4) of a bone in the person's frame, at rest or in a key frame."""
        own = self.rest[name] if frame is None or name == "root" else self.frames[name][frame]
        parent = self.parents[name]
        return own if parent is None else self.bone(parent, frame) @ own

    def skin(self, frame=None):
        """(v, 3) of the skin, at rest or in a key frame."""
        moves = np.stack([self.bone(name, frame) for name in self.bones]) @ self.inverse
        points = np.column_stack([self.places, np.ones(len(self.places))])
        return np.einsum("vb,bij,vj->vi", self.weights, moves, points)[:, :3]

    def triangles(self, material=None):
        found = [
            np.array(find(item, f"{C}p").text.split(), dtype=int).reshape(-1, 3)
            for item in self.root.iter(f"{C}triangles")
            if material in (None, item.get("material"))
        ]
        return np.concatenate(found)


@pytest.fixture(scope="module")
def meshes():
    return {name: Mesh(WORLDS / "meshes" / name) for name in WALKERS}


@pytest.fixture
def mesh(meshes, name):
    return meshes[name]


@pytest.fixture
def speed(name):
    return float(name.split("_")[2]) / 100.0


@each_walker
def test_the_body_stands_as_the_anatomy_says(name, mesh):
    person = WALKERS[name]
    rest = figures(standing(np.zeros(3)), average_physique(person.height))
    assert mesh.skin() == pytest.approx(mesh.places, abs=2e-3)
    assert mesh.places[:, 2].max() == pytest.approx(person.height, abs=0.02)
    assert 0.0 <= mesh.places[:, 2].min() < 0.01
    joints = {"upper_arm": "shoulder", "forearm": "elbow", "thigh": "hip", "shank": "knee"}
    for side in ("left", "right"):
        for bone, joint in (*joints.items(), ("foot", "ankle")):
            place = mesh.bone(f"{side}_{bone}")[:3, 3]
            assert place == pytest.approx(rest.joints[JOINT[f"{side}_{joint}"]], abs=2e-3)
    assert mesh.bone("head")[:3, 3] == pytest.approx(rest.pivot, abs=2e-3)


@each_walker
def test_every_key_frame_is_the_anatomys_and_the_last_is_the_first(name, mesh, speed):
    physique = average_physique(WALKERS[name].height)
    phases = mesh.times / mesh.times[-1]
    joints = {"thigh": "hip", "shank": "knee", "foot": "ankle", "forearm": "elbow"}
    for frame, phase in enumerate(phases):
        body = figures(
            standing(np.zeros(3), velocity=(speed, 0.0), gait_phase=phase % 1.0), physique
        )
        for side in ("left", "right"):
            for bone, joint in joints.items():
                place = mesh.bone(f"{side}_{bone}", frame)[:3, 3]
                assert place == pytest.approx(body.joints[JOINT[f"{side}_{joint}"]], abs=4e-3)
    assert mesh.skin(len(phases) - 1) == pytest.approx(mesh.skin(0), abs=1e-9)


@each_walker
def test_a_cycle_lasts_as_long_as_the_stride_takes_at_the_walkers_speed(name, mesh, speed):
    person = WALKERS[name]
    stride = stride_length(speed, person.height)
    assert mesh.times[-1] * speed == pytest.approx(stride, rel=0.005)
    assert 1.0 / mesh.times[-1] == pytest.approx(
        float(stride_rate(speed, average_physique(person.height))), abs=1e-3
    )


@each_walker
def test_a_foot_that_stands_moves_back_as_fast_as_the_body_moves_on(name, mesh, speed):
    step = mesh.times[1]
    for side, start in (("left", 0.0), ("right", 0.5)):
        places = [mesh.bone(f"{side}_foot", frame)[0, 3] for frame in range(len(mesh.times))]
        for frame, time in enumerate(mesh.times[:-1]):
            phase = (time / mesh.times[-1] - start) % 1.0
            if 0.09 < phase < 0.23:
                assert (places[frame + 1] - places[frame]) / step == pytest.approx(-speed, rel=0.06)


@each_walker
def test_legs_and_arms_swing_in_turn_and_nobody_sinks_into_the_floor(mesh):
    half = (len(mesh.times) - 1) // 2
    for frame, (ahead, behind) in ((0, ("left", "right")), (half, ("right", "left"))):
        feet = [mesh.bone(f"{side}_foot", frame)[0, 3] for side in (ahead, behind)]
        elbows = [mesh.bone(f"{side}_forearm", frame)[0, 3] for side in (ahead, behind)]
        assert feet[0] > feet[1] + 0.3
        assert elbows[0] < elbows[1] - 0.05
    for frame in range(len(mesh.times)):
        lowest = mesh.skin(frame)[:, 2].min()
        assert -0.02 < lowest < 0.03


@each_walker
def test_the_front_is_seen_and_the_skin_is_closed_with_its_outside_out(mesh):
    front = {name: mesh.places[mesh.triangles(name)].reshape(-1, 3) for name in ("white", "hair")}
    skin = mesh.places[mesh.triangles("skin")].reshape(-1, 3)
    trunk = mesh.places[mesh.triangles("shirt")].reshape(-1, 3)
    card = front["white"]
    assert (card[:, 0] > 0.06).all()
    level = np.abs(trunk[:, 2] - card[:, 2].mean()) < 0.25
    assert card[:, 0].max() > trunk[level, 0].max() - 0.01, "the badge is on the chest's outside"
    assert skin[skin[:, 2] > 1.2, 0].max() > front["hair"][:, 0].max() > 0.0
    head = skin[skin[:, 2] > front["hair"][:, 2].min()]
    assert front["hair"][:, 0].min() < head[:, 0].min(), "hair is behind"
    corners = mesh.places[mesh.triangles()]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    volume = np.einsum("ti,ti->t", corners[:, 0], faces).sum() / 6.0
    assert 0.03 < volume < 0.12, "[m^3]; positive when the triangles face outwards"
    edges = mesh.triangles()[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    there, back = ({tuple(edge) for edge in way.tolist()} for way in (edges, edges[:, ::-1]))
    assert there == back, "every edge has a triangle on both sides"
    out = np.einsum("ti,ti->t", faces, mesh.normals[mesh.triangles()].mean(axis=1))
    assert (out > 0.0).all()


@each_walker
def test_ids_are_unique_and_each_index_serves_place_and_normal(mesh):
    ids = [element.get("id") for element in mesh.root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for triangles in mesh.root.iter(f"{C}triangles"):
        assert [item.get("semantic") for item in triangles.findall(f"{C}input")] == ["VERTEX"]
    used = {item.get("material") for item in mesh.root.iter(f"{C}triangles")}
    assert used == {item.get("id") for item in mesh.root.iter(f"{C}material")}


@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
def test_worlds_have_an_actor_for_each_walker_and_its_mesh(scene):
    path = WORLDS / "sdf" / f"{scene.name}.sdf"
    world = find(ElementTree.parse(path), "world")
    walkers = [person for person in scene.people if walks(person)]
    assert [a.get("name") for a in world.findall("actor")] == [f"{p.id}_walking" for p in walkers]
    for person, actor in zip(walkers, world.findall("actor"), strict=True):
        files = {element.text for element in actor.iter("filename")}
        assert len(files) == 1
        (file,) = files
        assert WALKERS[Path(file).name].height == person.height
        assert (path.parent / file).resolve().is_file()
        pose = [float(number) for number in actor.findtext("pose").split()]
        assert pose == pytest.approx([*person.pose[:2], 0, 0, 0, 0], abs=1e-6)
        follow = actor.find("plugin")
        assert follow.findtext("target") == person.id
        assert follow.findtext("animation") == actor.find("animation").get("name")
        speed = np.mean([step.speed for step in person.script if step.kind == "walk_to"])
        assert float(follow.findtext("animation_x_vel")) == pytest.approx(1.0 / speed, abs=1e-5)
        assert float(follow.findtext("velocity")) > speed
        assert float(follow.findtext("min_distance")) < LEAD


def test_files_of_a_world_hold_together_wherever_they_are_written(tmp_path):
    scene = next(scene for scene in SCENES if scene.name == "walking_group")
    files = world_files(scene)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    world = find(ElementTree.parse(tmp_path / "sdf" / "walking_group.sdf"), "world")
    meshes = {element.text for element in world.iter("filename")}
    assert len(meshes) == 3 == len(files) - 1
    for mesh in meshes:
        assert (tmp_path / "sdf" / mesh).read_bytes() == (WORLDS / "sdf" / mesh).read_bytes()


def follow(actor, target, nearest, speed, dt):
    """One step of Gazebo's FollowActor: pose of the actor, and the way that it went."""
    way = np.asarray(target[:2]) - actor[:2]
    if np.hypot(*way) <= nearest:
        return actor, 0.0
    step = speed * dt
    return np.array([*actor[:2] + step * way / np.hypot(*way), math.atan2(way[1], way[0])]), step


def test_the_actor_walks_where_the_body_is_and_turns_with_it():
    """Round a bend, a stop, and half a turn on the spot; Gazebo's steps of 4 ms."""
    (walking,) = next(s for s in SCENES if s.name == "stops_to_look").people
    path = WORLDS / "sdf" / "stops_to_look.sdf"
    about = find(ElementTree.parse(path), "world/actor/plugin")
    nearest, speed = (float(about.findtext(tag)) for tag in ("min_distance", "velocity"))
    body, actor, dt, gone = np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0]), 0.004, 0.0
    for duration, forward, turning in ((3.0, 0.8, 0.0), (2.0, 0.6, 0.5), (1.0, 0, 0), (3.0, 0, 1)):
        for _ in range(round(duration / dt)):
            body = compose(body, (forward * dt, 0.0, turning * dt))
            actor, step = follow(actor, model_of_body(walking, body), nearest, speed, dt)
            gone += step
            assert math.dist(actor[:2], body[:2]) < 0.06
        assert math.cos(actor[2] - body[2]) > math.cos(math.radians(12.0))
    assert gone == pytest.approx(0.8 * 3.0 + 0.6 * 2.0, abs=0.3)


def test_frames_of_models_and_bodies_are_each_others_inverse():
    (walker,) = next(s for s in SCENES if s.name == "head_on").people
    (stander,) = next(s for s in SCENES if s.name == "single").people
    assert model_of_body(walker, (1.0, 2.0, math.pi / 2)) == pytest.approx(
        [1.0, 2.0 + LEAD, math.pi / 2]
    )
    for person in (walker, stander):
        pose = (1.0, -2.0, 0.7)
        assert body_of_model(person, model_of_body(person, pose)) == pytest.approx(pose)
    assert model_of_body(stander, (1.0, -2.0, 0.7)) == pytest.approx((1.0, -2.0, 0.7))


def test_who_does_not_walk_has_no_gait_cycle():
    with pytest.raises(ValueError, match=r"speed is 0\.0 m/s, expected a walking speed"):
        gait_cycle(1.7, 0.0)
    with pytest.raises(ValueError, match="stature"):
        gait_cycle(3.0, 1.0)
