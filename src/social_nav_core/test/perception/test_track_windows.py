"""Windows of tracked bodies: uneven clocks, gaps, id switches, bad bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from social_nav_core.bodies import Body
from social_nav_core.parameters import ParameterError
from social_nav_core.perception.intake import Intake, IntakeParameters
from social_nav_core.perception.track_windows import (
    TrackWindowBatch,
    TrackWindowParameters,
    TrackWindows,
)
from social_nav_core.perception.windows import centred, normalised

WIDTH, HEIGHT = 640.0, 480.0


def body(name: str = "a", time: float = 0.0, x: float = 2.0, **change: object) -> Body:
    """A body whose right wrist (joint 10) moves right by 100 pixels a second."""
    columns = np.linspace(200.0, 300.0, 23).astype(np.float32)
    columns[10] = 250.0 + 100.0 * time
    rows = np.linspace(100.0, 400.0, 23).astype(np.float32)
    made = Body(name, columns, rows, np.full(23, 0.8, np.float32), np.array([x, 0.0, 0.0]))
    return replace(made, **change)  # type: ignore[arg-type]


def frame(time: float) -> np.ndarray:
    return normalised(body(time=time).joints(), WIDTH, HEIGHT)


def fed(times: Sequence[float], name: str = "a") -> TrackWindows:
    windows = TrackWindows()
    for time in times:
        windows.add(time, [name], frame(time)[None])
    return windows


def expected(times: Sequence[float]) -> np.ndarray:
    return centred(np.stack([frame(time) for time in times]))


def joint_by_joint(
    frames: Sequence[np.ndarray], times: Sequence[float], rate: float, steps: int, end: float
) -> np.ndarray:
    """A window (steps, 23, 3) of one track, each joint of each step by itself."""
    window = np.zeros((steps, 23, 3))
    for step, wanted in enumerate(end - np.arange(steps - 1, -1, -1) / rate):
        earlier = [k for k, time in enumerate(times) if time < wanted]
        later = [k for k, time in enumerate(times) if time >= wanted]
        for joint in range(23):
            ways = [
                next((k for k in side if frames[k][joint, 2] > 0.0), -1)
                for side in (earlier[::-1], later)
            ]
            ends = (earlier[::-1] or later)[0], (later or earlier[::-1])[0]
            near = [k >= 0 and abs(times[k] - wanted) < 1.0 / rate - 1e-6 for k in ways]
            usable = [near[i] or ways[i] == ends[i] for i in (0, 1)]
            if all(usable):
                (a, b), first, second = ways, frames[ways[0]][joint], frames[ways[1]][joint]
                share = (wanted - times[a]) / (times[b] - times[a])
                place = first[:2] * (1.0 - share) + second[:2] * share
                sure = second[2] if share == 1.0 else min(first[2], second[2])
                window[step, joint] = *place, sure
            for i in (0, 1):
                if not all(usable) and (near[i] or (usable[i] and ends[0] == ends[1])):
                    window[step, joint] = frames[ways[i]][joint]
    return window


def only(windows: TrackWindows) -> TrackWindowBatch:
    batch = windows.windows()
    assert len(batch.names) == 1
    return batch


@pytest.mark.parametrize("rate", [10.0, 15.0, 30.0, 60.0])
def test_any_camera_rate_gives_the_same_window(rate: float) -> None:
    times = np.arange(0.0, 2.0 + 1e-9, 1.0 / rate)
    batch = only(fed(times.tolist()))
    wanted = times[-1] - np.arange(9, -1, -1) / 10.0
    np.testing.assert_allclose(batch.joints[0], expected(wanted.tolist()), atol=1e-4)
    assert batch.share == [1.0]


@given(st.lists(st.floats(0.015, 0.09), min_size=40, max_size=40))
@settings(max_examples=25, deadline=None)
def test_uneven_frames_are_interpolated(gaps: list[float]) -> None:
    times = np.cumsum(gaps)
    assume(times[-1] - times[0] >= 0.9)
    batch = only(fed(times.tolist()))
    wanted = times[-1] - np.arange(9, -1, -1) / 10.0
    np.testing.assert_allclose(batch.joints[0], expected(wanted.tolist()), atol=1e-3)


@given(
    st.lists(st.floats(0.01, 0.3), min_size=3, max_size=40),
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=40, max_size=40),
)
@settings(max_examples=30, deadline=None)
def test_all_at_once_is_as_one_by_one(gaps: list[float], seen: list[list[bool]]) -> None:
    """The table of all bodies gives what plain loops give for each joint of each of them alone.

    No frame but the last lies on a step: there, rounding says which of two frames is the nearer.
    """
    times = np.cumsum(gaps) + 1e-4 * np.sin(np.arange(len(gaps)))
    windows, rng = TrackWindows(), np.random.default_rng(len(gaps))
    tracks: dict[str, list[tuple[float, np.ndarray]]] = {}
    for k, time in enumerate(times.tolist()):
        names = [name for name, there in zip("abc", seen[k], strict=True) if there]
        frames = [frame(time + 7.0 * index) for index in range(len(names))]
        for joints in frames:
            joints[rng.random(23) < 0.3] = 0.0
        stacked = np.stack(frames) if frames else np.zeros((0, 23, 3), np.float32)
        windows.add(time, names, stacked)
        for name, joints in zip(names, frames, strict=True):
            tracks.setdefault(name, []).append((time, joints))
    batch = windows.windows()
    start = max(times[times <= times[-1] - 0.9 + 1e-9], default=times[0])
    for row, name in enumerate(batch.names):
        recent = [(when, joints) for when, joints in tracks[name] if when >= start]
        when, frames = zip(*recent, strict=True)
        alone = joint_by_joint(frames, when, 10.0, 10, times[-1])
        np.testing.assert_allclose(batch.joints[row], centred(alone), atol=2e-5)
    for name, track in tracks.items():
        long_and_new = track[-1][0] - track[0][0] >= 0.3 and times[-1] - track[-1][0] < 0.9
        assert name in batch.names or not long_and_new


@pytest.mark.parametrize("rate", [10.0, 12.0, 15.0, 20.0, 30.0, 60.0])
@pytest.mark.parametrize("steps", [10, 30])
def test_a_slow_camera_shows_all_of_a_quick_students_window(rate: float, steps: int) -> None:
    windows = TrackWindows(TrackWindowParameters(float(steps), steps))
    rng = np.random.default_rng(1)
    for time in np.arange(0.0, 2.0, 1.0 / rate) + rng.uniform(-0.2, 0.2, round(2.0 * rate)) / rate:
        windows.add(float(time), ["a"], frame(float(time))[None])
    assert only(windows).share == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("rate", "uneven", "most"),
    [(10.0, 0.0, 0.33), (10.0, 0.3, 0.2), (30.0, 0.0, 0.03), (30.0, 0.3, 0.03), (60.0, 0.3, 0.01)],
)
def test_joints_are_taken_from_the_images_that_saw_them(
    rate: float, uneven: float, most: float
) -> None:
    """Each joint is lost in 30 % of images: for good where every image is a step of its own."""
    rng, windows, shares = np.random.default_rng(2), TrackWindows(), []
    for k in range(round(8.0 * rate)):
        time = (k + uneven * rng.uniform(-0.5, 0.5)) / rate
        joints = frame(time)
        joints[rng.random(23) < 0.3] = 0.0
        windows.add(time, ["a"], joints[None])
        if k > rate and k % 7 == 0:
            seen = only(windows).joints[0, ..., 2]
            assert set(np.unique(seen).tolist()) <= {0.0, np.float32(0.8)}
            shares.append(float((seen == 0.0).mean()))
    assert np.mean(shares) < most


def test_a_joint_that_stays_lost_is_lost_after_a_step() -> None:
    windows = TrackWindows()
    for time in (np.arange(0, 31) / 30.0).tolist():
        joints = frame(time)
        if time > 0.45:
            joints[10] = 0.0
        windows.add(time, ["a"], joints[None])
    seen = only(windows).joints[0, :, 10, 2] > 0.0
    assert seen.tolist() == [True] * 5 + [False] * 5


def test_young_tracks_wait_and_then_grow_surer() -> None:
    assert fed([0.0, 0.1, 0.2]).windows().names == ()
    young, older = only(fed([0.0, 0.1, 0.2, 0.3])), only(fed(np.arange(0, 0.75, 0.1).tolist()))
    assert young.share == pytest.approx([0.4])
    assert older.share == pytest.approx([0.8])
    first = young.joints[0]
    np.testing.assert_allclose(first[:6], np.broadcast_to(first[6], (6, 23, 3)))


def test_one_frame_tracks_give_no_window() -> None:
    assert fed([4.0]).windows().joints.shape == (0, 10, 23, 3)
    assert TrackWindows().windows().names == ()


def test_dropped_frames_are_bridged() -> None:
    times = [t for t in np.arange(0.0, 1.51, 0.1).tolist() if not 0.75 < t < 1.15]
    batch = only(fed(times))
    assert 0.5 < batch.share[0] < 0.9
    wanted = 1.5 - np.arange(9, -1, -1) / 10.0
    np.testing.assert_allclose(batch.joints[0], expected(wanted.tolist()), atol=1e-3)


def test_unseen_bodies_keep_their_last_frame_until_no_frame_is_left() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    nobody = np.zeros((0, 23, 3), np.float32)
    windows.add(1.5, [], nobody)
    late = only(windows)
    assert late.share[0] < 0.7
    np.testing.assert_array_equal(late.joints[0, -1], late.joints[0, -5])
    for time in (2.5, 3.5):
        windows.add(time, [], nobody)
    assert windows.windows().names == ()


def test_forgotten_bodies_begin_anew() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    windows.forget(["a", "nobody"])
    windows.add(1.1, ["a", "b"], np.stack([frame(1.1), frame(2.0)]))
    assert windows.windows().names == ()
    windows.add(1.4, ["a", "b"], np.stack([frame(1.4), frame(2.3)]))
    assert windows.windows().names == ("a", "b")
    windows.clear()
    windows.add(0.0, ["a"], frame(0.0)[None])
    assert windows.windows().names == ()


def test_a_long_run_keeps_no_more_than_a_window() -> None:
    windows = TrackWindows()
    for k in range(2000):
        windows.add(k / 60.0, ["a"], frame(0.0)[None])
    assert len(windows._times) < 200
    assert windows._frames.shape[0] < 300


def test_a_hundred_people_have_windows_of_their_own() -> None:
    windows = TrackWindows()
    for time in np.arange(0.0, 1.01, 0.1).tolist():
        frames = np.stack([frame(time + k) for k in range(100)])
        windows.add(time, [f"p{k}" for k in range(100)], frames)
    batch = windows.windows()
    assert batch.joints.shape == (100, 10, 23, 3)
    assert batch.names[42] == "p42"


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="steps is 1"):
        TrackWindows(TrackWindowParameters(steps=1))


class TestIntake:
    def test_a_new_id_close_by_keeps_the_name(self) -> None:
        intake = Intake()
        intake.take(0.0, [body("a")], WIDTH, HEIGHT)
        taken = intake.take(0.1, [body("b", x=2.2)], WIDTH, HEIGHT)
        assert [item.id for item in taken.bodies] == ["a"]
        both = intake.take(0.2, [body("b", x=2.2), body("a", x=5.0)], WIDTH, HEIGHT)
        assert [item.id for item in both.bodies] == ["a", "a#2"]

    def test_far_away_or_late_newcomers_have_names_of_their_own(self) -> None:
        intake = Intake()
        intake.take(0.0, [body("a")], WIDTH, HEIGHT)
        far = intake.take(0.1, [body("b", x=4.0)], WIDTH, HEIGHT)
        assert [item.id for item in far.bodies] == ["b"]
        late = intake.take(1.0, [body("c")], WIDTH, HEIGHT)
        assert [item.id for item in late.bodies] == ["c"]

    def test_both_in_view_is_no_switch(self) -> None:
        intake = Intake()
        intake.take(0.0, [body("a")], WIDTH, HEIGHT)
        taken = intake.take(0.1, [body("a"), body("b")], WIDTH, HEIGHT)
        assert [item.id for item in taken.bodies] == ["a", "b"]

    def test_two_switches_at_once_go_to_the_nearest(self) -> None:
        intake = Intake()
        intake.take(0.0, [body("a", x=2.0), body("b", x=2.8)], WIDTH, HEIGHT)
        taken = intake.take(0.1, [body("c", x=2.75), body("d", x=2.1)], WIDTH, HEIGHT)
        assert {item.id: item.pose[0] for item in taken.bodies} == {"b": 2.75, "a": 2.1}

    def test_old_ids_are_forgotten(self) -> None:
        intake = Intake(IntakeParameters(remember=1.0))
        intake.take(0.0, [body("a")], WIDTH, HEIGHT)
        intake.take(0.1, [body("b")], WIDTH, HEIGHT)
        taken = intake.take(5.0, [body("a", x=9.0)], WIDTH, HEIGHT)
        assert [item.id for item in taken.bodies] == ["a"]

    def test_a_restarted_clock_begins_anew_and_a_late_image_is_left_out(self) -> None:
        intake = Intake()
        intake.take(6.0, [body("a")], WIDTH, HEIGHT)
        late = intake.take(5.95, [body("a")], WIDTH, HEIGHT)
        assert late.late and late.bodies == ()
        assert late.problems == (("", "image at 5.950 s is not after the one at 6.000 s"),)
        again = intake.take(0.0, [body("b")], WIDTH, HEIGHT)
        assert again.restarted and [item.id for item in again.bodies] == ["b"]

    def test_bad_bodies_are_named_and_the_others_kept(self) -> None:
        rows = np.full(23, np.nan, np.float32)
        bad = [
            body("short", confidence=np.zeros(17, np.float32)),
            body("nan", y=rows),
            body("blind", confidence=np.zeros(23, np.float32)),
            body("far", pose=np.array([1e9, 0.0, 0.0])),
            body("a"),
            body("a"),
        ]
        taken = Intake().take(1.0, bad, WIDTH, HEIGHT)
        assert [item.id for item in taken.bodies] == ["a"]
        assert taken.problems == (
            ("short", "confidence has 17 values, expected 23, one per joint"),
            ("nan", "y of nose is not a finite number"),
            ("blind", "no joint has a confidence above 0"),
            ("far", "pose has the value 1e+09, expected at most 1e+07"),
            ("a", "id is there twice"),
        )

    @pytest.mark.parametrize(
        "image", [(np.nan, 640.0, 480.0), (7.0, 0.0, 480.0), (7.0, 640.0, np.inf)]
    )
    def test_impossible_images_are_left_out(self, image: tuple[float, float, float]) -> None:
        taken = Intake().take(image[0], [body()], image[1], image[2])
        assert taken.late
        assert "expected finite and above 0" in taken.problems[0][1]
