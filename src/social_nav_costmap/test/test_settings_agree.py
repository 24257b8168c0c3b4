"""The layer's settings, the Python side's parameters and the README's table say the same."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from social_nav_core.parameters import specs
from social_nav_core.proxemics import SocialZoneParameters

PACKAGE = Path(__file__).resolve().parents[1]
README = PACKAGE / "README.md"
OF_OTHERS = {
    *("cost_travel_multiplier", "cost_weight", "group_id"),
    *("social_nav_core", "social_nav_costmap"),
}


@pytest.fixture(scope="session")
def settings(compiled: Callable[[str], Path]) -> dict[str, list[str]]:
    done = subprocess.run([compiled("settings_cli")], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_every_zone_parameter_has_one_name_default_and_range(settings):
    for spec in specs(SocialZoneParameters):
        kind, default, unit, low, high, meaning, choices = settings[spec.name]
        assert kind == ("double" if isinstance(spec.default, float) else "string"), spec.name
        assert unit == spec.unit and meaning == spec.meaning, spec.name
        assert tuple(choices.split()) == spec.choices, spec.name
        if kind == "double":
            assert (float(low), float(high)) == (spec.low, spec.high), spec.name
            assert float(default) == spec.default, spec.name
        else:
            assert default == spec.default, spec.name


def test_the_readme_lists_every_setting_with_its_default_and_range(settings):
    rows = {}
    for line in README.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 6:
            rows[cells[0].strip("`")] = cells[1:]
    assert list(rows) == list(settings)
    for name, (kind, default, unit, low, high, meaning, choices) in settings.items():
        allowed = ", ".join(choices.split())
        if not allowed and float(low) < float(high):
            allowed = f"{low} to {high}"
        assert rows[name] == [kind, default, allowed, unit, meaning], name


def test_the_readme_adds_the_plugin_with_settings_that_exist_at_their_defaults(settings):
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    plugin = next(ElementTree.parse(PACKAGE / "social_layer.xml").iter("class")).attrib["name"]
    costmaps = [costmap for block in blocks for costmap in yaml.safe_load(block).items()]
    assert [name for name, _ in costmaps] == ["global_costmap", "local_costmap"]
    for name, content in costmaps:
        parameters = content[name]["ros__parameters"]
        assert set(parameters) == {"plugins", "social"} and "social" in parameters["plugins"]
        assert parameters["social"].pop("plugin") == plugin
        for key, value in parameters["social"].items():
            assert str(value) == settings[key][1], key


def test_the_readme_speaks_of_settings_that_exist_and_of_their_defaults(settings):
    text = re.sub(r"```.*?```", "", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = text[text.index("## What it promises") :]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text))
    assert named - OF_OTHERS <= set(settings)
    assert len(named & set(settings)) > 5
    for name, value in re.findall(r"`(\w+): ([\d.]+)`", text):
        if name not in OF_OTHERS:
            assert float(value) == float(settings[name][1]), name
