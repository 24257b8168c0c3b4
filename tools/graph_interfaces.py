"""What nodes have, as the ROS graph shows it: topics, services and actions, by enclaves too."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields

from rclpy.node import Node, NodeNameNonExistentError

DISCOVERY = 3.0  # a graph is known when it has not changed for so long [s]
LONGEST = 30.0  # that is waited for it [s]
_ONE_OF_MANY = re.compile(r"(/model|/humans/bodies)/[^/]+/")
_DRAWN = re.compile(r"(/transform_listener_impl)_[0-9a-f]+(?=/|$)")  # what tf2 adds to a node
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


def interfaces_of(observer: Node, name: str, namespace: str = "/") -> Interfaces:
    """What a node has, as the ROS graph shows it to another one (or to itself)."""
    published = _names(observer.get_publisher_names_and_types_by_node(name, namespace))
    subscribed = _names(observer.get_subscriber_names_and_types_by_node(name, namespace))
    offered = _names(observer.get_service_names_and_types_by_node(name, namespace))
    called = _names(observer.get_client_names_and_types_by_node(name, namespace))
    return Interfaces(
        publish=_plain(published),
        subscribe=_plain(subscribed),
        reply=_plain(offered),
        request=_plain(called),
        execute=_actions(offered),
        call=_actions(called),
    )


def _names(found: list[tuple[str, list[str]]]) -> set[str]:
    return {_ONE_OF_MANY.sub(r"\1/*/", _DRAWN.sub(r"\1_*", name), count=1) for name, _ in found}


def _plain(names: set[str]) -> frozenset[str]:
    return frozenset(name for name in names if not _ACTION.fullmatch(name))


def _actions(names: set[str]) -> frozenset[str]:
    return frozenset(match.group(1) for name in names if (match := _ACTION.fullmatch(name)))


def merged(several: list[Interfaces]) -> Interfaces:
    """What any of them has."""
    return Interfaces(
        *(frozenset().union(*(getattr(one, f.name) for one in several)) for f in fields(Interfaces))
    )


def known_name(name: str, namespace: str) -> str:
    """The full name of a node without the first slash, and without what is drawn for it."""
    return _DRAWN.sub(r"\1", f"{namespace.rstrip('/')}/{name}").lstrip("/")


def running_enclaves(observer: Node) -> dict[str, dict[str, Interfaces]]:
    """What the nodes of every enclave that runs now have, by its path and the nodes' full names."""
    enclaves: dict[str, dict[str, Interfaces]] = {}
    for name, namespace, path in sorted(observer.get_node_names_and_namespaces_with_enclaves()):
        if path != "/":
            with suppress(NodeNameNonExistentError):
                found = interfaces_of(observer, name, namespace)
                full_name = known_name(name, namespace)
                profiles = enclaves.setdefault(path, {})
                profiles[full_name] = merged([found, profiles.get(full_name, found)])
    return enclaves


def settles(
    look: Callable[[], object],
    now: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> bool:
    """Look until one sees the same for `DISCOVERY`; whether that was so within `LONGEST`."""
    end = now() + LONGEST
    seen, since = look(), now()
    while now() < since + DISCOVERY:
        if now() > end:
            return False
        pause(0.2)
        if (found := look()) != seen:
            seen, since = found, now()
    return True


def all_of(observer: Node) -> dict[tuple[str, str], Interfaces]:
    """What every node has, as far as it is known."""
    found = {}
    for name, namespace in observer.get_node_names_and_namespaces():
        with suppress(NodeNameNonExistentError):
            found[name, namespace] = interfaces_of(observer, name, namespace)
    return found
