"""The body tracker as a node: images in, bodies out, and what it does with bad ones."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import CameraInfo, Image
from social_nav_core.sim.anatomy.physique import average_physique
from social_nav_core.sim.body import figures
from social_nav_core.sim.camera import Camera
from social_nav_core.sim.motion import standing
from social_nav_core.vision.estimator import EstimatorError
from social_nav_nodes.body_tracker_node import BodyTrackerNode
from social_nav_nodes.conversions import bodies_from
from social_nav_nodes.images import camera_from, depth_from, rgb_from
from tf2_ros import StaticTransformBroadcaster

from social_nav_msgs.msg import BodyArray
from social_nav_nodes import topics

FRAME = topics.CAMERA_FRAME
CAMERA = Camera()


def image_message(graph, values, encoding, frame=FRAME):
    rows = np.ascontiguousarray(values)
    height, width = rows.shape[:2]
    return Image(
        header=graph.header(frame),
        height=height,
        width=width,
        encoding=encoding,
        step=rows.nbytes // max(height, 1),
        data=rows.tobytes(),
    )


class Estimator:
    """Sees the simulator's people in every image; notes the images."""

    def __init__(self):
        self.people = np.array([[3.0, 0.5, np.pi], [4.0, -0.6, 0.0]])
        self.statures = np.full(2, 1.7)
        self.images = []

    def __call__(self, image):
        self.images.append(image)
        joints = figures(standing(self.people), average_physique(self.statures)).joints
        column, row, depth = CAMERA.project(CAMERA.pose((0.0, 0.0, 0.0)), joints)
        sure = np.where(CAMERA.in_view(column, row, depth), 0.9, 0.0)
        return np.stack([column, row, sure], axis=-1)


class Bench:
    """The node with a camera that the test holds."""

    def __init__(self, graph, mounted=True, camera=True, base="base_footprint"):
        self.graph, self.base, self.estimator = graph, base, Estimator()
        self.bodies = graph.collect(BodyArray, topics.BODIES, topics.SENSOR_QOS)
        self.node = graph.add(
            BodyTrackerNode, estimator=self.estimator, parameters={"base_frame": base}
        )
        probe = graph.probe
        self.images = probe.create_publisher(Image, "image", 1)
        self.depths = probe.create_publisher(Image, "depth", 1)
        self.infos = probe.create_publisher(CameraInfo, "camera_info", 1)
        self.broadcaster = StaticTransformBroadcaster(probe)
        if mounted:
            self.mount()
        graph.spin_until(self.images.get_subscription_count, "the subscription")
        self.with_info = camera

    def mount(self):
        about = CAMERA.parameters
        message = TransformStamped(header=self.graph.header(self.base))
        message.child_frame_id = FRAME
        message.transform.translation.x = about.mount_x
        message.transform.translation.z = about.mount_z
        turn = message.transform.rotation
        turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
        self.broadcaster.sendTransform(message)

    def info(self, width=640, height=480):
        f = CAMERA.focal_length
        message = CameraInfo(header=self.graph.header(FRAME), width=width, height=height)
        message.k = np.array([f, 0.0, 320.0, 0.0, f, 240.0, 0.0, 0.0, 1.0])
        message.distortion_model = "plumb_bob"
        return message

    def show(self, times=12, encoding="rgb8", depth=None, shape=(480, 640, 3), info=None):
        """Publish images, ten a second, and let time pass."""
        for _ in range(times):
            if self.with_info:
                self.infos.publish(info or self.info())
            if depth is not None:
                self.depths.publish(image_message(self.graph, depth, "32FC1"))
            values = np.zeros(shape, np.uint8)
            self.images.publish(image_message(self.graph, values, encoding))
            self.graph.pass_time(0.1)


@pytest.mark.parametrize("base", ["base_footprint", "base_link"])
def test_people_are_named_and_placed(graph, base):
    bench = Bench(graph, base=base)
    bench.show()
    graph.spin_until(lambda: bench.bodies and len(bench.bodies[-1].bodies) == 2, "two bodies")
    message = bench.bodies[-1]
    assert message.header.frame_id == base
    assert (message.image_width, message.image_height) == (640, 480)
    bodies = {body.id: body for body in bodies_from(message)}
    assert set(bodies) == {"body_1", "body_2"}
    assert not any(body.defect() for body in bodies.values())
    for name, expected in zip(("body_1", "body_2"), bench.estimator.people, strict=True):
        assert bodies[name].pose[:2] == pytest.approx(expected[:2], abs=0.35)
    first = message.header.stamp
    assert 0.0 < graph.now - (first.sec + 1e-9 * first.nanosec) < 1.0, "the image's stamp"


def test_depth_makes_places_exact(graph):
    bench = Bench(graph)
    bench.estimator.people = bench.estimator.people[:1]
    bench.estimator.statures = bench.estimator.statures[:1]
    depth = np.full((480, 640), 3.0 - 0.216 - 0.09, np.float32)
    bench.show(depth=depth)
    graph.spin_until(lambda: bench.bodies and bench.bodies[-1].bodies, "a body")
    (body,) = bodies_from(bench.bodies[-1])
    assert body.pose[:2] == pytest.approx([3.0, 0.5], abs=0.06)
    assert np.sqrt(body.covariance[0, 0]) < 0.07


