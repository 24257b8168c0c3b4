"""The licences of all packages that requirements.txt pins, from their installed metadata.

tools/env python tools/licences.py          # write LICENCES.md
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "LICENCES.md"
HEAD = """# Licences of what the environment holds

Written by `tools/env python tools/licences.py` from the installed packages' metadata; a test
compares it with requirements.txt. The suite's own code is under Apache-2.0, see LICENSE.

| package | version | licence |
|---|---|---|
"""
TEXTS = {
    "Apache-2.0": "Apache License Version 2.0",
    "MIT": "Permission is hereby granted, free of charge",
}


def pins(text: str) -> Iterator[tuple[str, str, str]]:
    """(name, version, Python that it is for or "") of every pin in requirements.txt."""
    for match in re.finditer(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\?$", text, re.MULTILINE):
        yield match.group(1), match.group(2), match.group(3) or ""


def licence_of(name: str) -> str:
    """What an installed package says of its licence, in a few words."""
    about = metadata.metadata(name)
    if expressions := about.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if "License" in c]
    words = [c for c in classifiers if c != "OSI Approved"]
    told = " ".join(" ".join(about.get_all("License") or []).split())
    return ", ".join(words) or told[:80] or _of_ros_package(name)


def _of_ros_package(name: str) -> str:
    """What a ROS package's manifest says; its wheel's own metadata say nothing."""
    package = re.sub(r"^ros-(jazzy-)?", "", name).replace("-", "_")
    share = Path(sys.prefix) / "share" / package
    manifest = share / "package.xml"
    if not manifest.is_file():
        return _of_text(name, share / "LICENSE")
    found = ElementTree.parse(manifest).getroot().findall("license")
    return ", ".join(element.text or "" for element in found)


def _of_text(name: str, file: Path) -> str:
    """Which licence a text begins like: the package's own, or else the file."""
    own = [f for f in metadata.files(name) or [] if Path(f).name.startswith("LICENSE")]
    texts = [Path(str(f.locate())) for f in own] + [file]
    for path in texts:
        if path.is_file():
            text = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
            for licence, opening in TEXTS.items():
                if opening in text[:400]:
                    return licence
    return "not stated"


def rows(text: str, before: str) -> Iterator[str]:
    """A row for every pin; of packages that only another Python has the row that is there."""
    known = dict(re.findall(r"^\| (\S+ \| \S+) \| (.*) \|$", before, re.MULTILINE))
    for name, version, _ in pins(text):
        try:
            told = licence_of(name)  # of another version too: the other Python's
        except metadata.PackageNotFoundError:
            told = known.get(f"{name} | {version}", "not stated")
        if told == "not stated":
            told = _of_ros_package(name)
        yield f"| {name} | {version} | {told.replace('|', '/')} |"


def main() -> None:
    argparse.ArgumentParser(prog="licences", description=__doc__.split("\n")[0]).parse_args()
    before = LIST.read_text() if LIST.is_file() else ""
    found = list(rows((ROOT / "requirements.txt").read_text(), before))
    LIST.write_text(HEAD + "\n".join(found) + "\n")
    silent = [row for row in found if row.endswith("| not stated |")]
    print(f"{LIST.name}: {len(found)} packages, {len(silent)} without a stated licence")
    print("\n".join(silent))


if __name__ == "__main__":
    main()
