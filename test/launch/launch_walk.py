"""Walks through what a launch file would do; needs ROS 2's launch and launch_ros."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from launch.actions import ExecuteLocal, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.utilities import perform_substitutions
from launch_ros.actions import Node
from social_nav_nodes.launching import ends_all

from launch import LaunchContext

ROOT = Path(__file__).resolve().parents[2]


class Walk:
    """All that a launch file would do with some arguments; nothing is started.

    Attributes:
        commands: executable -> command line, of nodes; a list of command lines, of processes.
        parameters: executable -> what the node of its name is given, by names with dots.
        sections: executable -> name of a section -> what it says.  A section stays where it came
            first, and what comes last of those that mean the node wins, as in rcl.
        included: names of the launch files that it includes.
        needed: executables of nodes whose end is the launch's error.
        environment: of what it starts.
    """

    def __init__(self, name, **arguments):
        self.context = LaunchContext()
        self.context.launch_configurations.update(arguments)
        self.commands, self.included, self.needed = {}, [], set()
        self.parameters, self.sections = {}, {}
        source = PythonLaunchDescriptionSource(str(ROOT / "launch" / name))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", dict(os.environ))
            patch.setattr(ExecuteLocal, "execute", lambda action, _: self.see(action))
            self.visit(source.get_launch_description(self.context).entities)
            self.environment = os.environ

    def visit(self, entities):
        for entity in entities or ():
            self.visit(entity.visit(self.context))
            if isinstance(entity, IncludeLaunchDescription):
                self.included.append(Path(entity.launch_description_source.location).name)

    def see(self, action):
        """Note what would be executed."""
        command = [perform_substitutions(self.context, part) for part in action.cmd]
        if not isinstance(action, Node):
            self.commands.setdefault(Path(command[0]).name, []).append(command)
            return
        name = action.node_executable
        assert name not in self.commands, f"{name} is started twice"
        self.commands[name] = command
        if action._ExecuteLocal__on_exit is ends_all:  # it has no other name for it
            self.needed.add(name)
        self.parameters[name], self.sections[name] = {}, {}
        sections = self.sections[name]
        for option, value in pairwise(command):
            if option == "-p":
                own, _, said = value.partition(":=")
                sections.setdefault("/**", {})[own] = yaml.safe_load(said)
            if option == "--params-file":
                # launch_ros writes lists as Python tuples
                content = yaml.load(Path(value).read_text(), yaml.FullLoader)
                for key, section in content.items():
                    sections.setdefault(key, {}).update(flat(section["ros__parameters"]))
        whole = "/" + action.node_name.replace(Node.UNSPECIFIED_NODE_NAMESPACE, "").lstrip("/")
        whole = whole.replace(Node.UNSPECIFIED_NODE_NAME, name)
        for key, section in sections.items():
            if means(key, whole):
                self.parameters[name].update(section)


def flat(values, above=""):
    """Parameters by their names with dots."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{above}{name}.")
        else:
            found[above + name] = value
    return found


def means(key, node):
    """Whether a section is for a node: * is one part of its name, ** any number of them."""
    parts = {"*": r"/\w+", "**": r"(/\w+)*"}
    return bool(re.fullmatch("".join(parts.get(p, f"/{p}") for p in key[1:].split("/")), node))
