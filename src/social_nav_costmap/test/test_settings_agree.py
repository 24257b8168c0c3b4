"""The layer's settings, the Python side's parameters and the README's table say the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from social_nav_core.parameters import specs
from social_nav_core.proxemics import SocialZoneParameters

README = Path(__file__).resolve().parents[1] / "README.md"


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
