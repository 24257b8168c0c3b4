"""Readers of data: values, and errors that name file, row and column."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from social_nav_core.geometry import compose, wrap_angle
from social_nav_core.recordings.bag import read_bag
from social_nav_core.recordings.congreg8 import FIELDS, read_congreg8
from social_nav_core.recordings.data import meeting_data, passing_data, read_data
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.positions import read_histogram, read_positions
from social_nav_core.recordings.trajectories import (
    Trajectories,
    meeting_positions,
    passing_positions,
    speeds_of,
)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def chest(x: float, y: float, yaw: float) -> list[float]:
    """Cells of one chest in the lab's frame (y up) for a pose on the floor."""
    return [y, 1.3, x, 0.0, np.sin(yaw / 2.0), 0.0, np.cos(yaw / 2.0)]


def frames(poses: np.ndarray) -> list[list[float]]:
    """Rows of chests of poses (t, p, 3)."""
    return [[cell for pose in row for cell in chest(*pose)] for row in poses]


def joining(times: np.ndarray) -> np.ndarray:
    """Poses (t, 3, 3) of two people who talk and a third who walks up to them and stays."""
    poses = np.zeros((len(times), 3, 3))
    poses[:, 0] = [0.0, 0.0, 0.0]
    poses[:, 1] = [1.2, 0.0, np.pi]
    poses[:, 2, 0] = 0.6
    poses[:, 2, 1] = np.maximum(3.0 - 1.0 * times, 0.7)
    poses[:, 2, 2] = -np.pi / 2.0
    return poses


