"""Known vulnerabilities of all packages that the files of requirements pin, asked of pip-audit.

tools/env python tools/audit.py

Exit status 0: all that could be asked about are free of known ones; 1: some have one; 2: the
service could not be reached or knows none of the packages, so nothing can be said.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from licences import FILES, Pin, pins, plain

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ("pip-audit", "--disable-pip", "--no-deps", "--progress-spinner", "off")
OPTIONS = ("--format", "json", "-r")
LONGEST = 600.0  # [s]


def pinned() -> dict[Pin, list[str]]:
    """The files that pin each package, those for other Pythons than this one included."""
    found: dict[Pin, list[str]] = {}
    for file in FILES:
        for name, version, _ in pins((ROOT / file).read_text()):
            found.setdefault((plain(name), version), []).append(file)
    return found


def questions(packages: Mapping[Pin, list[str]]) -> list[str]:
    """Files of requirements with all packages; pip-audit takes each name once."""
    files: list[dict[str, str]] = []
    for name, version in packages:
        file = next((file for file in files if name not in file), None)
        if file is None:
            files.append(file := {})
        file[name] = version
    return ["".join(f"{name}=={each}\n" for name, each in file.items()) for file in files]


def verdict(found: list[dict[str, Any]], files: Mapping[Pin, list[str]]) -> tuple[int, str]:
    """Exit status and words for pip-audit's list of packages, and the files that pin them."""
    asked = [package for package in found if "skip_reason" not in package]
    skipped = sorted(package["name"] for package in found if "skip_reason" in package)
    known = [package for package in asked if package["vulns"]]
    lines = [
        f"{package['name']} {package['version']}: {each['id']}, mended in "
        f"{', '.join(each['fix_versions']) or 'no version yet'}; pinned in "
        f"{', '.join(files[plain(package['name']), package['version']])}"
        for package in known
        for each in package["vulns"]
    ]
    lines.append(f"{len(asked)} packages asked about, {len(known)} with known vulnerabilities")
    if skipped:
        lines.append(f"the service does not know {len(skipped)}: {', '.join(skipped)}")
    if not asked:
        lines.append("nothing was audited: the service that pip is set to does not answer for PyPI")
    return (1 if known else 0 if asked else 2), "\n".join(lines)


def main() -> int:
    argparse.ArgumentParser(prog="audit", description=__doc__.split("\n")[0]).parse_args()
    if shutil.which(COMMAND[0]) is None:
        print(f"{COMMAND[0]} is not installed: make audit installs it", file=sys.stderr)
        return 2
    files, found = pinned(), []
    for text in questions(files):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text)
            file.flush()
            command = [*COMMAND, *OPTIONS, file.name]
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=LONGEST, check=False
            )
        try:
            found += json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            said = (done.stderr.strip().splitlines() or ["no reason"])[-1]
            print(f"the service was not reached: {said}", file=sys.stderr)
            return 2
    status, words = verdict(found, files)
    print(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
