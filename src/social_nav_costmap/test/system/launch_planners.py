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

    def test_what_the_multiplier_of_smac_2d_does(self) -> None:
        """The README's figures for a pair: a steeper price of costs leads around it."""
        scene, found = load_scene("face_to_face"), {}
        self.world.people = people_of(scene)
        self.world.set(COSTMAP, "enabled", True)
        self.world.wait_for_costs(COSTMAP, True)
        for multiplier in (1.0, 3.0, 2.0):  # the last is that of nav2_params.yaml
            name = "Smac2D.cost_travel_multiplier"
            self.world.set_parameter("/planner_server", name, multiplier)
            for value in VALUES:
                self.world.set(COSTMAP, "max_cost", value)
                self.world.wait_for_update(COSTMAP)
                found[multiplier, value] = self.plans(scene)["Smac2D"]
                cost, length = found[multiplier, value]
                print(f"multiplier {multiplier}, max_cost {value}: {cost:.2f}, {length:.1f} m")
        self.assertGreater(found[1.0, 252][0], 0.9)
        self.assertLess(found[2.0, 252][0], 0.1)
        self.assertLess(found[3.0, 150][0], 0.1)
