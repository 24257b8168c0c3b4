"""The robot for Gazebo has the numbers of the simulated one, and frames and topics as PAL's."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from social_nav_core.sim.robot import RobotParameters
from social_nav_nodes.simulator_node import SimulatedCamera, SimulatedLidar

XACRO = Path(__file__).resolve().parents[2] / "worlds/robots/tiago_lite.urdf.xacro"


@pytest.fixture(scope="module")
def urdf_text():
    xacro = shutil.which("xacro")
    if xacro is None:
        pytest.skip("xacro is not installed (python -m pip install xacro)")
    return subprocess.run([xacro, str(XACRO)], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def robot(urdf_text):
    return ElementTree.fromstring(urdf_text)


def vector(element, name):
    text = element.get(name) if element is not None else None
    return np.array([float(value) for value in (text or "0 0 0").split()])


def rotation(roll, pitch, yaw):
    c, s = math.cos, math.sin
    about_x = np.array([[1, 0, 0], [0, c(roll), -s(roll)], [0, s(roll), c(roll)]])
    about_y = np.array([[c(pitch), 0, s(pitch)], [0, 1, 0], [-s(pitch), 0, c(pitch)]])
    about_z = np.array([[c(yaw), -s(yaw), 0], [s(yaw), c(yaw), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def frame(robot, link):
    """Position and axes of a link in base_footprint, all joints at zero."""
    position, axes = np.zeros(3), np.eye(3)
    while link != "base_footprint":
        joint = next(j for j in robot.iter("joint") if j.find("child").get("link") == link)
        origin = joint.find("origin")
        turn = rotation(*vector(origin, "rpy"))
        position, axes = vector(origin, "xyz") + turn @ position, turn @ axes
        link = joint.find("parent").get("link")
    return position, axes


def plugin(robot, name):
    return next(p for p in robot.iter("plugin") if p.get("name").endswith(f"::{name}"))


def test_every_link_but_the_root_has_one_parent(robot):
    links = {link.get("name") for link in robot.findall("link")}
    children = [joint.find("child").get("link") for joint in robot.findall("joint")]
    assert sorted(children) == sorted(links - {"base_footprint"})
    assert {joint.find("parent").get("link") for joint in robot.findall("joint")} <= links


def test_sensors_sit_where_the_simulated_robot_has_them(robot):
    camera, lidar = SimulatedCamera(), SimulatedLidar()
    place, axes = frame(robot, "base_laser_link")
    assert place == pytest.approx([lidar.forward, 0.0, 0.0945])
    assert axes == pytest.approx(np.eye(3))
    place, axes = frame(robot, "head_front_camera_rgb_optical_frame")
    assert place == pytest.approx([camera.mount_x, 0.0, camera.mount_z])
    looks, right, down = axes[:, 2], axes[:, 0], axes[:, 1]
    assert looks == pytest.approx([1, 0, 0])
    assert right == pytest.approx([0, -1, 0])
    assert down == pytest.approx([0, 0, -1])


@pytest.mark.parametrize(("lift", "height"), [(0.0, 1.067), (0.15, 1.217), (0.35, 1.417)])
def test_the_torso_lifts_the_camera(lift, height):
    xacro = shutil.which("xacro")
    if xacro is None:
        pytest.skip("xacro is not installed (python -m pip install xacro)")
    text = subprocess.run(
        [xacro, str(XACRO), f"torso:={lift}"], capture_output=True, text=True, check=True
    ).stdout
    place, _ = frame(ElementTree.fromstring(text), "head_front_camera_link")
    assert place[2] == pytest.approx(height)


def test_sensors_cover_what_the_simulated_ones_cover(robot):
    camera, lidar = SimulatedCamera(), SimulatedLidar()
    laser = robot.find(".//sensor[@type='gpu_lidar']")
    assert float(laser.findtext("update_rate")) == lidar.rate
    assert int(laser.findtext(".//samples")) == lidar.beams
    assert float(laser.findtext(".//max_angle")) == pytest.approx(lidar.half_angle, abs=1e-4)
    assert float(laser.findtext(".//range/min")) == lidar.range_min
    assert float(laser.findtext(".//range/max")) == lidar.range_max
    assert float(laser.findtext(".//stddev")) == lidar.sigma
    eye = robot.find(".//sensor[@type='rgbd_camera']")
    assert float(eye.findtext("update_rate")) == camera.rate
    assert float(eye.findtext(".//horizontal_fov")) == camera.horizontal_view
    assert int(eye.findtext(".//width")) == camera.width
    assert int(eye.findtext(".//height")) == camera.height
    assert float(eye.findtext(".//depth_camera/clip/near")) == camera.nearest
    assert float(eye.findtext(".//depth_camera/clip/far")) == camera.farthest
    assert eye.findtext("gz_frame_id") == "head_front_camera_rgb_optical_frame"


def test_the_base_drives_as_the_simulated_one(robot):
    limits, drive = RobotParameters(), plugin(robot, "DiffDrive")
    expected = {
        "wheel_radius": 0.0985,
        "wheel_separation": 0.4044,
        "max_linear_velocity": limits.max_speed,
        "min_linear_velocity": -limits.max_reverse_speed,
        "max_linear_acceleration": limits.acceleration,
        "min_linear_acceleration": -limits.acceleration,
        "max_angular_velocity": limits.max_turn_rate,
        "min_angular_velocity": -limits.max_turn_rate,
        "max_angular_acceleration": limits.turn_acceleration,
        "min_angular_acceleration": -limits.turn_acceleration,
        "odom_publish_frequency": 50.0,
    }
    assert {tag: float(drive.findtext(tag)) for tag in expected} == expected
    assert (drive.findtext("frame_id"), drive.findtext("child_frame_id")) == (
        "odom",
        "base_footprint",
    )
    joints = {joint.get("name") for joint in robot.findall("joint")}
    named = [*drive.iter("left_joint"), *drive.iter("right_joint"), *robot.iter("joint_name")]
    assert {element.text for element in named} <= joints
    for side, y in (("left", 0.2022), ("right", -0.2022)):
        place, axes = frame(robot, f"wheel_{side}_link")
        assert place == pytest.approx([0.0, y, 0.0985])
        assert axes[:, 2] == pytest.approx([0, 1, 0]), "turning forward moves the robot forward"


def test_the_wheels_touch_the_floor_where_the_odometry_counts_them(robot):
    """A cylinder may stand on its edge, which then counts as separation: 1 % at the most."""
    for side in ("left", "right"):
        shape = robot.find(f"link[@name='wheel_{side}_link']/collision/geometry/cylinder")
        assert float(shape.get("radius")) == 0.0985
        assert float(shape.get("length")) <= 0.01 * 0.4044


def test_the_footprint_is_tiagos(robot):
    radii = [float(c.get("radius")) for c in robot.find("link[@name='base_link']").iter("cylinder")]
    assert max(radii) == RobotParameters().radius


def test_no_shape_is_in_the_lidars_view(robot):
    """Boxes around all visuals that cross its plane lie behind its field of view."""
    lidar = SimulatedLidar()
    laser, _ = frame(robot, "base_laser_link")
    for link in robot.findall("link"):
        place, axes = frame(robot, link.get("name"))
        for visual in link.findall("visual"):
            origin = visual.find("origin")
            turn = axes @ rotation(*vector(origin, "rpy"))
            middle = place + axes @ vector(origin, "xyz")
            half = np.abs(turn) @ half_size(visual.find("geometry"))
            if abs(middle[2] - laser[2]) > half[2]:
                continue
            for x in (-half[0], half[0]):
                for y in (-half[1], half[1]):
                    dx, dy = middle[:2] + np.array([x, y]) - laser[:2]
                    assert abs(math.atan2(dy, dx)) > lidar.half_angle, visual.get("name")


def half_size(geometry):
    box, cylinder = geometry.find("box"), geometry.find("cylinder")
    if box is not None:
        return 0.5 * vector(box, "size")
    radius = float(cylinder.get("radius"))
    return np.array([radius, radius, 0.5 * float(cylinder.get("length"))])


def test_the_base_stands_on_wheels_and_slippery_casters(urdf_text, sdf, tmp_path):
    (tmp_path / "robot.urdf").write_text(urdf_text)
    status, text, said = sdf("-p", tmp_path / "robot.urdf")
    assert status == 0
    assert [line for line in said if "gz_frame_id" not in line] == []
    (tmp_path / "robot.sdf").write_text(text)
    assert sdf("-k", tmp_path / "robot.sdf")[:2] == (0, "Valid.\n")
    model = ElementTree.fromstring(text)[0]
    friction = {
        link.get("name"): float(mu.text or "nan")
        for link in model.findall("link")
        for mu in link.iter("mu")
    }
    assert friction == {
        "wheel_left_link": 1.0,
        "wheel_right_link": 1.0,
        "caster_front_link": 0.0,
        "caster_rear_link": 0.0,
    }
    sensors = {sensor.get("name") for sensor in model.iter("sensor")}
    assert sensors == {"base_laser", "head_front_camera"}
