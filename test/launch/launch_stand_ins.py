"""Stand-ins for ROS 2's launch and launch_ros, so that a launch file's decisions are seen anywhere.

`Walk` of launch_walk.py sees more, with the real ones.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace

import pytest
import yaml

import social_nav_nodes

ROOT = Path(__file__).resolve().parents[2]
OURS = "social_nav_nodes.launching"
NAMES = {
    "launch": ("LaunchContext", "LaunchDescription"),
    "launch.actions": (
        *("DeclareLaunchArgument", "GroupAction", "IncludeLaunchDescription", "LogInfo"),
        *("OpaqueFunction", "ExecuteProcess", "RegisterEventHandler", "Shutdown"),
        "SetEnvironmentVariable",
    ),
    "launch.event_handlers": ("OnProcessExit",),
    "launch.events": (),
    "launch.events.process": ("ProcessExited",),
    "launch.frontend": ("Entity",),
    "launch.launch_description_sources": ("PythonLaunchDescriptionSource",),
    "launch.substitutions": ("Command", "FindExecutable"),
    "launch.logging": (),
    "launch_ros": (),
    "launch_ros.actions": ("Node", "SetParameter"),
    "launch_ros.parameter_descriptions": ("ParameterValue",),
    "launch_ros.substitutions": ("FindPackageShare",),
}


class Noted:
    """Any action: what it was made with."""

    def __init__(self, *given, **named):
        self.given, self.named = given, named


def stand_in(name, classes):
    module = ModuleType(name)
    module.__path__ = []
    for each in classes:
        setattr(module, each, type(each, (Noted,), {}))
    return module


class Started:
    """What a launch file would start with some arguments, as far as it does so itself.

    Attributes:
        defaults: argument -> its default.
        remappings: executable -> from -> to.
        parameters: executable -> what is in its parameter files, the later ones over the others;
            (executable, costmap) -> the same of its costmap.
        managed: names that the lifecycle manager is given.
        said: lines of its log.
    """

    def __init__(self, name, **arguments):
        with TemporaryDirectory() as log, pytest.MonkeyPatch.context() as patch:
            for module, classes in NAMES.items():
                patch.setitem(sys.modules, module, stand_in(module, classes))
            folder = SimpleNamespace(log_dir=log)
            patch.setattr(sys.modules["launch.logging"], "launch_config", folder, raising=False)
            patch.setitem(sys.modules, OURS, None)
            patch.setattr(social_nav_nodes, "launching", None, raising=False)
            del sys.modules[OURS]  # imported anew, with the stand-ins; the patch puts it back
            content = runpy.run_path(str(ROOT / "launch" / name))
            entities = content["generate_launch_description"]().given[0]
            declared = [e for e in entities if type(e).__name__ == "DeclareLaunchArgument"]
            self.defaults = {e.given[0]: e.named["default_value"] for e in declared}
            assert arguments.keys() <= self.defaults.keys()
            self.remappings, self.parameters = {}, {}
            self.managed, self.said = [], []
            for action in content["start"](self.defaults | arguments):
                self.see(action)

    def see(self, action):
        named = action.named
        if type(action).__name__ == "LogInfo":
            self.said.append(named["msg"])
        if type(action).__name__ != "Node":
            return
        name = named["executable"]
        if name == "lifecycle_manager":
            self.managed = named["parameters"][0]["node_names"]
            return
        self.remappings[name] = dict(named["remappings"])
        self.parameters[name] = {}
        for path in named["parameters"]:
            sections = yaml.safe_load(Path(path).read_text())
            for key, section in sections.items():
                whose = key.rpartition("/")[2]
                at = name if whose == name else (name, whose)
                self.parameters.setdefault(at, {}).update(section["ros__parameters"])
