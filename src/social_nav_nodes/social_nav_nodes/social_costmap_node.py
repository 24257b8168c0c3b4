"""Social costs as an occupancy grid, on the grid of a map or costmap.

For Nav2 without the C++ layer (a StaticLayer reads the grid), for RViz, and for the navigator that
stands in for Nav2.  A grid has the stamp of the message about people that it shows, so that its age
can be told, and that of now when there is none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from social_nav_core.grid import GridGeometry
from social_nav_core.parameters import parameter
from social_nav_core.proxemics.field import social_field
from social_nav_core.proxemics.model import load_model, shipped_model
from social_nav_core.proxemics.personal import PersonalParameters
from social_nav_core.proxemics.site import SiteLearner, SiteParameters
from social_nav_core.proxemics.zone import SocialZoneParameters
from std_msgs.msg import Header

from social_nav_nodes.conversions import cost_cells, grid_message
from social_nav_nodes.diagnostics import Diagnostics
from social_nav_nodes.map_reading import read_map
from social_nav_nodes.parameters import read_parameters
from social_nav_nodes.people_in_frame import MOST_PEOPLE, PeopleInFrame
from social_nav_nodes.running import run_node
from social_nav_nodes.throttled_log import ThrottledLog
from social_nav_nodes.topics import (
    BASE_FRAME,
    BASE_FRAME_MEANING,
    LATCHED_QOS,
    MAP,
    SOCIAL_COSTMAP,
)
from social_nav_nodes.transforms import TransformLookup


@dataclass(frozen=True)
class SocialCostmapParameters:
    """Of the social costmap node."""

    model: str = parameter("", "", "proxemics model (YAML); empty for the one that ships")
    max_cost: int = parameter(99, "%", "occupancy at a person's peak; 100 would be lethal", 1, 99)
    timeout: float = parameter(2.0, "s", "people seen longer ago are dropped", 0.05, 60.0)
    source_timeout: float = parameter(
        2.0, "s", "without any message about people, everybody is dropped", 0.05, 60.0
    )
    rate: float = parameter(5.0, "Hz", "grids per second", 0.1, 50.0)
    most_people: int = parameter(
        MOST_PEOPLE, "", "of more, the farthest from the robot are left out", 1, 10000
    )
    base_frame: str = parameter(BASE_FRAME, "", BASE_FRAME_MEANING)


class SocialCostmapNode(Node):
    """SocialPersonArray and a grid in, social costs on that grid out."""

    PARAMETERS: ClassVar = {
        "": SocialCostmapParameters,
        "zones": SocialZoneParameters,
        "learning": SiteParameters,
        "prior": PersonalParameters,
    }

    def __init__(self, **options: Any) -> None:
        """Options are those of `rclpy.node.Node`, such as context and parameter_overrides."""
        super().__init__("social_costmap", **options)
        read = read_parameters(self, self.PARAMETERS)
        self._config: SocialCostmapParameters = read[""]
        self._zones: SocialZoneParameters = read["zones"]
        path = self._config.model
        model = load_model(path) if path else shipped_model()
        self._learner = SiteLearner(model, read["learning"], read["prior"])
        self._log = ThrottledLog(self.get_logger())
        base_frame = self._config.base_frame
        transforms = TransformLookup(self, self._log, {base_frame: "base_frame"})
        self._people = PeopleInFrame(
            self,
            transforms,
            self._log,
            self._config.timeout,
            self._config.source_timeout,
            self._config.most_people,
            base_frame,
            self._on_news,
        )
        self._present = 0
        self._due = True
        self._grid: GridGeometry | None = None
        self._waits = 0
        self._frame = ""
        self._publisher = self.create_publisher(OccupancyGrid, SOCIAL_COSTMAP, LATCHED_QOS)
        self.create_subscription(OccupancyGrid, MAP, self._receive_map, LATCHED_QOS)
        self._diagnostics = Diagnostics(self, self._log, self._values)
        self.create_timer(1.0 / self._config.rate, self._tick)

    def _values(self) -> dict[str, object]:
        return {"people": self._present, "age of the newest people [s]": self._people.age()}

    def _receive_map(self, message: OccupancyGrid) -> None:
        found = read_map(message, self._log)
        if found is not None:
            self._grid, _ = found
            self._frame = message.header.frame_id

    def _tick(self) -> None:
        """A grid is due, which waits for the next people so that it is as new as they are."""
        if self._grid is None:
            self._waits += 1
            if self._waits > 2.0 * self._config.rate:
                topic = self.resolve_topic_name(MAP)
                self._log.warning("no map", f"no map on '{topic}', no social costs")
            return
        if self._due:  # since the tick before, and nobody came
            self._publish(self._grid)
        self._due = True

    def _on_news(self) -> None:
        if self._due and self._grid is not None:
            self._due = False
            self._publish(self._grid)

    def _publish(self, grid: GridGeometry) -> None:
        started = time.monotonic()
        people = self._people.current(self._frame)
        self._present = len(people)
        now = self.get_clock().now()
        seconds = now.nanoseconds * 1e-9
        self._learner.observe(people, seconds)
        models = self._learner.models_of([person.id for person in people], seconds)
        if self._learner.problem:
            self._log.warning("learning", self._learner.problem)
        field = social_field(people, models, grid, self._zones)
        try:
            cells = cost_cells(field, self._config.max_cost)
        except ValueError as error:
            self._log.error("costs", f"no social costs: {error}")
            return
        header = Header(stamp=self._people.stamp or now.to_msg(), frame_id=self._frame)
        self._publisher.publish(grid_message(cells, grid, header))
        self._diagnostics.count("grids")
        self._diagnostics.took("grid", started)


def main() -> None:
    run_node(SocialCostmapNode)


if __name__ == "__main__":
    main()
