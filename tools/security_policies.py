"""What every node may publish, subscribe, offer and call, as SROS 2 policies.

    tools/env python tools/security_policies.py              # write config/security/
    tools/env python tools/security_policies.py --check      # exit status 1 when it would change
    tools/env python tools/security_policies.py --out FOLDER [--ros-args -r FROM:=TO ...]
    tools/env python tools/security_policies.py --running [FOLDER]    # compare with what runs now
    tools/env python tools/security_policies.py --from-running FOLDER

Each node is started, with the remappings and the namespace (-r __ns:=/NS) that are given, and told
something on every topic, such as the id of a body whose skeleton has a topic of its own; what it
then has is what it may have.  With --from-running it is what processes that have an enclave have
now, Nav2's too.  `docs/security.md` says how to use the policies.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from xml.etree import ElementTree

import rclpy
from fuzzing.nodes import SCENE, Bench
from graph_interfaces import (
    LONGEST,
    Interfaces,
    all_of,
    interfaces_of,
    known_name,
    merged,
    running_enclaves,
    settles,
)
from rclpy.context import Context
from rclpy.node import Node, NodeNameNonExistentError
from rclpy.utilities import remove_ros_args
from social_nav_core.sim.scene import load_scene
from social_nav_nodes.demo.jobs import Job
from social_nav_nodes.demo.observer import ObserverNode
from social_nav_nodes.parameter_tables import NODES

FOLDER = Path(__file__).resolve().parents[1] / "config" / "security"
ENCLAVES = "/social_nav"
TRIAL, DEMO, TIAGO = "trial", "demo", "tiago/body_tracker"
ALL = (*sorted(NODES), DEMO)  # an enclave is that of one process
TIAGOS_CAMERA = (
    *("-r", "image:=/head_front_camera/rgb/image_raw"),
    *("-r", "camera_info:=/head_front_camera/rgb/camera_info"),
    *("-r", "depth:=/head_front_camera/depth_registered/image_raw"),
)
"""What social_nav.launch.py calls the body tracker's topics unless it is told other names."""
ENDING = ".policy.xml"
ADVICE = "a graph with security is seen from enclaves alone: look before ROS_SECURITY_ENABLE is set"
_ENCLAVE = re.compile(r"(/\w+)+", re.ASCII)


KINDS = {  # field -> element of the policy, element of one name
    "publish": ("topics", "topic"),
    "subscribe": ("topics", "topic"),
    "reply": ("services", "service"),
    "request": ("services", "service"),
    "execute": ("actions", "action"),
    "call": ("actions", "action"),
}


def profiles_of(
    enclave: str, folder: Path, ros_arguments: Sequence[str] = ()
) -> dict[str, Interfaces]:
    """What each node of an enclave has, by the node's full name; a process may have several.

    Args:
        enclave: one of `ALL`.
        folder: that the nodes may write into.
        ros_arguments: of the process, such as ``-r image:=/camera/image``.
    """
    with _started_with(ros_arguments):
        bench = Bench(TRIAL if enclave == DEMO else enclave, folder)
    found = {}
    try:
        if enclave != DEMO:
            found[_full_name(bench.node)] = _own_interfaces(bench.node)
        if enclave in (TRIAL, DEMO):
            name, avoids = _of_observer("avoid", bench.context)
            found[name] = merged([avoids, _of_observer("approach", bench.context)[1]])
    finally:
        bench.close()
    return found


@contextmanager
def _started_with(ros_arguments: Sequence[str]) -> Iterator[None]:
    """What rclpy finds on the command line, for contexts that are made inside."""
    before = sys.argv
    sys.argv = [before[0], "--ros-args", *ros_arguments]
    try:
        yield
    finally:
        sys.argv = before


def _full_name(node: Node) -> str:
    """With the namespace, without the first slash."""
    name: str = node.get_fully_qualified_name()
    return name.lstrip("/")


def _own_interfaces(node: Node) -> Interfaces:
    return interfaces_of(node, node.get_name(), node.get_namespace())


def _of_observer(task: str, context: Context) -> tuple[str, Interfaces]:
    """What the node has that gives the robot a task, which is an action of another node each."""
    scene = load_scene(SCENE)
    observer = ObserverNode(Job(task, scene.name, task, "", True), scene, 0, context=context)
    try:
        return _full_name(observer), _own_interfaces(observer)
    finally:
        observer.destroy_node()


