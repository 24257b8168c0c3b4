"""One person's zone: place, front, labels, uncertainty and motion, by value."""

import math
from dataclasses import replace

import numpy as np
import pytest
from social_nav_core.parameters import ParameterError
from social_nav_core.people import Attitude, Intent, Person, certain
from social_nav_core.proxemics import SocialZoneParameters, shipped_model, social_cost, zones_of
from social_nav_core.proxemics.shape import zone_shape
from social_nav_core.proxemics.zone import transport, turned_covariance

MODEL = shipped_model()
PLAIN = SocialZoneParameters(size=1.0)


def person(x=0.0, y=0.0, yaw=0.0, **more) -> Person:
    return Person("p", np.array([x, y, yaw]), **more)


def cost(point, who, parameters=PLAIN) -> float:
    return float(social_cost(point, [who], MODEL, parameters))


def share(forward, left) -> float:
    """The plain zone, straight from its formula."""
    density = float(MODEL.pdf([forward, left])) / MODEL.peak
    return float(max(0.0, (density - 0.01) / 0.99))


def test_a_standing_person_has_the_model_around_the_body():
    who = person(2.0, 1.0, math.pi / 2)  # faces +y, so forward is +y and left is -x
    assert cost([2.0, 1.7], who) == pytest.approx(share(0.7, 0.0), rel=1e-9)
    assert cost([1.6, 1.0], who) == pytest.approx(share(0.0, 0.4), rel=1e-9)
    assert cost([2.0, 0.6], who) == pytest.approx(share(-0.4, 0.0), rel=1e-9)


def test_the_peak_is_one_at_the_mode_and_nowhere_else():
    center = zones_of([person(0.0, 0.0, 0.5)], MODEL, PLAIN)[0].center
    assert cost(center, person(0.0, 0.0, 0.5)) == pytest.approx(1.0)
    around = center + 0.02 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    assert all(cost(point, person(0.0, 0.0, 0.5)) < 0.999 for point in around)


def test_the_zone_ends_where_the_density_is_the_cutoff():
    shape = zone_shape(MODEL, PLAIN)
    density = MODEL.pdf(shape.mode + shape.contour) / MODEL.peak
    np.testing.assert_allclose(density, 0.01, rtol=1e-6)
    for offset in shape.contour[::8]:
        assert cost(shape.mode + 1.001 * offset, person()) == 0.0
        assert 0.0 < cost(shape.mode + 0.99 * offset, person()) < 0.002


def test_a_size_enlarges_the_zone_about_the_mode():
    offsets = np.array([[0.5, 0.0], [-0.2, 0.3], [0.3, -0.4]])
    for offset in offsets:
        wide = cost(MODEL.mode + 1.6 * offset, person(), SocialZoneParameters(size=1.6))
        assert wide == pytest.approx(cost(MODEL.mode + offset, person()), rel=1e-9)
    shapes = [zone_shape(MODEL, SocialZoneParameters(size=size)) for size in (1.0, 1.6)]
    np.testing.assert_allclose(shapes[1].contour, 1.6 * shapes[0].contour, atol=1e-9)


def test_the_front_opens_at_the_same_distance_whatever_the_size():
    wide, interacting = SocialZoneParameters(size=1.6), person(intent=certain(Intent.INTERACTING))
    assert cost([0.45, 0.0], interacting, wide) == cost([0.45, 0.0], person(), wide)
    # half way from corridor_start to corridor_full: 1 - opening / 2
    half = 0.5 * cost([0.625, 0.0], person(), wide)
    assert cost([0.625, 0.0], interacting, wide) == pytest.approx(half)


def test_uncertainty_adds_to_an_enlarged_zone():
    covariance, wide = np.zeros((3, 3)), SocialZoneParameters(size=1.6)
    covariance[1, 1] = 0.09
    to_model = zones_of([person(covariance=covariance)], MODEL, wide)[0].to_model
    back, enlarged = np.linalg.inv(to_model), 1.6**2 * MODEL.covariance
    np.testing.assert_allclose(back @ enlarged @ back.T, enlarged + covariance[:2, :2], atol=1e-12)


