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
from social_nav_core.perception.track_windows import (
    TrackWindow,
    TrackWindowParameters,
    TrackWindows,
    stacked,
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


def fed(times: Sequence[float], names: Sequence[str] | None = None) -> TrackWindows:
    windows = TrackWindows()
    for index, time in enumerate(times):
        name = "a" if names is None else names[index]
        assert windows.add(time, [body(name, time)], WIDTH, HEIGHT) == []
    return windows


def only(windows: TrackWindows) -> TrackWindow:
    (window,) = windows.windows()
    return window


def expected(times: Sequence[float]) -> np.ndarray:
    frames = np.stack([body(time=time).joints() for time in times])
    return centred(normalised(frames, WIDTH, HEIGHT))


@pytest.mark.parametrize("rate", [10.0, 15.0, 30.0, 60.0])
def test_any_camera_rate_gives_the_same_window(rate: float) -> None:
    times = np.arange(0.0, 2.0 + 1e-9, 1.0 / rate)
    window = only(fed(times.tolist()))
    wanted = times[-1] - np.arange(9, -1, -1) / 10.0
    np.testing.assert_allclose(window.joints, expected(wanted.tolist()), atol=1e-4)
    assert window.share == 1.0
    assert window.last_seen == times[-1]


@given(st.lists(st.floats(0.015, 0.09), min_size=40, max_size=40))
@settings(max_examples=25, deadline=None)
def test_uneven_frames_are_interpolated(gaps: list[float]) -> None:
    times = np.cumsum(gaps)
    assume(times[-1] - times[0] >= 0.9)
    window = only(fed(times.tolist()))
    wanted = times[-1] - np.arange(9, -1, -1) / 10.0
    np.testing.assert_allclose(window.joints, expected(wanted.tolist()), atol=1e-3)


def test_young_tracks_wait_and_then_grow_surer() -> None:
    assert list(fed([0.0, 0.1, 0.2]).windows()) == []
    young, older = only(fed([0.0, 0.1, 0.2, 0.3])), only(fed(np.arange(0, 0.75, 0.1).tolist()))
    assert young.share == pytest.approx(0.4)
    assert older.share == pytest.approx(0.8)
    np.testing.assert_allclose(young.joints[:6], np.broadcast_to(young.joints[6], (6, 23, 3)))


def test_one_frame_tracks_give_no_window() -> None:
    assert list(fed([4.0]).windows()) == []


def test_dropped_frames_are_bridged() -> None:
    times = [t for t in np.arange(0.0, 1.51, 0.1).tolist() if not 0.75 < t < 1.15]
    window = only(fed(times))
    assert 0.5 < window.share < 0.9
    wanted = 1.5 - np.arange(9, -1, -1) / 10.0
    np.testing.assert_allclose(window.joints, expected(wanted.tolist()), atol=1e-3)


def test_unseen_bodies_keep_their_last_frame_and_are_then_forgotten() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    windows.add(1.5, [], WIDTH, HEIGHT)
    late = only(windows)
    assert late.last_seen == pytest.approx(1.0)
    assert late.share < 0.7
    np.testing.assert_array_equal(late.joints[-1], late.joints[-5])
    windows.add(2.2, [], WIDTH, HEIGHT)
    assert list(windows.windows()) == []


def test_switched_ids_keep_the_window() -> None:
    names = ["a"] * 8 + ["b"] * 3
    window = only(fed(np.arange(0.0, 1.01, 0.1).tolist(), names))
    assert window.id == "b"
    assert window.share == 1.0


def test_far_away_newcomers_start_their_own_window() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    windows.add(1.1, [body("b", 1.1, x=4.0)], WIDTH, HEIGHT)
    assert [window.id for window in windows.windows()] == ["a"]


def test_both_in_view_is_no_switch() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    windows.add(1.1, [body("a", 1.1), body("b", 1.1)], WIDTH, HEIGHT)
    assert [window.id for window in windows.windows()] == ["a"]


def test_a_restarted_clock_forgets_and_a_late_image_is_left_out() -> None:
    windows = fed(np.arange(5.0, 6.01, 0.1).tolist())
    (line,) = windows.add(5.95, [body(time=5.95)], WIDTH, HEIGHT)
    assert line == "image at 5.950 s is not after the one at 6.000 s"
    assert only(windows).share == 1.0
    assert windows.add(0.0, [body(time=0.0)], WIDTH, HEIGHT) == []
    assert list(windows.windows()) == []


def test_a_jump_forward_forgets() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    windows.add(1000.0, [body("b", x=9.0)], WIDTH, HEIGHT)
    assert list(windows.windows()) == []


def test_bad_bodies_are_named_and_the_others_kept() -> None:
    windows = fed(np.arange(0.0, 1.01, 0.1).tolist())
    rows = np.full(23, np.nan, np.float32)
    bad = [
        body("short", 1.1, x=9.0, confidence=np.zeros(17, np.float32)),
        body("nan", 1.1, x=9.0, y=rows),
        body("blind", 1.1, x=9.0, confidence=np.zeros(23, np.float32)),
        body("a", 1.1),
        body("a", 1.1),
    ]
    assert windows.add(1.1, bad, WIDTH, HEIGHT) == [
        "body 'short': confidence has 17 values, expected 23, one per joint",
        "body 'nan': y of nose is not a finite number",
        "body 'blind': no joint has a confidence above 0",
        "body 'a': id is there twice",
    ]
    assert only(windows).last_seen == pytest.approx(1.1)


@pytest.mark.parametrize("image", [(np.nan, 640.0, 480.0), (7.0, 0.0, 480.0), (7.0, 640.0, np.inf)])
def test_impossible_images_are_left_out(image: tuple[float, float, float]) -> None:
    windows = fed([0.0])
    (line,) = windows.add(image[0], [body()], image[1], image[2])
    assert "expected finite and above 0" in line


def test_a_hundred_people_have_windows_of_their_own() -> None:
    windows = TrackWindows()
    for time in np.arange(0.0, 1.01, 0.1).tolist():
        crowd = [body(f"p{k}", time, x=float(k)) for k in range(100)]
        assert windows.add(time, crowd, WIDTH, HEIGHT) == []
    found = list(windows.windows())
    assert stacked(found, 10).shape == (100, 10, 23, 3)
    assert stacked([], 10).shape == (0, 10, 23, 3)


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="steps is 1"):
        TrackWindows(TrackWindowParameters(steps=1))
