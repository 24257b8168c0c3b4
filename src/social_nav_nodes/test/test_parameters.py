"""Parameters: the YAML file, the README and ROS agree with the dataclasses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rcl_interfaces.msg import ParameterType
from rclpy.parameter import Parameter
from social_nav_core.parameters import ParameterError, specs
from social_nav_nodes.parameter_tables import NODES, renewed
from social_nav_nodes.social_costmap_node import SocialCostmapNode

PACKAGE = Path(__file__).parents[1]
CONFIG = PACKAGE.parents[1] / "config" / "social_nav.yaml"


def _flat(tree, prefix=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _known(node):
    return {
        f"{prefix}.{spec.name}".lstrip("."): spec
        for prefix, group in NODES[node].PARAMETERS.items()
        for spec in specs(group)
    }


def test_every_key_of_the_yaml_file_is_a_parameter_with_its_default():
    sections = yaml.safe_load(CONFIG.read_text())
    assert {name.removeprefix("/**/") for name in sections} <= set(NODES)
    for section, content in sections.items():
        known = _known(section.removeprefix("/**/"))
        for name, value in _flat(content["ros__parameters"]):
            known[name].check(value)
            assert value == known[name].default, f"{section} {name}"


def test_the_readme_lists_all_parameters():
    text = (PACKAGE / "README.md").read_text()
    assert text == renewed(text), "renew it: python -m social_nav_nodes.parameter_tables README.md"


def test_ros_knows_description_type_and_range(graph):
    node = graph.add(SocialCostmapNode)
    about = node.describe_parameter("zones.horizon")
    assert about.type == ParameterType.PARAMETER_DOUBLE and about.read_only
    assert "[s]" in about.description
    assert (about.floating_point_range[0].from_value, about.floating_point_range[0].to_value) == (
        0.0,
        5.0,
    )
    about = node.describe_parameter("max_cost")
    assert (about.integer_range[0].from_value, about.integer_range[0].to_value) == (1, 99)


def test_a_whole_number_is_good_for_a_real_parameter(graph):
    node = graph.add(SocialCostmapNode, parameters={"timeout": 3})
    assert node.get_parameter("timeout").value == 3.0


def test_a_running_node_refuses_changes(graph):
    node = graph.add(SocialCostmapNode)
    (answer,) = node.set_parameters([Parameter("timeout", value=3.0)])
    assert not answer.successful


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "2", [2.0]])
def test_what_is_not_a_number_in_the_range_is_refused(graph, value):
    override = Parameter("timeout", value=value)
    with pytest.raises(ParameterError, match=r"social_costmap: timeout is .*0\.05 to 60 s"):
        SocialCostmapNode(context=graph.context, parameter_overrides=[override])
