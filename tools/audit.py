"""Known vulnerabilities of the packages that requirements.txt pins, asked of pip-audit.

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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ("pip-audit", "--disable-pip", "--no-deps", "--progress-spinner", "off")
OPTIONS = ("--format", "json", "-r", str(ROOT / "requirements.txt"))
LONGEST = 600.0  # [s]


def verdict(found: list[dict[str, Any]]) -> tuple[int, str]:
    """Exit status and words for pip-audit's list of packages."""
    asked = [package for package in found if "skip_reason" not in package]
    skipped = sorted(package["name"] for package in found if "skip_reason" in package)
    known = [package for package in asked if package["vulns"]]
    lines = [
        f"{package['name']} {package['version']}: {each['id']}, mended in "
        f"{', '.join(each['fix_versions']) or 'no version yet'}"
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
    done = subprocess.run(
        [*COMMAND, *OPTIONS], capture_output=True, text=True, timeout=LONGEST, check=False
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines()
        print(f"the service was not reached: {said[-1] if said else 'no reason'}", file=sys.stderr)
        return 2
    status, words = verdict(found)
    print(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
