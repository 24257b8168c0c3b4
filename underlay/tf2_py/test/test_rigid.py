"""The maths of rigid transforms, against scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from tf2_py.rigid import (
    IDENTITY,
    Quaternion,
    Rigid,
    compose,
    interpolate,
    inverse,
    multiply,
    normalised,
    rotate,
    slerp,
)

parts = st.floats(-1.0, 1.0)
metres = st.floats(-100.0, 100.0)
vectors = st.tuples(metres, metres, metres)
quaternions = (
    st.tuples(parts, parts, parts, parts).filter(lambda q: math.hypot(*q) > 0.1).map(normalised)
)
rigids = st.builds(Rigid, vectors, quaternions)


def matrix(pose: Rigid) -> np.ndarray:
    """Homogeneous matrix ``(4, 4)`` by scipy."""
    result = np.eye(4)
    result[:3, :3] = Rotation.from_quat(pose.rotation).as_matrix()
    result[:3, 3] = pose.translation
    return result


def angle_between(a: Quaternion, b: Quaternion) -> float:
    """Of two rotations [rad], by scipy."""
    return float((Rotation.from_quat(a).inv() * Rotation.from_quat(b)).magnitude())


def test_a_quarter_turn_by_hand() -> None:
    left = (0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5))
    assert rotate(left, (1.0, 0.0, 0.0)) == pytest.approx((0.0, 1.0, 0.0))
    assert multiply(left, left) == pytest.approx((0.0, 0.0, 1.0, 0.0))
    pose = Rigid((1.0, 2.0, 3.0), left)
    assert compose(pose, pose).translation == pytest.approx((-1.0, 3.0, 6.0))
    assert inverse(pose).translation == pytest.approx((-2.0, 1.0, -3.0))


@given(quaternions, vectors)
def test_rotation_is_scipys(q: Quaternion, v: tuple[float, float, float]) -> None:
    assert rotate(q, v) == pytest.approx(Rotation.from_quat(q).apply(v), abs=1e-9)


@given(rigids, rigids)
def test_composition_is_the_product_of_matrices(a: Rigid, b: Rigid) -> None:
    assert matrix(compose(a, b)) == pytest.approx(matrix(a) @ matrix(b), abs=1e-9)


@given(rigids)
def test_the_inverse_undoes(a: Rigid) -> None:
    assert matrix(compose(a, inverse(a))) == pytest.approx(matrix(IDENTITY), abs=1e-9)
    assert matrix(inverse(a)) == pytest.approx(np.linalg.inv(matrix(a)), abs=1e-9)


@given(quaternions, quaternions, st.floats(0.0, 1.0))
def test_slerp_is_scipys(a: Quaternion, b: Quaternion, ratio: float) -> None:
    if angle_between(a, b) > math.pi - 1e-6:
        return  # both ways around are equally short
    expected = Slerp([0.0, 1.0], Rotation.from_quat([a, b]))(ratio).as_quat()
    assert angle_between(slerp(a, b, ratio), tuple(expected)) < 1e-7


@given(quaternions, quaternions, st.floats(0.0, 1.0))
def test_slerp_stays_on_the_shorter_arc_at_constant_speed(
    a: Quaternion, b: Quaternion, ratio: float
) -> None:
    middle = slerp(a, b, ratio)
    whole = angle_between(a, b)
    assert math.hypot(*middle) == pytest.approx(1.0)
    assert angle_between(a, middle) == pytest.approx(ratio * whole, abs=1e-6)
    assert angle_between(middle, b) == pytest.approx((1.0 - ratio) * whole, abs=1e-6)


@pytest.mark.parametrize("angle", [1e-12, 1e-9, 1e-6, 1e-3])
def test_slerp_of_tiny_angles_keeps_its_digits(angle: float) -> None:
    a = (0.0, 0.0, 0.0, 1.0)
    b = (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2))
    assert slerp(a, b, 0.25)[2] == pytest.approx(math.sin(angle / 8), rel=1e-9)


@given(rigids, rigids)
def test_interpolation_starts_and_ends_where_it_should(a: Rigid, b: Rigid) -> None:
    assert matrix(interpolate(a, b, 0.0)) == pytest.approx(matrix(a), abs=1e-9)
    assert matrix(interpolate(a, b, 1.0)) == pytest.approx(matrix(b), abs=1e-9)
    middle = interpolate(a, b, 0.5).translation
    assert middle == pytest.approx(
        0.5 * (np.array(a.translation) + np.array(b.translation)), abs=1e-9
    )
