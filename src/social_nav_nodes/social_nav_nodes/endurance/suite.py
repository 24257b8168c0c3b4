"""The running suite, on a DDS graph of its own, with a relay that can spoil what it sees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nav_msgs.msg import OccupancyGrid

from social_nav_nodes import topics
from social_nav_nodes.demo.domain import ROOT
from social_nav_nodes.endurance.meddler import FROM_SIMULATOR, Meddler
from social_nav_nodes.endurance.stage import Stage
from social_nav_nodes.endurance.witness import PERCEIVED, Witness

NODES = (
    *("health", "recorder", "perception", "social_costmap", "goal_selector", "navigator"),
    "simulator",
)
PEOPLE = ("ana", "ben")  # at the two ends of the room
SCENE = """\
format: 1
name: endurance
description: Two people stand far from each other and would both like to talk.
room: {room}
robot: [0.0, 0.0, 0.0]
goal: [0.0, 0.0, 0.0]
people:
  - {{id: ana, pose: [4.8, 0.2, 3.1], height: 1.7, gesture: idle, look_at: robot,
     intent: interested, attitude: positive, action: gaze}}
  - {{id: ben, pose: [-4.8, 0.0, 0.0], height: 1.8, gesture: idle, look_at: robot,
     intent: interested, attitude: positive, action: gaze}}
"""


class Suite(Stage):
    """The simulator and the nodes around it, with the relay and the witness.

    Args:
        folder: for the scene, logs and recordings.
        nodes: those that are started.
        scene: a scene file; a room with two people when None.
    """

    def __init__(
        self, folder: Path, nodes: tuple[str, ...] = NODES, scene: Path | None = None
    ) -> None:
        super().__init__(folder, nodes)
        self._scene = scene or folder / "scene.yaml"
        if scene is None:
            self._scene.write_text(SCENE.format(room=ROOT / "worlds" / "room.yaml"))
        self._recordings = 0
        self.meddler = Meddler(self.context)
        self.witness = Witness(self.context)
        for node in (self.meddler, self.witness):
            self.add(node)

    def start(self, node: str, wrapper: tuple[str, ...] = (), **parameters: object) -> None:
        """Start one node, with the parameters that it needs here."""
        remappings: Mapping[str, str] = FROM_SIMULATOR if node == "simulator" else {}
        if node == "perception":  # it sees one end of the room at a time, the robot needs both
            remappings = {topics.SOCIAL_PEOPLE: PERCEIVED}
        if node == "simulator":
            parameters = {"scene": self._scene, **parameters}
        if node == "recorder":
            self._recordings += 1
            out = self.folder / "recordings" / str(self._recordings)
            parameters = {"out": out, **parameters}
        self.processes.start(node, remappings, wrapper, **parameters)

    @property
    def map(self) -> OccupancyGrid:
        """The simulator's."""
        assert self.witness.seen.map is not None
        return self.witness.seen.map