def said(bench):
    return " ".join(trouble.text for trouble in bench.node._log.troubles())


def test_without_a_camera_nobody_is_placed(graph):
    bench = Bench(graph, camera=False)
    bench.show(4)
    assert not bench.bodies and not bench.estimator.images
    assert "no camera on '/camera_info', so nobody can be placed" in said(bench)


def test_without_a_mount_both_frames_are_named(graph):
    bench = Bench(graph, mounted=False)
    bench.show(12)
    assert not bench.bodies
    assert f"no transform from '{FRAME}' to 'base_footprint'" in said(bench)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoding": "bayer_rggb8"}, "encoding is 'bayer_rggb8', expected one of rgb8, bgr8"),
        ({"shape": (0, 640, 3)}, "size is 640 x 0 pixels, expected at least one"),
        ({"shape": (240, 320, 3)}, "of images of 640 x 480 pixels, expected 320 x 240"),
        ({"encoding": "rgba8"}, "in rows of 1920, expected 480 rows of 2560 bytes"),
    ],
)
def test_images_that_cannot_be_used_are_told_by_the_reason(graph, options, words):
    bench = Bench(graph)
    bench.show(4, **options)
    assert not bench.bodies and words in said(bench)
    bench.show()
    graph.spin_until(lambda: bench.bodies, "bodies of good images afterwards")


@pytest.mark.parametrize(
    ("depth", "words"),
    [
        (np.full((240, 320), 2.0, np.float32), "depths of 320 x 240 pixels are left out"),
        (np.full((480, 640), np.nan, np.float32), ""),
    ],
)
def test_depths_that_cannot_be_used_leave_the_geometry(graph, depth, words):
    bench = Bench(graph)
    bench.show(depth=depth)
    graph.spin_until(lambda: bench.bodies and bench.bodies[-1].bodies, "bodies")
    assert words in said(bench)
    assert bodies_from(bench.bodies[-1])[0].pose[:2] == pytest.approx([3.0, 0.5], abs=0.35)


def test_weights_are_needed(graph):
    with pytest.raises(ValueError, match="parameter weights is empty, expected an ONNX file"):
        BodyTrackerNode(context=graph.context)


class TestImages:
    def test_colours_of_every_encoding(self, graph):
        colour = np.array([10, 20, 30, 255], np.uint8)
        for encoding, values in {
            "rgb8": colour[:3],
            "bgr8": colour[2::-1],
            "rgba8": colour,
            "bgra8": colour[[2, 1, 0, 3]],
        }.items():
            message = image_message(graph, np.tile(values, (2, 3, 1)), encoding)
            assert (rgb_from(message) == colour[:3]).all(), encoding
        grey = image_message(graph, np.full((2, 3), 7, np.uint8), "mono8")
        assert (rgb_from(grey) == 7).all() and rgb_from(grey).shape == (2, 3, 3)

    def test_rows_may_be_padded(self, graph):
        message = image_message(graph, np.arange(24, dtype=np.uint8).reshape(2, 12), "rgb8")
        message.width, message.step = 3, 12
        assert rgb_from(message)[1, 2].tolist() == [18, 19, 20]

    @pytest.mark.parametrize("big", [False, True])
    def test_depths_are_metres(self, graph, big):
        values = np.array([[0, 1500, 65535]], ">u2" if big else "<u2")
        message = image_message(graph, values, "16UC1")
        message.is_bigendian = big
        depths = depth_from(message)
        assert np.isnan(depths[0, 0]) and depths[0, 1:] == pytest.approx([1.5, 65.535])
        floats = image_message(graph, np.array([[np.inf, -1.0, 2.5]], "<f4"), "32FC1")
        assert np.isnan(depth_from(floats)[0, :2]).all() and depth_from(floats)[0, 2] == 2.5
        with pytest.raises(ValueError, match="expected one of 32FC1, 16UC1"):
            depth_from(image_message(graph, np.zeros((1, 1, 3), np.uint8), "rgb8"))

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"width": 320}, "expected 640 x 480"),
            ({"k": np.zeros(9)}, "focal lengths"),
            ({"distortion_model": "equidistant"}, "give rectified images"),
            ({"d": [float("nan")] * 5}, "from -1000 to 1000"),
            ({"d": [0.1] * 8, "distortion_model": "rational_polynomial"}, "give rectified images"),
        ],
    )
    def test_cameras_that_make_no_sense_are_refused(self, graph, changes, words):
        f = CAMERA.focal_length
        message = CameraInfo(width=640, height=480, distortion_model="plumb_bob")
        message.k = np.array([f, 0.0, 320.0, 0.0, f, 240.0, 0.0, 0.0, 1.0])
        for name, value in changes.items():
            setattr(message, name, value)
        with pytest.raises(ValueError, match=words):
            camera_from(message, (640, 480), (np.array([0.0, 0.0, 1.2]), np.eye(3)))


def test_an_estimators_refusal_is_one_line(graph):
    bench = Bench(graph)

    def refuse(image):
        raise EstimatorError("image is too strange")

    bench.node._estimate = refuse
    bench.show(4)
    assert "an image is left out: image is too strange" in said(bench)
