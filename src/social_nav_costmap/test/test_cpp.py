"""The field and its gtests, built by CMake without Nav2 and run by CTest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_gtests_pass(tmp_path):
    for tool in ("cmake", "ctest", "c++"):
        assert shutil.which(tool), f"{tool} is not installed: install cmake and g++"
    run(["cmake", "-S", str(PACKAGE), "-B", str(tmp_path), "-DWITH_NAV2=OFF"], tmp_path)
    run(["cmake", "--build", str(tmp_path), "--parallel", "2", "--target", "field_tests"], tmp_path)
    report = run(["ctest", "--output-on-failure", "-L", "field"], tmp_path)
    assert "100% tests passed" in report
    for name in ("test_allocations", "test_field", "test_settings", "test_social_costs", "stress"):
        assert name in report
