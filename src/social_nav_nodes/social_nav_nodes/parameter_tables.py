"""Markdown tables of all nodes' parameters, as this package's README has them.

python -m social_nav_nodes.parameter_tables            # print them
python -m social_nav_nodes.parameter_tables README.md  # renew them in a file, between the marks
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from social_nav_core.input_files import read_file
from social_nav_core.parameters import specs

from social_nav_nodes.body_tracker_node import BodyTrackerNode
from social_nav_nodes.gazebo_people_node import GazeboPeopleNode
from social_nav_nodes.goal_selector_node import GoalSelectorNode
from social_nav_nodes.health_node import HealthNode
from social_nav_nodes.navigator_node import NavigatorNode
from social_nav_nodes.people_msgs_node import PeopleMsgsNode
from social_nav_nodes.perception_node import PerceptionNode
from social_nav_nodes.pose_array_node import PoseArrayNode
from social_nav_nodes.recorder_node import RecorderNode
from social_nav_nodes.ros4hri_node import Ros4hriNode
from social_nav_nodes.simulator_node import SimulatorNode
from social_nav_nodes.social_costmap_node import SocialCostmapNode
from social_nav_nodes.trial_node import TrialNode

NODES: dict[str, Any] = {
    "social_costmap": SocialCostmapNode,
    "goal_selector": GoalSelectorNode,
    "navigator": NavigatorNode,
    "simulator": SimulatorNode,
    "gazebo_people": GazeboPeopleNode,
    "body_tracker": BodyTrackerNode,
    "perception": PerceptionNode,
    "ros4hri": Ros4hriNode,
    "people_msgs": PeopleMsgsNode,
    "pose_array": PoseArrayNode,
    "recorder": RecorderNode,
    "health": HealthNode,
    "trial": TrialNode,
}
LARGEST = 10**6  # README [byte]
BEGIN, END = "<!-- parameters: begin -->", "<!-- parameters: end -->"


def tables() -> str:
    """One table per node."""
    return "\n".join(_table(name, node.PARAMETERS) for name, node in NODES.items())


def renewed(text: str) -> str:
    """A README's text with the tables of now between its marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def _table(node: str, groups: dict[str, Any]) -> str:
    rows = [f"\n### {node}\n", "| parameter | default | allowed | meaning |", "|---|---|---|---|"]
    for prefix, group in groups.items():
        for spec in specs(group):
            name = f"{prefix}.{spec.name}" if prefix else spec.name
            default = f"{spec.default} {spec.unit}".strip() if spec.default != "" else '""'
            rows.append(f"| `{name}` | {default} | {spec.allowed} | {spec.meaning} |")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="parameter_tables", description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, help="a README to renew; print them without")
    file: Path | None = parser.parse_args().file
    if file is None:
        print(tables())
        return 0
    try:
        text = read_file(file, LARGEST).decode()
        if not (BEGIN in text and END in text):
            raise ValueError(f"{file}: has no {BEGIN} and {END}")
        file.write_text(renewed(text))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