def policy(path: str, profiles: Mapping[str, Interfaces]) -> str:
    """The policy of one process as XML, as `ros2 security create_permission` reads it.

    Args:
        path: of its enclave.
        profiles: of its nodes, by their full names without the first slash.
    """
    root = ElementTree.Element("policy", version="0.2.0")
    element = ElementTree.SubElement(ElementTree.SubElement(root, "enclaves"), "enclave")
    element.set("path", path)
    parent = ElementTree.SubElement(element, "profiles")
    for full_name, interfaces in sorted(profiles.items()):
        namespace, _, name = f"/{full_name}".rpartition("/")
        profile = ElementTree.SubElement(parent, "profile", ns=namespace or "/", node=name)
        for what, (group, item) in KINDS.items():
            if names := getattr(interfaces, what):
                rule = ElementTree.SubElement(profile, group, {what: "ALLOW"})
                for each in sorted(names):
                    ElementTree.SubElement(rule, item).text = each
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def read_policy(path: Path) -> dict[str, Interfaces]:
    """What a policy allows, by the nodes' full names without the first slash."""
    profiles = ElementTree.parse(path).getroot().findall("./enclaves/enclave/profiles/profile")
    return {
        f"{profile.get('ns', '')}/{profile.get('node', '')}".lstrip("/"): _read_profile(profile)
        for profile in profiles
    }


def _read_profile(profile: ElementTree.Element) -> Interfaces:
    allowed: dict[str, frozenset[str]] = {}
    for field in fields(Interfaces):
        group, item = KINDS[field.name]
        found = profile.findall(f"{group}[@{field.name}='ALLOW']/{item}")
        allowed[field.name] = frozenset(element.text or "" for element in found)
    return Interfaces(**allowed)


def file_of(name: str, folder: Path = FOLDER) -> Path:
    """The file of an enclave's policy."""
    return folder / f"{name}{ENDING}"


def compared(observer: Node, folder: Path = FOLDER) -> tuple[list[str], list[str], list[str]]:
    """The running nodes against their policies in a folder, not in folders below it.

    Returns:
        Names of nodes that have a policy, what they have beyond it, and names of the other nodes.
    """
    allowed = {k: v for path in folder.glob(f"*{ENDING}") for k, v in read_policy(path).items()}
    known, beyond, others = [], [], []
    for name, namespace in sorted(observer.get_node_names_and_namespaces()):
        full_name = known_name(name, namespace)
        if full_name in allowed:
            with suppress(NodeNameNonExistentError):  # it has just ended
                found = interfaces_of(observer, name, namespace)
                known.append(full_name)
                beyond += [f"{full_name}: {what}" for what in _beyond(found, allowed[full_name])]
        elif name != observer.get_name():
            others.append(f"/{full_name}")
    return known, beyond, others


def lacking(observer: Node) -> list[str]:
    """What the policies of the suite's running nodes allow and they do not have (yet)."""
    policies = [read_policy(file_of(name)) for name in ALL]
    allowed = {name: has for profiles in policies for name, has in profiles.items()}
    found = []
    for name in compared(observer)[0]:
        with suppress(NodeNameNonExistentError):
            has = interfaces_of(observer, name)
            found += [f"{name}: {what}" for what in _beyond(allowed[name], has)]
    return found


def _beyond(found: Interfaces, allowed: Interfaces) -> Iterator[str]:
    for field in fields(Interfaces):
        extra = getattr(found, field.name) - getattr(allowed, field.name)
        yield from (f"{field.name} {name}" for name in sorted(extra))


def main() -> int:
    try:
        own = remove_ros_args(sys.argv)[1:]
        arguments = build_parser().parse_args(own)
        ros_arguments = sys.argv[len(own) + 2 :]
        if ros_arguments and not arguments.out:
            raise RuntimeError("arguments after --ros-args are for --out alone")
        if arguments.running:
            return _compare(arguments.running)
        if arguments.from_running:
            return _write_running(arguments.from_running)
        if arguments.out:
            return _write_elsewhere(arguments.out, ros_arguments)
        return _write(arguments.check)
    except (RuntimeError, ValueError) as error:  # of rcl, or of a node
        more = f"; {ADVICE}" if os.environ.get("ROS_SECURITY_ENABLE") else ""
        print(f"error: {' '.join(str(error).split())}{more}", file=sys.stderr)
        return 2


