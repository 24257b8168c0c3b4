"""Nav2's clear services on a fixed (global) and on a rolling (local) costmap with the layer.

No cost stays behind where people were, and people who are still there come back.
"""

import time

import nav2_launch
import numpy as np
from nav2_msgs.srv import ClearEntireCostmap, GetCostmap
from nav2_world import MODEL
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Person
from social_nav_core.proxemics import social_field

import launch

HERE, THERE = Person("ana", np.array([-0.6, 0.6, 0.0])), Person("ben", np.array([0.8, -0.5, 2.0]))
ROBOT, ASIDE = (0.0, 0.0, 0.0), (0.4, 0.3, 0.0)  # no furniture is near
APART = 0.3  # [s] between two answers, three updates of a costmap


def generate_test_description() -> launch.LaunchDescription:
    return nav2_launch.nav2_with(nav2_launch.DRIVING)


class ClearingLeavesNoGhosts(nav2_launch.Nav2TestCase):
    def answer(self, costmap: str) -> tuple[np.ndarray, GridGeometry]:
        found = self.world.ask(GetCostmap, f"/{costmap}/get_costmap", GetCostmap.Request()).map
        meta = found.metadata
        origin = (meta.origin.position.x, meta.origin.position.y, 0.0)
        grid = GridGeometry(meta.size_x, meta.size_y, meta.resolution, origin)
        return np.array(found.data, dtype=np.uint8).reshape(grid.shape), grid

    def costs(self, costmap: str) -> tuple[np.ndarray, GridGeometry]:
        """What planners and controllers see: the master costs ``(height, width)``, 0 to 255.

        Nav2 answers without a lock, in the middle of an update too; so two answers must agree.
        """
        answers = [self.answer(costmap)]

        def settled() -> bool:
            asked = time.monotonic()
            self.world.wait_for(lambda: time.monotonic() > asked + APART, "time passing")
            answers.append(self.answer(costmap))
            (costs, grid), (later, after) = answers[-2:]
            return grid == after and bool((costs == later).all())

        self.world.wait_for(settled, f"two answers of {costmap} that agree")
        return answers[-1]

    def clear(self, costmap: str) -> None:
        name = f"/{costmap}/clear_entirely_{costmap}"
        self.world.ask(ClearEntireCostmap, name, ClearEntireCostmap.Request())

    def becomes(self, costmap: str, empty: np.ndarray, people: list[Person]) -> None:
        """Wait until costs are raised at the people, then see that they are nowhere else."""
        costs = empty

        def drawn() -> bool:
            nonlocal costs
            costs, grid = self.costs(costmap)
            field = social_field(people, MODEL, grid)
            if not people or costs[field > 0.9].min() < 200:
                return not people and bool((costs == empty).all())
            np.testing.assert_array_equal(costs[field == 0.0], empty[field == 0.0])
            return True

        self.world.wait_for(drawn, f"{costmap} with {len(people)} people", 20.0)

    def test_both_costmaps(self) -> None:
        for costmap in nav2_launch.COSTMAPS:
            self.world.people = []
            self.world.put_robot(ROBOT)
            self.world.wait_for_costs(costmap, False)
            empty, _ = self.costs(costmap)
            for people in ([HERE], [THERE], [HERE, THERE], []):
                with self.subTest(costmap=costmap, people=len(people)):
                    self.world.people = people
                    self.clear(costmap)
                    self.becomes(costmap, empty, people)
                    self.clear(costmap)
                    self.becomes(costmap, empty, people)

    def test_a_map_that_rolls_on(self) -> None:
        costmap = "local_costmap"
        self.world.put_robot(ROBOT)
        empty = np.zeros_like(self.costs(costmap)[0])
        self.world.people = [HERE, THERE]
        self.becomes(costmap, empty, [HERE, THERE])
        self.world.people = []
        self.world.robot[:] = ASIDE
        self.clear(costmap)
        self.world.put_robot(ASIDE)
        self.world.put_robot(ROBOT)
        self.becomes(costmap, empty, [])
