"""What every node may publish, subscribe, offer and call, as SROS 2 policies.

    tools/env python tools/security_policies.py              # write config/security/
    tools/env python tools/security_policies.py --check      # exit status 1 when it would change

Each node is started, and what it then has is what it may have.  `docs/security.md` says how to use
the policies.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from xml.etree import ElementTree

from fuzzing.nodes import NOT_SPUN, Bench
from rclpy.node import Node
from social_nav_nodes.parameter_tables import NODES

FOLDER = Path(__file__).resolve().parents[1] / "config" / "security"
ENCLAVES = "/social_nav"
_ACTION = re.compile(r"(.+)/_action/\w+")


@dataclass(frozen=True)
class Interfaces:
    """Full names of what a node has; a name may hold ``*`` for what the scene decides."""

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
    return {re.sub(r"^/model/[^/]+/", "/model/*/", name) for name, _ in found}


def _plain(names: set[str]) -> frozenset[str]:
    return frozenset(name for name in names if not _ACTION.fullmatch(name))


def _actions(names: set[str]) -> frozenset[str]:
    return frozenset(match.group(1) for name in names if (match := _ACTION.fullmatch(name)))


def policy(name: str, interfaces: Interfaces) -> str:
    """The policy of one node as XML, as `ros2 security create_permission` reads it."""
    root = ElementTree.Element("policy", version="0.2.0")
    enclave = ElementTree.SubElement(ElementTree.SubElement(root, "enclaves"), "enclave")
    enclave.set("path", f"{ENCLAVES}/{name}")
    profiles = ElementTree.SubElement(enclave, "profiles")
    profile = ElementTree.SubElement(profiles, "profile", ns="/", node=name)
    for what, (group, item) in KINDS.items():
        if names := getattr(interfaces, what):
            element = ElementTree.SubElement(profile, group, {what: "ALLOW"})
            for each in sorted(names):
                ElementTree.SubElement(element, item).text = each
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def read_policy(path: Path) -> Interfaces:
    """What a policy allows."""
    profile = ElementTree.parse(path).getroot().find("./enclaves/enclave/profiles/profile")
    assert profile is not None, path
    allowed: dict[str, frozenset[str]] = {}
    for field in fields(Interfaces):
        group, item = KINDS[field.name]
        found = profile.findall(f"{group}[@{field.name}='ALLOW']/{item}")
        allowed[field.name] = frozenset(element.text or "" for element in found)
    return Interfaces(**allowed)


def file_of(name: str, folder: Path = FOLDER) -> Path:
    """The file of a node's policy."""
    return folder / f"{name}.policy.xml"


def main() -> int:
    wanted = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(set(NODES) - NOT_SPUN):  # the trial only holds parameters
            bench = Bench(name, Path(folder) / name)
            wanted[file_of(name)] = policy(name, interfaces_of(bench.node, bench.node.get_name()))
            bench.close()
    present = {path: path.read_text() for path in FOLDER.glob("*.policy.xml")}
    changed = sorted({path for path in wanted | present if wanted.get(path) != present.get(path)})
    if "--check" in sys.argv[1:]:
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