def test_positions_with_trials(tmp_path: Path) -> None:
    text = "\ufefftrial,left_m, forward_m\na,0.5,1.0\n# a remark\n\nb,-0.25,2.0\na,0,0\n"
    found = read_positions(write(tmp_path / "p.csv", text))
    np.testing.assert_allclose(found.points, [[1.0, 0.5], [2.0, -0.25], [0.0, 0.0]])
    np.testing.assert_array_equal(found.trials, [0, 1, 0])
    assert found.trials_known


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "bad.csv: empty, expected a header and rows"),
        ("forward_m,left_m\n", "bad.csv: a header and no rows"),
        ("forward_m,right_m\n1,2\n", "row 1: no column left_m; the file has forward_m, right_m"),
        ('"a\nb",left_m\n1,2\n', "no column forward_m; the file has a b, left_m"),
        ("forward_m,left_m\n1,2\n1\n", "row 3: 1 cells, expected 2 as in the header"),
        ("forward_m,left_m\n1,2\n\n1,x\n", "row 4, column left_m: 'x', expected a number"),
        ("forward_m,left_m\n1,\n", "row 2, column left_m: 'nan', expected a finite number"),
        ("forward_m,left_m\ninf,1\n", "row 2, column forward_m: 'inf', expected a finite"),
        ("forward_m,left_m\n1,900\n", "row 2, column left_m: '900', expected metres"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_positions(write(tmp_path / "bad.csv", text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_histogram_rows_may_come_in_any_order(tmp_path: Path) -> None:
    rows = [(-0.5, 0.0, 1), (0.0, 0.0, 2), (0.0, -0.5, 3), (-0.5, -0.5, 4)]
    text = "forward_min_m,left_min_m,count\n" + "\n".join(f"{a},{b},{c}" for a, b, c in rows)
    found = read_histogram(write(tmp_path / "h.csv", text))
    np.testing.assert_array_equal(found.counts, [[4, 1], [3, 2]])
    assert found.edge == pytest.approx(0.5)
    np.testing.assert_allclose(found.centers()[1, 0], [0.25, -0.25])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,0,1\n0,1,1\n1,0,1\n", "bin (1, 1) m is there 0 times, expected once"),
        ("0,0,1\n0,1,1\n1,0,1\n1,1,2\n0,0,2\n", "bin (0, 0) m is there 2 times, expected once"),
        ("0,0,1\n0,1,-1\n1,0,1\n1,1,2\n", "row 3, column count: '-1', expected 0 or more"),
        ("0,0,1\n0,1,1\n0,2,1\n", "3 bins in one line, expected a grid"),
        ("0,0,1\n0,1,1\n1,0,1\n1,1,2\n3,0,1\n3,1,1\n", "column forward_min_m: steps of 1 to 2 m"),
    ],
)
def test_a_bad_histogram_is_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_histogram(write(tmp_path / "h.csv", "forward_min_m,left_min_m,count\n" + rows))
    assert message in str(caught.value)


def layouts(folder: Path, rows: list[list[float]], people: int) -> dict[str, Path]:
    """The same frames in all three layouts."""
    names = [f"p{i + 1}_Chest_{field}" for i in range(people) for field in FIELDS]
    with open(folder / "named.csv", "w", newline="") as file:
        csv.writer(file).writerow(names)
        csv.writer(file).writerows(rows)
    with open(folder / "bare.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    export: list[list[object]] = [["Format Version", "1.23", "Length Units", "Meters"], []]
    export += [["", "", *(["Bone"] * 7 * people)]]
    export += [["", "", *(f"p{i + 1}_Chest" for i in range(people) for _ in FIELDS)]]
    export += [["", "", *("id" for _ in range(7 * people))]]
    export += [["", "", *(["Rotation"] * 4 + ["Position"] * 3) * people]]
    export += [["Frame", "Time (Seconds)", *["X", "Y", "Z", "W", "X", "Y", "Z"] * people]]
    for number, row in enumerate(rows):
        cells: list[object] = [number, number / 120.0]
        for i in range(people):
            x, y, z, *turn = row[7 * i : 7 * i + 7]
            cells += [*turn, x, y, z]
        export.append(cells)
    with open(folder / "export.csv", "w", newline="") as file:
        csv.writer(file).writerows(export)
    return {name: folder / f"{name}.csv" for name in ("named", "bare", "export")}


def test_three_layouts_give_the_poses_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    poses = np.stack([rng.uniform(-3, 3, (4, 3)) for _ in range(5)])
    for path in layouts(tmp_path, frames(poses), 4).values():
        found = read_congreg8(path)
        assert found.ids == ("p1", "p2", "p3", "p4")
        np.testing.assert_allclose(found.poses[..., :2], poses[..., :2], atol=1e-12)
        np.testing.assert_allclose(wrap_angle(found.poses[..., 2] - poses[..., 2]), 0, atol=1e-9)
        np.testing.assert_allclose(np.diff(found.times), 1.0 / 120.0)


@pytest.mark.parametrize("word", ["nan", "NaN", "NAN", "", "  "])
def test_nobody_need_be_seen_in_the_first_frame(tmp_path: Path, word: str) -> None:
    rows: list[list[object]] = [list(row) for row in frames(joining(np.arange(9.0)))]
    rows[0][:7] = [word] * 7
    path = tmp_path / "t.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    (found,) = read_data([path])  # type: ignore[misc]
    assert np.isnan(found.poses[0, 0]).all()


def test_a_missing_value_hides_one_person_in_one_frame(tmp_path: Path) -> None:
    rows: list[list[object]] = [list(row) for row in frames(joining(np.arange(3.0)))]
    rows[1][9] = ""
    path = tmp_path / "t.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = read_congreg8(path)
    assert np.isnan(found.poses[1, 1]).all()
    assert np.isfinite(found.poses).sum() == 3 * 9 - 3


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        (8, "wide", "row 3, column p2_Chest_PY: 'wide', expected a number"),
        (7, "912.5", "row 3, column p2_Chest_PX: '912.5', expected metres, within 50 m"),
        (6, "4.0", "row 3, column p1_Chest_RW: 'quaternion of length 4', expected length 1"),
    ],
)
def test_a_bad_frame_is_named(tmp_path: Path, cell: int, value: str, message: str) -> None:
    rows: list[list[object]] = [list(row) for row in frames(joining(np.arange(3.0)))]
    rows[1][cell] = value
    names: list[object] = [f"p{i + 1}_Chest_{field}" for i in range(3) for field in FIELDS]
    path = tmp_path / "t.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    with pytest.raises(DataError) as caught:
        read_data([path])
    assert message in str(caught.value)