def test_confidence_scales_the_amplitude():
    half = person(confidence=0.5)
    assert cost([0.5, 0.2], half) == pytest.approx(0.5 * cost([0.5, 0.2], person()))


def test_an_interested_person_opens_the_front_corridor():
    interacting = person(intent=certain(Intent.INTERACTING))
    assert cost([0.9, 0.0], person()) > 0.05
    assert cost([0.9, 0.0], interacting) < 0.001
    assert cost([0.4, 0.0], interacting) == cost([0.4, 0.0], person())
    assert cost([0.0, 0.6], interacting) == cost([0.0, 0.6], person())
    # half way into the smooth step (0.625 m) on the axis: 1 - opening / 2
    assert cost([0.625, 0.0], interacting) == pytest.approx(0.5 * cost([0.625, 0.0], person()))


def test_a_label_counts_by_its_probability():
    undecided = person(intent=np.array([0.9, 0.1, 0.0, 0.0]))
    opened = cost([1.0, 0.0], person()) * (1.0 - 0.1)
    assert cost([1.0, 0.0], undecided) == pytest.approx(opened)
    not_interested = person(intent=certain(Intent.NOT_INTERESTED))
    assert cost([0.8, 0.3], not_interested) == cost([0.8, 0.3], person())


def test_a_negative_attitude_makes_the_zone_larger_and_keeps_the_front_closed():
    negative = person(attitude=certain(Attitude.NEGATIVE))
    mode = np.asarray(MODEL.mode)
    offset = np.array([0.5, 0.3])
    assert cost(mode + 1.4 * offset, negative) == pytest.approx(cost(mode + offset, person()))
    both = replace(negative, intent=certain(Intent.INTERACTING))
    assert cost(mode + 1.4 * np.array([1.0, 0.0]), both) == pytest.approx(
        0.7 * share(*(mode + np.array([1.0, 0.0]))), rel=1e-3
    )


def test_position_uncertainty_widens_the_zone_by_its_covariance():
    covariance = np.zeros((3, 3))
    covariance[1, 1] = 0.09
    to_model = zones_of([person(covariance=covariance)], MODEL, PLAIN)[0].to_model
    back = np.linalg.inv(to_model)
    widened = back @ MODEL.covariance @ back.T
    np.testing.assert_allclose(widened, MODEL.covariance + covariance[:2, :2], atol=1e-12)
    assert cost([0.0, 0.8], person(covariance=covariance)) > 2.0 * cost([0.0, 0.8], person())


def test_uncertainty_beyond_the_limit_widens_no_further():
    wide = [person(covariance=np.diag([s, s, 0.0])) for s in (0.25, 100.0)]
    assert cost([0.9, 0.9], wide[0]) == pytest.approx(cost([0.9, 0.9], wide[1]))


def test_turned_covariance_is_that_of_turned_samples():
    rng = np.random.default_rng(3)
    points, angles = MODEL.components[0].sample(400_000, rng), rng.normal(0.0, 0.6, 400_000)
    cos, sin = np.cos(angles), np.sin(angles)
    x = cos * points[:, 0] - sin * points[:, 1]
    y = sin * points[:, 0] + cos * points[:, 1]
    expected = turned_covariance(MODEL.mean, MODEL.covariance, 0.36)
    np.testing.assert_allclose(np.cov(x, y), expected, atol=2e-3)


def test_transport_by_hand():
    """Between diagonal covariances it is the ratio of the standard deviations."""
    np.testing.assert_allclose(
        transport(np.diag([1.0, 4.0]), np.diag([9.0, 1.0])), np.diag([3.0, 0.5]), atol=1e-12
    )


