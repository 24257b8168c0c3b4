"""What every node may publish, subscribe, offer and call, as SROS 2 policies.

    tools/env python tools/security_policies.py              # write config/security/
    tools/env python tools/security_policies.py --check      # exit status 1 when it would change
    tools/env python tools/security_policies.py --running    # compare them with what runs now

Each node is started and told something on every topic, such as the id of a body whose skeleton
has a topic of its own; what it then has is what it may have.  `docs/security.md` says how to use
the policies.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from xml.etree import ElementTree

import rclpy
from fuzzing.nodes import SCENE, Bench
from rclpy.context import Context
from rclpy.node import Node, NodeNameNonExistentError
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.parameter_tables import NODES

FOLDER = Path(__file__).resolve().parents[1] / "config" / "security"
ENCLAVES = "/social_nav"
TRIAL, DEMO = "trial", "demo"
ALL = (*sorted(NODES), DEMO)  # an enclave is that of one process
DISCOVERY = 3.0  # time in which a graph becomes known [s]
_ONE_OF_MANY = re.compile(r"^(/model|/humans/bodies)/[^/]+/")
_ACTION = re.compile(r"(.+)/_action/\w+")


@dataclass(frozen=True)
class Interfaces:
    """Full names of what a node has; ``*`` stands for the name of a model or the id of a body."""

    publish: frozenset[str]
    subscribe: frozenset[str]
    reply: frozenset[str]
    request: frozenset[str]
    execute: frozenset[str]
    call: frozenset[str]


KINDS = {  # field -> element of the policy, element of one name
    "publish": ("topics", "topic"),
    "subscribe": ("topics", "topic"),
    "reply": ("services", "service"),
    "request": ("services", "service"),
    "execute": ("actions", "action"),
    "call": ("actions", "action"),
}


def interfaces_of(observer: Node, name: str) -> Interfaces:
    """What a node has, as the ROS graph shows it to another one (or to itself)."""
    published = _names(observer.get_publisher_names_and_types_by_node(name, "/"))
    subscribed = _names(observer.get_subscriber_names_and_types_by_node(name, "/"))
    offered = _names(observer.get_service_names_and_types_by_node(name, "/"))
    called = _names(observer.get_client_names_and_types_by_node(name, "/"))
    return Interfaces(
        publish=_plain(published),
        subscribe=_plain(subscribed),
        reply=_plain(offered),
        request=_plain(called),
        execute=_actions(offered),
        call=_actions(called),
    )


def _names(found: list[tuple[str, list[str]]]) -> set[str]:
    return {_ONE_OF_MANY.sub(r"\1/*/", name) for name, _ in found}


def _plain(names: set[str]) -> frozenset[str]:
    return frozenset(name for name in names if not _ACTION.fullmatch(name))


def _actions(names: set[str]) -> frozenset[str]:
    return frozenset(match.group(1) for name in names if (match := _ACTION.fullmatch(name)))


def merged(several: list[Interfaces]) -> Interfaces:
    """What any of them has."""
    return Interfaces(
        *(frozenset().union(*(getattr(one, f.name) for one in several)) for f in fields(Interfaces))
    )


def profiles_of(enclave: str, folder: Path) -> dict[str, Interfaces]:
    """What each node of an enclave has, by the node's name; a process may have several nodes.

    Args:
        enclave: one of `ALL`.
        folder: that the nodes may write into.
    """
    bench = Bench(TRIAL if enclave == DEMO else enclave, folder)
    found = {}
    try:
        if enclave != DEMO:
            found[bench.node.get_name()] = interfaces_of(bench.node, bench.node.get_name())
        if enclave in (TRIAL, DEMO):
            found["demo_observer"] = merged(
                [_of_observer(task, bench.context) for task in ("avoid", "approach")]
            )
    finally:
        bench.close()
    return found


def _of_observer(task: str, context: Context) -> Interfaces:
    """What the node has that gives the robot a task, which is an action of another node each."""
    scene = load_scene(SCENE)
    observer = ObserverNode(Job(task, scene.name, task, "", True), scene, 0, context=context)
    try:
        return interfaces_of(observer, observer.get_name())
    finally:
        observer.destroy_node()


def policy(enclave: str, profiles: Mapping[str, Interfaces]) -> str:
    """The policy of one process as XML, as `ros2 security create_permission` reads it."""
    root = ElementTree.Element("policy", version="0.2.0")
    element = ElementTree.SubElement(ElementTree.SubElement(root, "enclaves"), "enclave")
    element.set("path", f"{ENCLAVES}/{enclave}")
    parent = ElementTree.SubElement(element, "profiles")
    for name, interfaces in sorted(profiles.items()):
        profile = ElementTree.SubElement(parent, "profile", ns="/", node=name)
        for what, (group, item) in KINDS.items():
            if names := getattr(interfaces, what):
                rule = ElementTree.SubElement(profile, group, {what: "ALLOW"})
                for each in sorted(names):
                    ElementTree.SubElement(rule, item).text = each
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def read_policy(path: Path) -> dict[str, Interfaces]:
    """What a policy allows, by the nodes' names."""
    profiles = ElementTree.parse(path).getroot().findall("./enclaves/enclave/profiles/profile")
    return {profile.get("node", ""): _read_profile(profile) for profile in profiles}