def test_meeting_positions_of_a_joining(tmp_path: Path) -> None:
    times = np.arange(0.0, 6.0, 1.0 / 120.0)
    path = layouts(tmp_path, frames(joining(times)), 3)["named"]
    found = meeting_positions([read_congreg8(path)])
    expected = [[1.2, 0.0], [0.6, 0.7], [1.2, 0.0], [0.6, -0.7], [0.7, -0.6], [0.7, 0.6]]
    np.testing.assert_allclose(found.points, expected, atol=1e-9)


def face_to_face(missing: np.ndarray | slice, groups: int = -1) -> Trajectories:
    """A minute of two people 1.2 m apart at 120 Hz, the first one out of sight in some frames."""
    times = np.arange(0.0, 60.0, 1.0 / 120.0)
    poses = np.zeros((len(times), 2, 3))
    poses[:, 1] = [1.2, 0.0, np.pi]
    poses[..., :2] += np.random.default_rng(0).normal(0.0, 0.002, (len(times), 2, 2))
    poses[missing, 0] = np.nan
    shape = (len(times), 2)
    speeds = speeds_of(times, poses)
    return Trajectories(times, ("a", "b"), poses, speeds, np.full(shape, groups), "minute")


@pytest.mark.parametrize("groups", [-1, 0])
@pytest.mark.parametrize(
    "missing",
    [
        slice(0, 0),
        slice(0, None, 600),
        slice(0, None, 240),
        slice(0, None, 30),
        slice(0, None, 2),
        slice(3000, 3110),
        np.random.default_rng(1).random(7200) < 0.3,
    ],
    ids=["complete", "1 of 600", "1 of 240", "1 of 30", "1 of 2", "0.9 s", "3 of 10"],
)
def test_a_conversation_lasts_while_frames_are_missing(
    missing: np.ndarray | slice, groups: int
) -> None:
    found = meeting_positions([face_to_face(missing, groups)])
    np.testing.assert_allclose(found.points, [[1.2, 0.0], [1.2, 0.0]], atol=0.002)
    assert found.members is not None
    assert found.members.tolist() == [2, 2]


@pytest.mark.parametrize("groups", [-1, 0])
def test_who_is_out_of_sight_for_longer_begins_another_conversation(groups: int) -> None:
    found = meeting_positions([face_to_face(slice(3000, 3180), groups)])
    assert len(found.points) == 4


def test_who_is_seen_to_walk_away_ends_a_conversation() -> None:
    recording = face_to_face(slice(3000, 3100))
    recording.speeds[3050, 1] = 1.0
    assert len(meeting_positions([recording]).points) == 4
    named = face_to_face(slice(3000, 3100), 0)
    named.groups[3050, 1] = -1
    assert len(meeting_positions([named]).points) == 4


def test_a_third_person_who_is_hidden_at_the_end_takes_part() -> None:
    times = np.arange(0.0, 6.0, 1.0 / 120.0)
    poses = joining(times)
    poses[-20:, 2] = np.nan
    for number in (-1, 0):
        groups = np.full(poses.shape[:2], number)
        groups[-20:, 2] = -1
        speeds = speeds_of(times, poses)
        recording = Trajectories(times, ("a", "b", "c"), poses, speeds, groups, "hidden")
        assert meeting_positions([recording]).members.tolist() == [3] * 6  # type: ignore[union-attr]


def test_passing_positions_of_a_walk_past() -> None:
    times = np.arange(0.0, 4.0, 0.01)
    poses = np.zeros((len(times), 2, 3))
    poses[:, 0] = [1.0, 2.0, np.pi / 2.0]
    poses[:, 1, 0] = 1.5
    poses[:, 1, 1] = times
    shape = (len(times), 2)
    recording = Trajectories(times, ("a", "b"), poses, np.zeros(shape), np.full(shape, -1), "walk")
    found = passing_positions([recording], 1.0)
    around_a = found.points[:7]
    np.testing.assert_allclose(around_a[:, 1], -0.5, atol=1e-9)
    np.testing.assert_allclose(around_a[:, 0], np.arange(-0.75, 0.76, 0.25), atol=1e-9)
    assert len(found.points) == 14


