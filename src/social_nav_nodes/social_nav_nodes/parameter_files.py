"""Parameter files as one: what each node gets, whichever way a file names the node.

ROS 2 itself goes by the whole names of nodes, so that a file for `planner_server` says nothing to
`/robot1/planner_server`, and lets sections with wildcards win or lose by where they came first.
Here the rule is: what is said later wins, and names without a slash ahead are those of the robot's
namespace. Values are taken over as they are written.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from social_nav_nodes.launch_arguments import MissingError

SECTION = "ros__parameters"


class NodeParameters:
    """Parameters of some nodes, from files and one by one; what is said later wins."""

    def __init__(self, nodes: Collection[str], namespace: str = "") -> None:
        """For nodes, by their names within a namespace.

        Args:
            nodes: such as planner_server, local_costmap/local_costmap.
            namespace: of the robot: '' or such as /robot1.
        """
        self._namespace = namespace
        self._values: dict[str, dict[str, yaml.Node]] = {node: {} for node in nodes}

    def add_file(self, path: Path) -> list[str]:
        """Take over what a file says of the nodes; names in it that are none of theirs.

        Raises:
            MissingError: it is no parameter file of ROS 2, or says nothing of any of the nodes.
        """
        others, used = [], False
        for name, section in _sections(path, _content(path)):
            nodes = [node for node in self._values if self._means(name, node)]
            for node in nodes:
                self._values[node].update(_flat(path, section))
            used = used or bool(nodes)
            others += [] if nodes else [name]
        if not used:
            raise MissingError(
                f"{path} has parameters of {', '.join(others) or 'no node'}, expected some of "
                f"what is started: {', '.join(self._values)}"
            )
        return others

    def put(self, node: str, name: str, value: Any) -> None:
        """Set a parameter, by its name with dots."""
        made = yaml.compose(json.dumps(value, ensure_ascii=False), yaml.SafeLoader)
        assert made is not None, "JSON is never empty"
        self._values[node][name] = made

    def names(self, node: str) -> list[str]:
        """Names of a node's parameters, with dots."""
        return list(self._values[node])

    def value(self, node: str, name: str) -> Any:
        """The value of a parameter, None where nobody says it."""
        found = self._values[node].get(name)
        if found is None:
            return None
        return yaml.safe_load(yaml.serialize(found, Dumper=yaml.SafeDumper))

    def write(self, folder: Path) -> str:
        """The path of a new parameter file with all of it, for ROS 2, in a folder."""
        with tempfile.NamedTemporaryFile(
            "w", prefix="parameters_", suffix=".yaml", dir=folder, delete=False, encoding="utf-8"
        ) as file:
            for node, values in self._values.items():
                if values:
                    file.write(_text(node, values))
        return file.name

    def _means(self, name: str, node: str) -> bool:
        """Whether a name in a file, perhaps with wildcards, is that of a node."""
        whole = f"{self._namespace}/{node}"
        names = [name] if name.startswith("/") else [f"/{name}", f"{self._namespace}/{name}"]
        return any(_pattern(each).fullmatch(whole) for each in names)


def _pattern(name: str) -> re.Pattern[str]:
    """What a name with wildcards stands for: * for one part, ** for any number of them."""
    parts = {"**": r"(/\w+)*", "*": r"/\w+"}
    return re.compile("".join(parts.get(p, "/" + re.escape(p)) for p in name.split("/")[1:]))


def _content(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise MissingError(f"{path} has aliases (*), which ROS 2 does not read in parameters")
        return yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise MissingError(f"{path} is no YAML: {' '.join(str(error).split())}") from error


def _items(path: Path, node: yaml.Node | None, of: str) -> Iterator[tuple[str, yaml.Node]]:
    """Names and values of a mapping."""
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return
    if not isinstance(node, yaml.MappingNode):
        raise MissingError(f"{path}: {of or 'it'} is no mapping, expected {SECTION} of nodes")
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise MissingError(f"{path}: {of or 'it'} has a key that is no name")
        yield key.value, value


def _sections(
    path: Path, node: yaml.Node | None, above: str = ""
) -> Iterator[tuple[str, yaml.Node]]:
    """(name of a node, its parameters) of all sections of a file."""
    for name, value in _items(path, node, above):
        if name == SECTION:
            yield above, value
        else:
            yield from _sections(path, value, f"{above}/{name}" if above else name)


def _flat(path: Path, node: yaml.Node, above: str = "") -> Iterator[tuple[str, yaml.Node]]:
    """(name with dots, value) of all parameters of a section."""
    for name, value in _items(path, node, above or SECTION):
        whole = f"{above}.{name}" if above else name
        if isinstance(value, yaml.MappingNode):
            yield from _flat(path, value, whole)
        else:
            yield whole, value


def _text(node: str, values: dict[str, yaml.Node]) -> str:
    """A node's section; of these processes, so that the namespace need not be told."""

    def name(text: str) -> yaml.ScalarNode:
        return yaml.ScalarNode("tag:yaml.org,2002:str", text)

    def mapping(pairs: list[tuple[yaml.Node, yaml.Node]]) -> yaml.MappingNode:
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)

    own = mapping([(name(key), value) for key, value in values.items()])
    section = mapping([(name(f"/**/{node}"), mapping([(name(SECTION), own)]))])
    return yaml.serialize(section, Dumper=yaml.SafeDumper, width=1e6, allow_unicode=True)