def _read_profile(profile: ElementTree.Element) -> Interfaces:
    allowed: dict[str, frozenset[str]] = {}
    for field in fields(Interfaces):
        group, item = KINDS[field.name]
        found = profile.findall(f"{group}[@{field.name}='ALLOW']/{item}")
        allowed[field.name] = frozenset(element.text or "" for element in found)
    return Interfaces(**allowed)


def file_of(name: str, folder: Path = FOLDER) -> Path:
    """The file of an enclave's policy."""
    return folder / f"{name}.policy.xml"


def compared(observer: Node) -> tuple[list[str], list[str], list[str]]:
    """The running nodes against their policies.

    Returns:
        Names of nodes that have a policy, what they have beyond it, and names of the other nodes.
    """
    allowed = {k: v for path in FOLDER.glob("*.policy.xml") for k, v in read_policy(path).items()}
    known, beyond, others = [], [], []
    for name, namespace in sorted(observer.get_node_names_and_namespaces()):
        if namespace == "/" and name in allowed:
            with suppress(NodeNameNonExistentError):  # it has just ended
                found = interfaces_of(observer, name)
                known.append(name)
                beyond += [f"{name}: {what}" for what in _beyond(found, allowed[name])]
        elif name != observer.get_name():
            others.append(f"{namespace.rstrip('/')}/{name}")
    return known, beyond, others


def _beyond(found: Interfaces, allowed: Interfaces) -> Iterator[str]:
    for field in fields(Interfaces):
        extra = getattr(found, field.name) - getattr(allowed, field.name)
        yield from (f"{field.name} {name}" for name in sorted(extra))


def main() -> int:
    parser = argparse.ArgumentParser(prog="security_policies", description=__doc__.split("\n")[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="say what would change")
    how.add_argument("--running", action="store_true", help="compare with the nodes that run now")
    arguments = parser.parse_args()
    return _running() if arguments.running else _write(arguments.check)


def _running() -> int:
    rclpy.init()
    observer = Node("security_check")
    time.sleep(DISCOVERY)
    known, beyond, others = compared(observer)
    observer.destroy_node()
    rclpy.try_shutdown()
    print(f"{len(known)} running nodes have a policy: {', '.join(known) or 'none'}")
    print(f"{len(others)} have none here: {', '.join(others) or 'none'}")
    print("\n".join(f"not allowed: {each}" for each in beyond) or "nothing beyond the policies")
    return 1 if beyond else 0


def _write(only_check: bool) -> int:
    with tempfile.TemporaryDirectory() as folder:
        wanted = {
            file_of(name): policy(name, profiles_of(name, Path(folder) / name)) for name in ALL
        }
    present = {path: path.read_text() for path in FOLDER.glob("*.policy.xml")}
    changed = sorted({path for path in wanted | present if wanted.get(path) != present.get(path)})
    if only_check:
        print("\n".join(f"not as the nodes are: {path}" for path in changed) or "as the nodes are")
        return 1 if changed else 0
    FOLDER.mkdir(exist_ok=True)
    for path in changed:
        if path in wanted:
            path.write_text(wanted[path])
        else:
            path.unlink()
    print(f"{FOLDER}: {len(wanted)} policies, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
