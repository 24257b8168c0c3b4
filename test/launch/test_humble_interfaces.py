"""What the nodes know of other packages' messages is so on Humble, too (humble_interfaces.yaml)."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HUMBLE = yaml.safe_load((ROOT / "test/launch/humble_interfaces.yaml").read_text())
SOURCES = [
    *(ROOT / "src" / "social_nav_nodes").rglob("*.py"),
    *(ROOT / "launch").glob("*.py"),
]
ABSENT = {"people_msgs/msg/People", "people_msgs/msg/Person"}
"""Not in the environment: its adapter takes it where it is installed."""
RESULT = ("nav2_msgs/action/NavigateToPose", 1)
NEWER = {RESULT: {"error_code", "error_msg"}}
"""Fields that the environment has and Humble has not, by type and part."""
OLDER = {RESULT: {"result"}}
PRIMITIVES = {"float64": "double", "float32": "float", "byte": "octet", "bool": "boolean"}


def imported():
    """package/kind/Name of all message types that the sources import."""
    for path in SOURCES:
        for item in ast.walk(ast.parse(path.read_text())):
            if isinstance(item, ast.ImportFrom) and item.module:
                package, _, kind = item.module.partition(".")
                is_other = kind in ("msg", "srv", "action") and package != "rclpy"
                if is_other and package != "social_nav_msgs":
                    yield from (f"{package}/{kind}/{name.name}" for name in item.names)


def parts_here(name):
    """Fields and types of the environment's message, request and response, or goal and so on."""
    package, kind, own = name.split("/")
    found = getattr(importlib.import_module(f"{package}.{kind}"), own)
    parts = {"msg": (), "srv": ("Request", "Response"), "action": ("Goal", "Result", "Feedback")}
    for part in [getattr(found, part) for part in parts[kind]] or [found]:
        yield part.get_fields_and_field_types()


def in_python(kind):
    """A type as `get_fields_and_field_types` writes it."""
    ((base, array, limit, length),) = re.findall(r"^([\w/]+)(\[(<=)?(\d*)\])?$", kind)
    base = PRIMITIVES.get(base, base)
    if not array:
        return base
    if limit:
        return f"sequence<{base}, {length}>"
    return f"{base}[{length}]" if length else f"sequence<{base}>"


def test_every_type_that_the_nodes_import_is_listed():
    types = set(imported())
    assert {"nav2_msgs/action/NavigateToPose", "hri_msgs/msg/Skeleton2D"} < types
    assert types <= set(HUMBLE)


@pytest.mark.parametrize("name", sorted(set(HUMBLE) - ABSENT))
def test_fields_and_types_are_humbles(name):
    for part, (ours, humbles) in enumerate(zip(parts_here(name), HUMBLE[name], strict=True)):
        more = set(ours) - set(humbles) - {"structure_needs_at_least_one_member"}
        assert more == NEWER.get((name, part), set())
        assert set(humbles) - set(ours) == OLDER.get((name, part), set())
        for field in set(ours) & set(humbles):
            assert ours[field] == in_python(humbles[field]), field


def test_people_msgs_has_the_fields_that_its_adapter_reads():
    source = (ROOT / "src/social_nav_nodes/social_nav_nodes/people_msgs_node.py").read_text()
    read = {
        item.attr
        for item in ast.walk(ast.parse(source))
        if isinstance(item, ast.Attribute)
        and isinstance(item.value, ast.Name)
        and item.value.id in ("message", "person", "item")
    }
    (people,), (person,) = HUMBLE["people_msgs/msg/People"], HUMBLE["people_msgs/msg/Person"]
    assert read
    assert read <= set(people) | set(person)