def test_positions_do_not_depend_on_the_frame_of_the_recording() -> None:
    times = np.arange(0.0, 6.0, 0.05)
    poses = joining(times)
    moving = np.stack([times, -0.3 * times, 0.2 * times], axis=-1)[:, None]
    shape = poses.shape[:2]
    groups = np.zeros(shape, dtype=int)
    fixed = Trajectories(times, ("a", "b", "c"), poses, np.zeros(shape), groups, "fixed")
    seen = Trajectories(
        times, ("a", "b", "c"), compose(moving, poses), np.zeros(shape), groups, "moving"
    )
    for positions in (meeting_positions, lambda recordings: passing_positions(recordings, 3.0)):
        np.testing.assert_allclose(positions([fixed]).points, positions([seen]).points, atol=1e-9)


def test_standing_still_counts_once() -> None:
    times = np.arange(0.0, 10.0, 0.1)
    poses = np.zeros((100, 2, 3))
    poses[:, 1, 0] = 0.6
    shape = (100, 2)
    still = Trajectories(times, ("a", "b"), poses, np.zeros(shape), np.full(shape, -1), "still")
    assert len(passing_positions([still], 1.0).points) == 2


def test_speeds_of_a_steady_walk() -> None:
    times = np.arange(0.0, 3.0, 0.1)
    poses = np.zeros((30, 1, 3))
    poses[:, 0, 0] = 1.3 * times
    np.testing.assert_allclose(speeds_of(times, poses), 1.3, rtol=1e-9)
    sparse = np.arange(0.0, 30.0, 2.0)
    np.testing.assert_allclose(speeds_of(sparse, 1.3 * sparse[:, None, None].repeat(2, 2)),
                               1.3 * np.sqrt(2.0))  # fmt: skip


def test_speeds_around_frames_that_are_missing() -> None:
    times = np.arange(0.0, 12.0, 0.05)
    poses = np.zeros((len(times), 2, 3))
    poses[:, 0, 0] = 1.3 * times
    poses[::5, 0] = np.nan
    poses[61:80, 1] = poses[81:110, 1] = poses[111:140, 1] = np.nan
    poses[110, 1, 0] = 2.0
    poses[140:, 1, 0] = 4.0
    speeds = speeds_of(times, poses)
    assert np.isnan(speeds[::5, 0]).all()
    np.testing.assert_allclose(np.delete(speeds[:, 0], np.s_[::5]), 1.3, rtol=1e-9)
    stood = [*range(61), 80, *range(140, 240)]
    np.testing.assert_allclose(speeds[stood, 1], 0.0)
    assert np.isnan(np.delete(speeds[:, 1], stood)).all()


def test_kinds_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected forward_m, left_m, or forward_min_m"):
        read_data([write(tmp_path / "x.csv", "alpha,beta\n1,2\n")])
    with pytest.raises(DataError, match="not a CSV file"):
        path = tmp_path / "x.bin"
        path.write_bytes(b"\xff\xfe\x00\x80" * 10)
        read_data([path])
    one = write(tmp_path / "a.csv", "forward_m,left_m\n1,2\n")
    with pytest.raises(DataError, match="a second table"):
        read_data([one, one])
    with pytest.raises(FileNotFoundError):
        read_data([tmp_path / "none.csv"])


def test_short_data_are_named(tmp_path: Path) -> None:
    data = read_data([write(tmp_path / "a.csv", "forward_m,left_m\n0.5,0.2\n")])
    with pytest.raises(DataError, match=r"a\.csv: 1 positions within 1 m, expected 30 or more"):
        passing_data(data, 1.0, "a.csv")
    with pytest.raises(DataError, match=r"a\.csv: 1 positions of people who stand together"):
        meeting_data(data, "a.csv")
    histogram = "forward_min_m,left_min_m,count\n0,0,1\n0,1,1\n1,0,1\n1,1,2\n"
    with pytest.raises(DataError, match="a histogram has no positions"):
        meeting_data(read_data([write(tmp_path / "h.csv", histogram)]), "h.csv")


def test_recordings_need_a_package_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rosbags.rosbag2", None)
    with pytest.raises(DataError, match="pip install rosbags"):
        read_bag(tmp_path / "x.mcap")
