"""Outputs of pose networks, made by hand, and networks that are small enough to be written here."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.skeleton import BODY, JOINT
from social_nav_core.vision import movenet
from social_nav_core.vision.estimator import EstimatorError, EstimatorParameters, checked_image
from social_nav_core.vision.formats import (
    MOVENET,
    RTMO,
    YOLO,
    YOLO_END,
    decode,
    format_of,
    overlap,
)
from social_nav_core.vision.onnx_estimator import OnnxEstimator
from social_nav_core.vision.onnx_file import OnnxGraph

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

ABOUT = EstimatorParameters(least=0.5)
PEOPLE = [  # box (left, top, right, bottom), score, where all joints are
    ((10.0, 20.0, 50.0, 120.0), 0.9, (30.0, 70.0, 0.8)),
    ((12.0, 21.0, 52.0, 121.0), 0.7, (31.0, 71.0, 0.7)),  # the first one once more
    ((200.0, 40.0, 260.0, 160.0), 0.6, (230.0, 100.0, 1.2)),
    ((300.0, 40.0, 360.0, 160.0), 0.3, (330.0, 100.0, 0.9)),  # not sure enough
]


def rows(box, more=()):
    """One row per person: box, score, more, joints."""
    return np.array(
        [[*box(*b), score, *more, *np.tile(joint, len(BODY))] for b, score, joint in PEOPLE]
    )


def yolo():
    centred = rows(lambda a, b, c, d: ((a + c) / 2, (b + d) / 2, c - a, d - b))
    return {"output0": centred.T[None]}


def yolo_end():
    return {"output0": rows(lambda *box: box, more=(0.0,))[None]}


def rtmo():
    values = rows(lambda *box: box)
    return {"dets": values[None, :, :5], "keypoints": values[None, :, 5:].reshape(1, -1, 17, 3)}


@pytest.mark.parametrize(
    ("make", "kind"),
    [(yolo, YOLO), (yolo_end, YOLO_END), (rtmo, RTMO)],
    ids=["yolo", "end", "rtmo"],
)
def test_who_is_sure_and_not_there_twice_is_found(make, kind):
    outputs = make()
    assert format_of(outputs) == kind
    people = decode(kind, outputs, ABOUT)
    assert people.shape == (2, 23, 3)
    assert people[0, : len(BODY)] == pytest.approx(np.tile([30.0, 70.0, 0.8], (17, 1)))
    assert people[1, : len(BODY)] == pytest.approx(np.tile([230.0, 100.0, 1.0], (17, 1)))
    assert not people[:, len(BODY) :].any(), "none of these networks knows feet"


@pytest.mark.parametrize(
    "shapes",
    [
        {"simcc_x": (1, 17, 384), "simcc_y": (1, 17, 512)},  # RTMPose
        {"output0": (1, 84, 8400)},  # YOLO without poses
        {"output0": (1, 56)},
        {"heatmaps": (1, 17, 64, 48)},
        {"dets": (1, 10, 5), "keypoints": (1, 10, 26, 3)},
    ],
)
def test_other_outputs_are_refused_with_their_shapes(shapes):
    outputs = {name: np.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(EstimatorError, match=r"expected YOLO-pose \(1, 56, n\)") as caught:
        format_of(outputs)
    assert all(f"{name} {shape}" in str(caught.value) for name, shape in shapes.items())


def test_overlap_of_boxes():
    box = np.array([0.0, 0.0, 2.0, 2.0])
    assert overlap(box, box) == 1.0
    assert overlap(box, np.array([1.0, 0.0, 3.0, 2.0])) == pytest.approx(2.0 / 6.0)
    assert overlap(box, np.array([2.0, 0.0, 3.0, 2.0])) == 0.0


def heads(people, size=(30, 40)):
    """MoveNet's heads for people given as (row, column) of the middle and of the nose [cells]."""
    maps = {name: np.zeros((1, count, *size)) for name, count in movenet.HEADS.items()}
    maps["center"][:] = maps["keypoint_heatmap"][:] = -9.0
    maps["keypoint_offset"][:] = 0.25
    for (row, column), nose in people:
        maps["center"][0, 0, row, column] = 4.0
        maps["box_scale"][0, :, row, column] = 14.0, 8.0
        offsets = np.tile(np.subtract(nose, (row, column)) + 0.4, len(BODY))
        maps["keypoint_regression"][0, :, row, column] = offsets
        maps["keypoint_heatmap"][0, :, nose[0], nose[1]] = 3.0
    return maps


def test_movenets_joints_are_where_the_heatmap_says_near_the_rough_place():
    outputs = heads([((15, 10), (11, 11)), ((15, 25), (11, 24))])
    assert format_of(outputs) == MOVENET
    people = decode(MOVENET, outputs, ABOUT)
    found = sorted(tuple(person[JOINT["nose"], :2]) for person in people)
    # column and row of the cell and of the place in it, times 4 pixels
    assert np.array(found) == pytest.approx(4.0 * np.array([[11.25, 11.25], [24.25, 11.25]]))
    assert people[0, 0, 2] == pytest.approx(0.95 * np.exp(-2 * 0.16 / 9.0), abs=0.01)


def test_movenet_has_one_middle_within_five_cells():
    near = heads([((15, 10), (11, 11)), ((15, 12), (11, 11))])
    near["center"][0, 0, 15, 12] = 3.0
    assert len(decode(MOVENET, near, ABOUT)) == 1
    assert len(decode(MOVENET, heads([]), ABOUT)) == 0


