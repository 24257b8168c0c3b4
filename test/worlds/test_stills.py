"""Gazebo's people who do not walk: the COLLADA files, read here anew, do what the scene says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from social_nav_core.sim.anatomy.gestures import Gesture
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.body import figures
from social_nav_core.sim.gazebo.stills import INTO_GESTURE, still_files, still_name
from social_nav_core.sim.gazebo.walkers import walks
from social_nav_core.sim.lidar import LidarParameters
from social_nav_core.sim.motion import standing
from social_nav_core.sim.scene import load_scene
from social_nav_core.skeleton import JOINT

WORLDS = Path(__file__).resolve().parents[2] / "worlds"
SCENES = [load_scene(path) for path in sorted((WORLDS / "scenes").glob("*.yaml"))]
STILLS = {
    still_name(person, index): person
    for scene in SCENES
    for index, person in enumerate(scene.people)
    if not walks(person)
}
each_still = pytest.mark.parametrize("name", sorted(STILLS))
LIDAR = 0.0945  # height of TIAGo's lidar above the floor [m]
C = "{http://www.collada.org/2005/11/COLLADASchema}"


def find(element, path):
    """The element's only one at a path."""
    (found,) = element.findall(path)
    return found


class Skin:
    """Places (v, 3) [m] and triangles (t, 3) by material of a COLLADA file without bones."""

    def __init__(self, content):
        root = ElementTree.fromstring(content)
        assert root.find(f"{C}library_controllers") is None
        assert find(root, f".//{C}instance_geometry").get("url") == "#body"
        numbers = find(root, f".//{C}float_array[@id='places-array']").text.split()
        self.places = np.array(numbers, dtype=float).reshape(-1, 3)
        self.triangles = {
            item.get("material"): np.array(find(item, f"{C}p").text.split(), int).reshape(-1, 3)
            for item in root.iter(f"{C}triangles")
        }
        bound = {item.get("symbol") for item in root.iter(f"{C}instance_material")}
        assert set(self.triangles) == bound

    def of(self, material):
        return self.places[np.unique(self.triangles[material])]

    def cut(self, height):
        """Points (n, 2) where the edges of the triangles cross a height [m]."""
        triangles = np.concatenate(list(self.triangles.values()))
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        low, high = self.places[edges[:, 0]], self.places[edges[:, 1]]
        crosses = (low[:, 2] - height) * (high[:, 2] - height) < 0.0
        low, high = low[crosses], high[crosses]
        share = (height - low[:, 2]) / (high[:, 2] - low[:, 2])
        return (low + share[:, None] * (high - low))[:, :2]


@pytest.fixture(scope="module")
def skins():
    return {name: Skin((WORLDS / "meshes" / name).read_bytes()) for name in STILLS}


@each_still
def test_they_have_a_front(skins, name):
    skin, person = skins[name], STILLS[name]
    badge, hair = skin.of("white").mean(axis=0), skin.of("hair").mean(axis=0)
    head = skin.of("skin")[skin.of("skin")[:, 2] > 0.85 * person.height]
    assert badge[0] > 0.1 and badge[1] > 0.04, "in front, on the left of the chest"
    assert head[:, 0].max() > hair[0] + 0.05, "the nose is before the hair"
    assert skin.places[:, 2].max() == pytest.approx(person.height, abs=0.04)
    assert 0.0 <= skin.places[:, 2].min() < 0.01, "they stand on the floor"


@each_still
def test_a_lidar_sees_the_legs_that_the_simulated_one_sees(skins, name):
    about = LidarParameters()
    points = skins[name].cut(LIDAR)
    for side in (1.0, -1.0):
        leg = points[side * points[:, 1] > 0.0]
        middle = leg.mean(axis=0)
        assert middle == pytest.approx((0.0, side * about.leg_spread), abs=0.02)
        around = np.linalg.norm(leg - middle, axis=1)
        assert 0.6 * about.leg_radius < around.max() < about.leg_radius


@each_still
def test_hands_are_where_the_gesture_has_them(skins, name):
    person, skin = STILLS[name], skins[name]
    gesture = Gesture[person.gesture.upper()]
    body = figures(standing(np.zeros(3), gesture, INTO_GESTURE), average_physique(person.height))
    for side in ("left", "right"):
        wrist = body.joints[JOINT[f"{side}_wrist"]]
        assert np.linalg.norm(skin.of("shirt") - wrist, axis=1).min() < 0.05


def test_who_sits_has_knees_in_front_and_the_head_lower():
    scene = next(scene for scene in SCENES if scene.name == "single")
    sitting = replace(scene, people=(replace(scene.people[0], seated=True),))
    ((name, content),) = still_files(sitting).items()
    assert name == "still_168_idle_seated_0.dae"
    skin = Skin(content)
    trousers = skin.of("trousers")
    assert trousers[:, 0].max() > 0.3
    assert skin.places[:, 2].max() == pytest.approx(0.45 + 0.52 * 1.68, abs=0.1)
    assert np.ptp(trousers[trousers[:, 0] > 0.3][:, 2]) < 0.6
