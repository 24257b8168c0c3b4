"""A simulated robot, driven by MPPI in a real controller server, on two scenes.

It follows the paths of NavFn; the layer is in the global and the local costmap.
"""

import nav2_launch

import launch


def generate_test_description() -> launch.LaunchDescription:
    return nav2_launch.nav2_with(nav2_launch.DRIVING, "mppi_params.yaml")


class MppiDrivesAroundPeople(nav2_launch.Nav2TestCase):
    def test_two_scenes(self) -> None:
        self.check_the_layers_effect(
            ("single", "circle"), nav2_launch.COSTMAPS, lambda scene: {"MPPI": self.drive(scene)}
        )
