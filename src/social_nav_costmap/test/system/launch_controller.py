"""A simulated robot, driven by regulated pure pursuit in a real controller server, on five scenes.

It follows the paths of NavFn; the layer is in the global and the local costmap.
"""

import nav2_launch
from nav2_world import SCENES

import launch


def generate_test_description() -> launch.LaunchDescription:
    return nav2_launch.nav2_with(nav2_launch.DRIVING)


class TheRobotDrivesAroundPeople(nav2_launch.Nav2TestCase):
    def test_five_scenes(self) -> None:
        self.check_the_layers_effect(
            SCENES, nav2_launch.COSTMAPS, lambda scene: {"RPP": self.drive(scene)}
        )
