"""NavFn and Smac 2D in a real planner server, on five scenes, with and without the layer."""

from typing import Any

import nav2_launch
from nav2_world import SCENES, largest_cost_and_length, load_scene, people_of, points_of

import launch

COSTMAP = "global_costmap"
PLANNERS = ("NavFn", "Smac2D")
VALUES = (50, 100, 150, 200, 252)


def generate_test_description() -> launch.LaunchDescription:
    return nav2_launch.nav2_with(["planner_server"])


class PlannersGoAroundPeople(nav2_launch.Nav2TestCase):
    def plans(self, scene: dict[str, Any]) -> dict[str, nav2_launch.Figures]:
        found = {}
        for planner in PLANNERS:
            path = self.world.plan(planner, scene["goal"], scene["robot"])
            found[planner] = largest_cost_and_length(points_of(path), people_of(scene))
        return found

    def test_five_scenes(self) -> None:
        self.world.set(COSTMAP, "max_cost", 240)
        self.check_the_layers_effect(SCENES, [COSTMAP], self.plans)

    def test_what_max_cost_does(self) -> None:
        """The table of the README; at the highest value every planner goes around everybody."""
        lines = ["", f"| scene | planner | {' | '.join(map(str, VALUES))} |"]
        highest = []
        self.world.set(COSTMAP, "enabled", True)
        for name in SCENES:
            scene = load_scene(name)
            self.world.people = people_of(scene)
            self.world.wait_for_costs(COSTMAP, True)
            found = []
            for value in VALUES:
                self.world.set(COSTMAP, "max_cost", value)
                self.world.wait_for_update(COSTMAP)
                found.append(self.plans(scene))
            for planner in PLANNERS:
                figures = [plans[planner] for plans in found]
                cells = [f"{cost:.2f}, {length:.1f} m" for cost, length in figures]
                lines.append(f"| {name} | {planner} | {' | '.join(cells)} |")
                highest.append(figures[-1][0])
        print("\n".join(lines))
        self.assertLess(max(highest), 0.1)
