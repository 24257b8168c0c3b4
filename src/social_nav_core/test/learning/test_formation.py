"""Interaction models of the members of a conversation, together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from social_nav_core.__main__ import main
from social_nav_core.interaction.formation import around, formation_model, pooled_log_density
from social_nav_core.interaction.kde import load_interaction_model, shipped_interaction_model
from social_nav_core.recordings.trajectories import Trajectories, meeting_positions

MODEL = shipped_interaction_model()
FACING = np.array([[0.0, 0.0, 0.0], [1.2, 0.0, np.pi]])


def test_one_member_is_the_person_s_own_model() -> None:
    pose = np.array([1.0, -2.0, 0.7])
    alone, formed = around(MODEL, pose), formation_model(MODEL, pose)
    points = alone.sample(50, np.random.default_rng(0))
    np.testing.assert_allclose(formed.score_samples(points), alone.score_samples(points), atol=1e-6)
    np.testing.assert_allclose(pooled_log_density(points, MODEL, pose), alone.score_samples(points))


def test_who_joins_two_that_face_each_other_stands_beside_the_middle() -> None:
    modes = formation_model(MODEL, FACING).modes(at_least=0.5)
    assert len(modes) >= 2
    np.testing.assert_allclose(modes[:, 0], 0.6, atol=0.2)
    assert (np.abs(modes[:, 1]) > 0.4).all()
    assert (modes[:, 1] > 0).any() and (modes[:, 1] < 0).any()


def test_formation_turns_with_its_members() -> None:
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    turned = np.column_stack([FACING[:, :2] @ turn.T, FACING[:, 2] + np.pi / 2.0])
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (40, 2))
    np.testing.assert_allclose(
        formation_model(MODEL, turned).density(points @ turn.T),
        formation_model(MODEL, FACING).density(points),
        atol=1e-9,
    )


def test_behind_a_member_is_poor_although_it_suits_the_other() -> None:
    behind, beside = pooled_log_density([[-0.5, 0.0], [0.6, 0.8]], MODEL, FACING)
    assert beside > behind + 3.0


def test_no_members_are_refused() -> None:
    with pytest.raises(ValueError, match="no members, expected at least 1"):
        pooled_log_density([[0.0, 0.0]], MODEL, np.empty((0, 3)))


def test_conversations_of_two_and_of_more_are_told_apart() -> None:
    times = np.arange(0.0, 4.0, 0.1)
    poses = np.zeros((40, 5, 3))
    poses[:, :, 0] = [0.0, 1.0, 10.0, 11.0, 10.5]
    poses[:, 4, 1] = 1.0
    groups = np.tile([0, 0, 1, 1, 1], (40, 1))
    found = meeting_positions(
        [Trajectories(times, tuple("abcde"), poses, np.zeros((40, 5)), groups, "two groups")]
    )
    assert found.members is not None
    np.testing.assert_array_equal(np.sort(found.members), [2] * 2 + [3] * 6)


def test_conditional_models_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    rows = ["forward_m,left_m,members"]
    rows += [f"{1.0 + x:.4f},{y:.4f},2" for x, y in 0.1 * rng.normal(size=(30, 2))]
    rows += [f"{x:.4f},{1.0 + y:.4f},4" for x, y in 0.1 * rng.normal(size=(30, 2))]
    (tmp_path / "stand.csv").write_text("\n".join(rows))
    for members, expected in (("two", [1.0, 0.0]), ("more", [0.0, 1.0])):
        out = tmp_path / f"{members}.npz"
        arguments = ["fit-interaction", str(tmp_path / "stand.csv"), "--out", str(out)]
        assert main([*arguments, "--members", members]) == 0
        model = load_interaction_model(out)
        np.testing.assert_allclose(model.modes()[0], expected, atol=0.1)
        assert f"conversations of {members}" in model.provenance
    (tmp_path / "plain.csv").write_text("forward_m,left_m\n" + "1.0,0.0\n" * 20)
    arguments = ["fit-interaction", str(tmp_path / "plain.csv"), "--out", str(tmp_path / "x.npz")]
    assert main([*arguments, "--members", "two"]) == 2
    assert "no column members" in capsys.readouterr().err