@pytest.mark.parametrize("shape", [(10, 10), (0, 10, 3), (10, 10, 4)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(EstimatorError, match=r"expected \(h, w, 3\) uint8"):
        checked_image(np.zeros(shape, np.uint8))
    with pytest.raises(EstimatorError, match="float64"):
        checked_image(np.zeros((4, 4, 3)))
    with pytest.raises(EstimatorError, match="NoneType"):
        checked_image(None)


def network(tmp_path, outputs, shape=(1, 3, 96, 128), kind="float32", name="net.onnx"):
    """An ONNX file whose outputs are always the same, whatever the image is."""
    about = {name: ("float32", value.shape) for name, value in outputs.items()}
    graph = OnnxGraph("constant", {"image": (kind, shape)}, about)
    graph.add("Cast", ["image"], "floats", to=1)
    graph.constant("zero", np.zeros((), np.float32))
    graph.add("Mul", ["floats", "zero"], "nothing")
    graph.add("ReduceSum", ["nothing"], "none", keepdims=0)
    for name_, value in outputs.items():
        graph.constant(f"{name_}_value", value.astype(np.float32))
        graph.add("Add", [f"{name_}_value", "none"], name_)
    (tmp_path / name).write_bytes(graph.file())
    return tmp_path / name


def test_joints_come_back_in_pixels_of_the_image_that_was_given(tmp_path):
    """400 x 300 into 128 x 96: every pixel of the network is 3.125 of the image."""
    estimator = OnnxEstimator(network(tmp_path, yolo()), ABOUT)
    assert estimator.kind == YOLO
    people = estimator(np.zeros((300, 400, 3), np.uint8))
    assert people[0, 0] == pytest.approx([30.0 * 3.125, 70.0 * 3.125, 0.8])
    people = estimator(np.zeros((600, 400, 3), np.uint8))
    assert people[0, 0, :2] == pytest.approx([30.0 * 6.25, 70.0 * 6.25])


def test_colours_come_in_the_order_and_range_that_a_network_was_trained_on(tmp_path):
    """The mean of the first channel comes out as everybody's score."""
    for outputs, expected in ((rtmo(), 51.0), (yolo_end(), 204.0 / 255.0)):
        about = {name: ("float32", value.shape) for name, value in outputs.items()}
        graph = OnnxGraph("first_channel", {"image": ("float32", (1, 3, 96, 128))}, about)
        graph.constant("first", np.array([1.0, 0.0, 0.0], np.float32).reshape(1, 3, 1, 1))
        graph.add("Mul", ["image", "first"], "channel")
        graph.add("ReduceSum", ["channel"], "sum", keepdims=0)
        graph.constant("count", np.array(96 * 128, np.float32))
        graph.add("Div", ["sum", "count"], "mean")
        for name, value in outputs.items():
            graph.constant(f"{name}_ones", np.ones(value.shape, np.float32))
            graph.add("Mul", [f"{name}_ones", "mean"], name)
        path = tmp_path / "colour.onnx"
        path.write_bytes(graph.file())
        image = np.full((96, 128, 3), (204, 102, 51), np.uint8)
        about_all = EstimatorParameters(least=0.01, overlap=1.0)
        assert OnnxEstimator(path, about_all)(image)[0, 0, 0] == pytest.approx(expected, rel=1e-4)


def test_a_network_with_free_sides_gets_images_of_the_resolution(tmp_path, monkeypatch):
    graph = OnnxGraph(
        "free", {"image": ("uint8", (1, "h", "w", 3))}, {"output0": ("float32", (1, 56, "n"))}
    )
    graph.add("Shape", ["image"], "shape")
    graph.add("Cast", ["shape"], "sides", to=1)
    graph.constant("rows", np.zeros((1, 52, 4), np.float32))
    graph.constant("form", np.array([1, 1, 4], np.int64))
    graph.add("Reshape", ["sides", "form"], "one")
    graph.constant("four", np.array([1, 4, 1], np.int64))
    graph.add("Tile", ["one", "four"], "boxes")
    graph.add("Concat", ["boxes", "rows"], "output0", axis=1)
    path = tmp_path / "free.onnx"
    path.write_bytes(graph.file())
    estimator = OnnxEstimator(path, EstimatorParameters(resolution=320))
    seen = []
    run = estimator._run

    def note(image):
        seen.append(image.shape)
        return run(image)

    monkeypatch.setattr(estimator, "_run", note)
    estimator(np.zeros((480, 640, 3), np.uint8))
    estimator(np.zeros((100, 120, 3), np.uint8))
    assert seen == [(256, 320, 3), (192, 256, 3), (96, 128, 3)]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no network", "not a network that can be run"), (b"", "not a network that can be run")],
)
def test_files_that_are_no_networks_are_refused(tmp_path, content, words):
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(EstimatorError, match=words) as caught:
        OnnxEstimator(tmp_path / "bad.onnx")
    assert "\n" not in str(caught.value) and "bad.onnx" in str(caught.value)
    with pytest.raises(FileNotFoundError):
        OnnxEstimator(tmp_path / "none.onnx")


def test_networks_with_other_inputs_and_outputs_are_refused(tmp_path):
    with pytest.raises(
        EstimatorError, match=r"net.onnx: the network puts out output0 \(1, 84, 9\)"
    ):
        OnnxEstimator(network(tmp_path, {"output0": np.zeros((1, 84, 9))}))
    with pytest.raises(EstimatorError, match=r"takes tensor\(float\) \[1, 3\], expected an image"):
        OnnxEstimator(network(tmp_path, yolo(), shape=(1, 3)))
