"""How long people are remembered who are not seen: out of view, hidden, or missed."""

from __future__ import annotations

import numpy as np
import pytest
from social_nav_core.perception.perceive import MemoryParameters, Perception, Sight

from .test_perceive import FRAME, Answering, body, filmed


class TestMemory:
    def test_who_should_be_seen_and_is_not_is_gone_after_the_timeout(self) -> None:
        perception = Perception(Answering())
        filmed(perception, lambda _: [body()], 1.0)
        assert set(filmed(perception, lambda _: [], 0.9, start=1.0)) == {"ana"}
        assert filmed(perception, lambda _: [], 0.3, start=1.9) == {}

    @pytest.mark.parametrize("place", [(0.5, 2.5), (-2.0, 0.0), (7.6, 0.0)])
    def test_who_is_out_of_view_is_remembered(self, place: tuple[float, float]) -> None:
        perception = Perception(Answering(), MemoryParameters(memory=4.0))
        filmed(perception, lambda _: [body(x=place[0], y=place[1])], 0.5)
        people = filmed(perception, lambda _: [], 3.0, start=0.5)
        assert people["ana"].confidence < 1.0
        assert people["ana"].last_seen < 0.5
        assert people["ana"].covariance[0, 0] > 0.05
        assert filmed(perception, lambda _: [], 2.0, start=3.5) == {}

    def test_who_is_hidden_by_somebody_is_remembered(self) -> None:
        perception = Perception(Answering())
        both = [body("near", 2.0, 0.0), body("far", 4.0, 0.1)]
        filmed(perception, lambda _: both, 0.5)
        assert set(filmed(perception, lambda _: both[:1], 3.0, start=0.5)) == {"near", "far"}

    @pytest.mark.parametrize(("images", "remembered"), [(1, False), (8, False), (11, True)])
    def test_who_was_seen_but_briefly_is_soon_forgotten_also_when_hidden(
        self, images: int, remembered: bool
    ) -> None:
        """A ghost in a few images, behind somebody; eleven images last a third of a second."""
        perception = Perception(Answering())
        near, ghost = body("near", 2.0, 0.0), body("ghost", 4.0, 0.1)
        filmed(perception, lambda _: [near], 0.5)
        filmed(perception, lambda _: [near, ghost], images * FRAME, start=0.5)
        people = filmed(perception, lambda _: [near], 1.1, start=0.5 + images * FRAME)
        assert ("ghost" in people) is remembered

    def test_a_robot_that_turns_away_remembers_and_one_that_looks_forgets(self) -> None:
        perception = Perception(Answering())
        filmed(perception, lambda _: [body()], 0.5)
        away = Sight(np.zeros(2), np.pi / 2.0)
        assert set(filmed(perception, lambda _: [], 3.0, start=0.5, sight=away)) == {"ana"}
        assert set(filmed(perception, lambda _: [], 0.9, start=3.5)) == {"ana"}
        assert filmed(perception, lambda _: [], 0.3, start=4.4) == {}

    def test_glances_in_which_somebody_is_not_found_add_up(self) -> None:
        """Half a second in view, a second out of it, and again: gone in the third glance."""
        perception = Perception(Answering())
        filmed(perception, lambda _: [body()], 0.5)
        away, left = Sight(np.zeros(2), np.pi / 2.0), []
        for glance in range(3):
            start = 0.5 + 1.5 * glance
            filmed(perception, lambda _: [], 1.0, start, away)
            left.append(set(filmed(perception, lambda _: [], 0.5, start + 1.0)))
        assert left == [{"ana"}, {"ana"}, set()]

    def test_who_is_found_again_has_all_the_time_anew(self) -> None:
        perception = Perception(Answering())
        for start in (0.0, 1.4, 2.8):
            filmed(perception, lambda _: [body()], 0.5, start)
            assert set(filmed(perception, lambda _: [], 0.9, start + 0.5)) == {"ana"}

    def test_who_is_cut_off_by_the_edge_is_remembered(self) -> None:
        """Half a body, 0.3 m, at 1 m spans 0.29 rad: the edge at 0.55 rad cuts who is at 0.4."""
        for angle, remembered in ((0.4, {"ana"}), (0.15, set())):
            perception = Perception(Answering())
            filmed(perception, lambda _: [body(x=1.0)], 0.5)
            aside = Sight(np.zeros(2), angle)
            assert set(filmed(perception, lambda _: [], 3.0, 0.5, aside)) == remembered

    def test_somebody_who_comes_back_into_view_is_the_same(self) -> None:
        perception = Perception(Answering())
        filmed(perception, lambda _: [body()], 0.5)
        away = Sight(np.zeros(2), np.pi / 2.0)
        filmed(perception, lambda _: [], 2.0, start=0.5, sight=away)
        assert set(filmed(perception, lambda _: [body()], 0.5, start=2.5)) == {"ana"}