def build_parser() -> argparse.ArgumentParser:
    """Of the command line, without what is ROS's."""
    parser = argparse.ArgumentParser(prog="security_policies", description=__doc__.split("\n")[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="say what would change")
    how.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write them there, with --ros-args -r ..."
    )
    how.add_argument(
        "--running",
        type=Path,
        nargs="?",
        const=FOLDER,
        metavar="FOLDER",
        help="compare the policies there with the nodes that run now",
    )
    how.add_argument(
        "--from-running", type=Path, metavar="FOLDER", help="policies for the enclaves that run now"
    )
    return parser


@contextmanager
def _observer() -> Iterator[Node]:
    """A node that knows the graph of now."""
    rclpy.init()
    try:
        observer = Node("security_check")
        if not settles(lambda: all_of(observer)):
            print(f"the graph still changes after {LONGEST:g} s: look again", file=sys.stderr)
        yield observer
        observer.destroy_node()
    finally:
        rclpy.try_shutdown()


def _compare(folder: Path) -> int:
    with _observer() as observer:
        known, beyond, others = compared(observer, folder)
    print(f"{len(known)} running nodes have a policy: {', '.join(known) or 'none'}")
    print(f"{len(others)} have none here: {', '.join(others) or 'none'}")
    if not known:
        where = f"in domain {os.environ.get('ROS_DOMAIN_ID', '0')}"
        print(f"error: nothing to compare {where}; {ADVICE}", file=sys.stderr)
        return 2
    print("\n".join(f"not allowed: {each}" for each in beyond) or "nothing beyond the policies")
    return 1 if beyond else 0


def _write_running(out: Path) -> int:
    with _observer() as observer:
        enclaves = running_enclaves(observer)
    if not enclaves:
        print(f"error: no enclave runs: start with enclaves:=true; {ADVICE}", file=sys.stderr)
        return 2
    strange = sorted(path for path in enclaves if not _ENCLAVE.fullmatch(path))
    for path in strange:  # the graph says what others put there
        print(f"left out: {path!r} is no name of an enclave", file=sys.stderr)
    for path, profiles in sorted(enclaves.items()):
        if path in strange:
            continue
        file = file_of(path.strip("/"), out)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(policy(path, profiles))
        print(f"{path}: {file}")
    return 1 if strange else 0


def _write_elsewhere(out: Path, ros_arguments: Sequence[str]) -> int:
    out.mkdir(parents=True, exist_ok=True)
    left_out = 0
    for name in ALL:
        try:
            file_of(name, out).write_text(new_policy(name, ros_arguments))
        except ValueError as error:  # of a node whose messages are not installed
            print(f"left out: {error}", file=sys.stderr)
            left_out += 1
    print(f"{out}: {len(ALL) - left_out} policies")
    return 1 if left_out else 0


def new_policy(name: str, ros_arguments: Sequence[str] = ()) -> str:
    """The policy of one of `ALL`, when it is started with some arguments."""
    with tempfile.TemporaryDirectory() as folder:
        return policy(f"{ENCLAVES}/{name}", profiles_of(name, Path(folder), ros_arguments))


def _write(only_check: bool) -> int:
    wanted = {file_of(name): new_policy(name) for name in ALL}
    wanted[file_of(TIAGO)] = new_policy("body_tracker", TIAGOS_CAMERA)
    files = [path for path in (*FOLDER.glob(f"*{ENDING}"), file_of(TIAGO)) if path.is_file()]
    present = {path: path.read_text() for path in files}
    changed = sorted({path for path in wanted | present if wanted.get(path) != present.get(path)})
    if only_check:
        print("\n".join(f"not as the nodes are: {path}" for path in changed) or "as the nodes are")
        return 1 if changed else 0
    file_of(TIAGO).parent.mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path in wanted:
            path.write_text(wanted[path])
        else:
            path.unlink()
    print(f"{FOLDER}: {len(wanted)} policies, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