def test_an_unknown_heading_gives_a_round_zone_with_the_front_on_every_side():
    unknown = person(covariance=np.diag([0.0, 0.0, 10.0]), intent=certain(Intent.INTERACTING))
    forward = share(MODEL.mode[0] + 0.7, MODEL.mode[1])
    for angle in np.linspace(0.0, 6.0, 7):
        point = 0.7 * np.array([math.cos(angle), math.sin(angle)])
        assert cost(point, unknown) == pytest.approx(forward)


def test_a_moving_person_reaches_ahead_by_speed_times_horizon_and_keeps_the_front():
    walking = person(velocity=np.array([0.0, 0.8]))  # walks to the left, still faces +x
    straight = replace(PLAIN, horizon=1.0, drift=0.0)
    assert cost([0.7, 0.0], walking, straight) == pytest.approx(
        cost([0.7, 0.0], person()), rel=0.02
    )
    np.testing.assert_allclose(cost([0.3, -0.4], walking, straight), cost([0.3, -0.4], person()))
    column = np.stack([np.zeros(4001), np.linspace(-1.0, 3.0, 4001)], axis=-1)
    grid = np.stack(np.meshgrid(np.linspace(-1, 2, 151), np.linspace(0, 3, 601)), axis=-1)
    reach = [
        grid[social_cost(grid, [who], MODEL, straight) > 0.0][:, 1].max()
        for who in (person(), walking)
    ]
    assert reach[1] - reach[0] == pytest.approx(0.8, abs=0.011)
    values = social_cost(column, [walking], MODEL, straight)
    top = int(values.argmax())
    assert column[top, 1] == pytest.approx(MODEL.mode[1], abs=0.002)
    inside = values[top:][values[top:] > 0.0]
    assert (np.diff(inside) < 0.0).all(), "costs fall all the way ahead: no plateau"


def test_who_walks_may_leave_the_way_as_who_stands_may_be_elsewhere():
    """Drift at a speed is as a covariance of its square; both add up, up to the limit."""
    still = replace(PLAIN, horizon=0.0, drift=0.4)
    measured = np.diag([0.01, 0.04, 0.0])
    for speed, spread in ((0.5, 0.04), (1.0, 0.16)):
        walking = person(velocity=np.array([0.6, -0.8]) * speed, covariance=measured)
        unsure = person(covariance=measured + np.diag([spread, spread, 0.0]))
        for point in ([0.7, 0.0], [-0.2, 0.6], [0.4, -0.9]):
            assert cost(point, walking, still) == pytest.approx(cost(point, unsure, still))
    runs, stands = person(velocity=np.array([100.0, 0.0])), person()
    at_limit = person(covariance=np.diag([0.25, 0.25, 0.0]))
    assert cost([0.7, 0.3], runs, still) == pytest.approx(cost([0.7, 0.3], at_limit, still))
    assert cost([0.7, 0.3], stands, still) == cost([0.7, 0.3], stands)


def test_the_extension_is_limited():
    fast, faster = (person(velocity=np.array([v, 0.0])) for v in (2.0, 20.0))
    assert cost([2.0, 0.0], fast) == cost([2.0, 0.0], faster)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cutoff": 0.0}, "cutoff is 0.0, expected 0.001 to 0.5"),
        ({"combination": "avg"}, "combination is 'avg', expected one of max, sum, mixture"),
        ({"horizon": math.nan}, "horizon is nan, expected 0 to 5 s"),
        ({"corridor_full": 0.4}, "corridor_full is 0.4 m, expected at least 0.1 m more than"),
    ],
)
def test_bad_parameters_are_refused(change, message):
    with pytest.raises(ParameterError, match=message):
        SocialZoneParameters(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pose": np.array([math.nan, 0.0, 0.0])}, "person 'p': pose is .* finite"),
        ({"velocity": np.array([math.inf, 0.0])}, "person 'p': velocity is .* finite"),
        ({"covariance": -np.eye(3)}, "person 'p': covariance has the eigenvalue -1"),
        ({"confidence": 1.5}, "person 'p': confidence is 1.5"),
    ],
)
def test_a_person_with_a_defect_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        zones_of([replace(person(), **change)], MODEL, PLAIN)
