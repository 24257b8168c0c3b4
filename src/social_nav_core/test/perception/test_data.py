"""Windows, corruption and the readers of published tracks, by value."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from social_nav_core.people import Action, Attitude, Intent
from social_nav_core.perception.corruption import Corruption, corrupted
from social_nav_core.perception.datasets.tracks import (
    HARPER,
    JPL_SOCIAL,
    Protocol,
    TrackError,
    read_split,
    read_track,
)
from social_nav_core.perception.tasks import class_names, label_table, labels_of
from social_nav_core.perception.windows import filled, normalised


def windows(count: int = 8, steps: int = 10, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    joints = rng.uniform(-0.5, 0.5, (count, steps, 23, 3)).astype(np.float32)
    joints[..., 2] = rng.uniform(0.5, 1.0, (count, steps, 23))
    return joints


def test_labels_follow_from_the_action() -> None:
    assert labels_of(Action.WAVE) == (Intent.INTERACTING - 1, Attitude.POSITIVE - 1, 3)
    assert labels_of(Action.THROW) == (Intent.INTERACTING - 1, Attitude.NEGATIVE - 1, 5)
    assert labels_of(Action.GAZE) == (Intent.INTERESTED - 1, Attitude.NOT_INTERACTING - 1, 7)
    assert labels_of(Action.LEAVE) == (2, 2, 8)
    np.testing.assert_array_equal(np.bincount(label_table()[:, 0]), [6, 2, 2])
    assert class_names("action")[0] == "handshake"
    assert class_names("intent") == ("interacting", "interested", "not_interested")


def test_normalised_runs_from_minus_one_to_one() -> None:
    joints = np.array([[0.0, 0.0, 1.0], [640.0, 480.0, 0.5], [320.0, 900.0, 0.2], [5.0, 5.0, 0.0]])
    expected = np.array([[-1, -1, 1], [1, 1, 0.5], [0, 1, 0.2], [0, 0, 0]])
    np.testing.assert_allclose(normalised(joints, 640, 480), expected, atol=1e-6)


def test_filled_repeats_the_frame_before() -> None:
    frames = np.ones((5, 23, 3)) * np.arange(1, 6)[:, None, None]
    got = filled(frames, [False, True, False, True, False])
    assert got[:, 0, 0].tolist() == [0.0, 2.0, 2.0, 4.0, 4.0]
    with pytest.raises(ValueError, match=r"expected \(t, 23, 3\)"):
        filled(np.zeros((5, 17, 3)), np.ones(5))


@given(st.floats(0.0, 0.9), st.floats(0.0, 0.9), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_corruption_loses_exactly_its_share(frames: float, joints: float, seed: int) -> None:
    clean = windows(6)
    got = corrupted(clean, Corruption(frames, joints), np.random.default_rng(seed))
    assert np.isfinite(got).all()
    assert np.abs(got[..., :2]).max() <= 1.0
    lost_joints = (got[:, :, :, 2] == 0.0).all(axis=1).sum(axis=1)
    assert (lost_joints >= round(joints * 23)).all()
    same = np.isclose(got, clean).all(axis=-1)  # repeated frames differ from the clean ones
    kept = (10 - round(frames * 10)) * (23 - round(joints * 23))
    assert (same.sum(axis=(1, 2)) == kept).all()


def test_thirty_percent_of_both_leave_the_papers_49_percent() -> None:
    assert Corruption(frames=0.3, joints=0.3).kept == pytest.approx(0.49)


def test_no_corruption_changes_nothing_and_input_stays_as_it_was() -> None:
    clean = windows()
    before = clean.copy()
    np.testing.assert_array_equal(corrupted(clean, Corruption(), np.random.default_rng(0)), clean)
    corrupted(clean, Corruption(0.3, 0.3, 0.1, 0.5, 0.5), np.random.default_rng(0))
    np.testing.assert_array_equal(clean, before)


def test_corruption_is_the_same_for_a_seed() -> None:
    all_of_it = Corruption(0.3, 0.3, 0.05, 0.5, 0.5)
    one, two = (corrupted(windows(), all_of_it, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_cut_off_joints_lose_confidence_at_an_edge() -> None:
    clean = windows(40)
    got = corrupted(clean, Corruption(cut=1.0), np.random.default_rng(1))
    dim = got[..., 2] < 0.11
    assert 0.15 < dim.mean() < 0.85
    np.testing.assert_array_equal(got[~dim], clean[~dim])


def track(**change: Any) -> dict[str, Any]:
    def frame(index: int, x: float) -> dict[str, Any]:
        points = [[x, 120.0, 0.9] for _ in range(133)]
        return {"frame_id": index, "keypoints": points, "score": 2.0, "box": [0, 0, 9, 9]}

    made = {
        "video_name": "v",
        "frame_size": [320, 240],
        "person_id": 0,
        "intention_class": 0,
        "attitude_class": 0,
        "action_class": 2,
        "frames": [frame(7, 160.0), frame(8, 320.0), frame(20, 0.0), frame(99, 80.0)],
    }
    return made | change


def written(folder: Path, name: str, value: Any) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return file


def test_track_starts_at_the_first_detection_and_fills_gaps(tmp_path: Path) -> None:
    window, classes = read_track(written(tmp_path, "a.json", track()), Protocol(
        30, 1, JPL_SOCIAL.actions
    ))  # fmt: skip
    assert classes.tolist() == [0, 0, 2]
    assert window.shape == (30, 23, 3)
    x = window[:, 0, 0]
    assert x[0] == 0.0  # frame 7: column 160 of 320
    assert (x[1:13] == 1.0).all()  # frame 8, repeated until frame 20
    assert (x[13:] == -1.0).all()  # frame 20 until the end; frame 99 is too late
    thin, _ = read_track(tmp_path / "a.json", JPL_SOCIAL)
    np.testing.assert_array_equal(thin, window[2::3])


def test_harper_classes_without_a_counterpart_are_left_out(tmp_path: Path) -> None:
    touch = written(tmp_path, "touch.json", track(action_class=3))
    kick = written(tmp_path, "kick.json", track(action_class=4))
    assert read_track(touch, HARPER)[1][2] == Action.PET - 1
    window, classes = read_track(kick, HARPER)
    assert classes[2] == -1
    assert window.shape == (10, 23, 3)


BAD = [
    ({"frame_size": [320]}, r"frame_size is \[320\], expected 2 numbers"),
    ({"frame_size": [0, 240]}, "frame_size is 0 x 240"),
    ({"frame_size": [float("nan"), 240]}, "frame_size"),
    ({"intention_class": 3}, "intention_class is 3, expected 0 to 2"),
    ({"action_class": "wave"}, "action_class is 'wave', expected 0 to 9"),
    ({"attitude_class": True}, "attitude_class is True"),
    ({"frames": []}, r"frames is \[\], expected a list with detections"),
    ({"frames": [3]}, r"frames\[0\]\.frame_id is None"),
    ({"frames": [{"frame_id": 1}]}, r"frames\[0\]\.keypoints"),
    ({"frames": [{"frame_id": 1, "keypoints": [[1, 2, 3]] * 17}]}, r"shape \(17, 3\)"),
    ({"frames": [{"frame_id": 1, "keypoints": [[1, 2, "x"]] * 133}]}, "are not numbers"),
    ({"frames": [{"frame_id": 1, "keypoints": [[1, 2, float("inf")]] * 133}]}, "of nose"),
    ({"frame_size": [10**30, 240]}, r"frame_size is 1e\+30 x 240, .* at most 65536 pixels"),
    ({"frame_size": [10**400, 240]}, "frame_size is .*, expected 2 numbers"),
    ({"frame_size": ["320", 240]}, "expected 2 numbers"),
    *(
        ({"frames": [{"frame_id": 1, "keypoints": [[1, 2, 1]] * 132 + [bad]}]}, words)
        for bad, words in (
            ([10**400, 2, 1], r"keypoints\[132\] are not numbers: \[1000"),
            (["3", 2, 1], r"keypoints\[132\] are not numbers: \['3', 2, 1\], expected one of"),
            ([3, True, 1], r"keypoints\[132\] are not numbers: \[3, True, 1\]"),
            ([3, 1], r"keypoints\[132\] are not numbers: \[3, 1\]"),
            (None, r"keypoints\[132\] are not numbers: None, expected one of \[x, y, score\]"),
        )
    ),
    (
        {"frames": [{"frame_id": 1, "keypoints": {"a": 1}}]},
        r"keypoints is \{'a': 1\}, expected 133",
    ),
    ({"frames": track()["frames"][::-1]}, r"frames\[1\]\.frame_id is 20, expected it to grow"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_malformed_tracks_name_file_and_field(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    file = written(tmp_path, "bad.json", track(**change))
    with pytest.raises(TrackError, match=words) as caught:
        read_track(file, JPL_SOCIAL)
    assert "bad.json" in str(caught.value)


def test_one_bad_file_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    written(tmp_path, "train/b.json", track())
    written(tmp_path, "train/deep/c.json", track(action_class=9))
    written(tmp_path, "train/a.json", "{not json")
    written(tmp_path, "train/d.json", "[1, 2]")
    written(tmp_path, "train/e.json", track(frame_size=[10**30, 240]))
    large = [{"frame_id": 0, "keypoints": [[10**400, 1, 1]] * 133}]
    written(tmp_path, "train/f.json", track(frames=large))
    reading = read_split(tmp_path, "train")
    assert reading.windows.names == ("b.json", "deep/c.json")
    assert reading.windows.joints.shape == (2, 10, 23, 3)
    assert reading.windows.labels[:, 2].tolist() == [2, 9]
    assert len(reading.problems) == 4
    for name, line in zip("adef", reading.problems, strict=True):
        assert f"{name}.json" in line


def test_missing_and_empty_splits_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match="is not a folder"):
        read_split(tmp_path, "test")
    (tmp_path / "test").mkdir()
    with pytest.raises(TrackError, match="holds no usable track"):
        read_split(tmp_path, "test")
    with pytest.raises(ValueError, match="expected one of train, validation, test"):
        read_split(tmp_path, "../etc")


def test_perception_imports_without_torch() -> None:
    code = (
        "import sys, social_nav_core.perception, social_nav_core.perception.windows, "
        "social_nav_core.perception.metrics, social_nav_core.perception.corruption, "
        "social_nav_core.perception.datasets.tracks; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_track_that_just_began_repeats_its_first_frame() -> None:
    joints = np.random.default_rng(0).uniform(0.1, 0.9, (50, 10, 23, 3)).astype(np.float32)
    got = corrupted(joints, Corruption(late=1.0), np.random.default_rng(1))
    np.testing.assert_array_equal(got[:, -1], joints[:, -1])
    begun = (got == joints).all(axis=(2, 3)).argmax(axis=1)
    assert set(begun) == set(range(7))
    for window, first in enumerate(begun):
        np.testing.assert_array_equal(
            got[window, : first + 1], joints[window, [first] * (first + 1)]
        )


def test_feet_and_confidences_can_be_without_meaning() -> None:
    joints = np.random.default_rng(0).uniform(0.2, 0.9, (30, 10, 23, 3)).astype(np.float32)
    bare = corrupted(joints, Corruption(feetless=1.0), np.random.default_rng(1))
    assert (bare[:, :, 17:] == 0.0).all()
    np.testing.assert_array_equal(bare[:, :, :17], joints[:, :, :17])
    flat = corrupted(joints, Corruption(flat=1.0), np.random.default_rng(1))
    assert (np.ptp(flat[..., 2], axis=(1, 2)) == 0.0).all()
    np.testing.assert_array_equal(flat[..., :2], joints[..., :2])


def test_rolled_windows_keep_their_shape_and_stretched_ones_their_height() -> None:
    joints = np.random.default_rng(0).uniform(0.2, 0.9, (8, 10, 23, 3)).astype(np.float32)
    joints[0, :, 5] = 0.0
    rolled = corrupted(joints, Corruption(turned=0.3), np.random.default_rng(1))
    sizes = [
        np.linalg.norm(one[1:, :, 3, :2] - one[1:, :, 9, :2], axis=-1) for one in (rolled, joints)
    ]
    np.testing.assert_allclose(sizes[0], sizes[1], atol=1e-5)
    assert not np.allclose(rolled, joints)
    np.testing.assert_array_equal(rolled[0, :, 5], 0.0)
    wide = corrupted(joints, Corruption(stretched=0.3), np.random.default_rng(1))
    np.testing.assert_allclose(wide[..., 1], joints[..., 1], atol=1e-5)
    factor = np.ptp(wide[1:, :, :, 0], axis=(1, 2)) / np.ptp(joints[1:, :, :, 0], axis=(1, 2))
    assert (np.abs(np.log(factor)) <= 0.3 + 1e-5).all()
    assert np.ptp(factor) > 0.05
