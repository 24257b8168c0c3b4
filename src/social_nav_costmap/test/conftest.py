"""Small C++ programs, compiled once for all tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Compiler of test/NAME.cpp, with every warning an error."""
    compiler = shutil.which("c++") or shutil.which("g++")
    assert compiler, "no C++ compiler found: install g++"
    folder = tmp_path_factory.mktemp("programs")

    def build(name: str) -> Path:
        program = folder / name
        flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        source = PACKAGE / "test" / f"{name}.cpp"
        command = [compiler, *flags, f"-I{PACKAGE / 'include'}", str(source), "-o", str(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return program

    return build
