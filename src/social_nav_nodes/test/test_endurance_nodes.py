"""The nodes that try the others: nothing that these say may end them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from social_nav_core.grid import GridGeometry
from social_nav_nodes.conversions import grid_message
from social_nav_nodes.endurance.crowd import messages
from social_nav_nodes.endurance.meddler import CLOCK, Meddler
from social_nav_nodes.endurance.witness import Witness

GRID = GridGeometry(3, 2, 0.5)


@pytest.mark.parametrize(
    ("value", "words"),
    [(120, "run from 7 to 120"), (-2, "run from -2 to 7"), (-1, "a social cost of -1 or 7")],
)
def test_a_witness_reports_a_grid_that_must_not_be_and_goes_on(graph, value, words):
    witness = Witness(graph.context)
    cells = np.full(GRID.shape, 7, np.int8)
    good, bad = (grid_message(cells, GRID, graph.header("map")) for _ in range(2))
    bad.data[0] = value
    witness._see_costs(bad)
    witness._see_costs(good)
    (broken,) = witness.broken
    assert words in broken
    assert witness.seen.costs == 7
    witness.destroy_node()


class Emptied(dict):
    """Cleared by another thread as soon as somebody has looked into it."""

    def __contains__(self, name):
        found = super().__contains__(name)
        self.clear()
        return found


def test_a_meddler_that_is_told_to_stop_while_a_message_passes_goes_on(graph):
    meddler = Meddler(graph.context)
    sent: list[bytes] = []
    vars(meddler)["_outputs"] = {CLOCK: SimpleNamespace(publish=sent.append)}
    vars(meddler)["_delays"] = Emptied({CLOCK: 0.1})
    for number in (b"a", b"b", b"c"):
        meddler._pass_on(CLOCK, number)
    assert {*sent, *(message for _, _, message in meddler._waiting)} == {b"a", b"b", b"c"}
    meddler.destroy_node()


@pytest.mark.parametrize(("rate", "count"), [(0.1, 1), (1.0, 3), (30.0, 90)])
def test_a_crowd_has_images_at_every_rate(rate, count):
    assert len(list(messages(2, rate))) == count
