"""Every command of the tutorial works, in its order, on recordings that the simulator makes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from social_nav_core.__main__ import main

TUTORIAL = Path(__file__).resolve().parents[4] / "docs" / "learn_from_your_recordings.md"
PREFIX = ["tools/env", "python", "-m", "social_nav_core"]


def commands() -> list[list[str]]:
    """Words of each command in the tutorial's ``sh`` blocks."""
    blocks = TUTORIAL.read_text(encoding="utf-8").split("```sh\n")[1:]
    lines = [line for block in blocks for line in block.split("```")[0].splitlines()]
    return [shlex.split(line) for line in lines]


def test_every_command_of_the_tutorial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rosbags", reason="recordings need the package rosbags")
    monkeypatch.chdir(tmp_path)
    found = commands()
    assert len(found) >= 10
    for words in found:
        assert words[:4] == PREFIX
        expanded = []
        for word in words[4:]:
            matches = sorted(map(str, tmp_path.glob(word))) if "*" in word else [word]
            assert matches, word
            expanded += matches
        capsys.readouterr()
        assert main(expanded) == 0, words
        printed = capsys.readouterr()
        assert printed.err == ""
        if words[4] == "score":
            assert json.loads(printed.out)["n"] > 0
        for index, word in enumerate(words):
            if word == "--out":
                assert (tmp_path / words[index + 1]).exists()
