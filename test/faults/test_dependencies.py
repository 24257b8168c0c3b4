"""What is installed: pins with hashes, their licences, and what an audit says of them."""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from pathlib import Path

import audit
import licences

ROOT = Path(__file__).resolve().parents[2]


def test_everything_that_is_installed_is_pinned_with_a_hash():
    """Also what single jobs and images add; what shares the environment has its versions."""
    own = set(licences.pins((ROOT / "requirements.txt").read_text()))
    names = {name for name, _, _ in own}
    for file in licences.FILES:
        text = (ROOT / file).read_text()
        lines = text.replace("\\\n", "").splitlines()[1:]
        assert lines
        for line in lines:
            assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line
        if not file.startswith("docker/"):
            assert {pin for pin in licences.pins(text) if pin[0] in names} <= own, file


def test_every_file_of_pins_has_what_was_wanted():
    for file in licences.FILES:
        wanted = (ROOT / file).with_suffix(".in").read_text()
        pinned = {licences.plain(name) for name, _, _ in licences.pins((ROOT / file).read_text())}
        names = re.findall(r"^([\w.-]+)", wanted, re.MULTILINE)
        assert names and {licences.plain(name) for name in names} <= pinned, file


def test_the_licence_list_has_exactly_what_is_pinned():
    found = [*ROOT.glob("requirements*.txt"), *ROOT.glob("docker/requirements*.txt")]
    assert {str(path.relative_to(ROOT)) for path in found} == set(licences.FILES)
    sections = re.split(r"^## (\S+)$", licences.LIST.read_text(), flags=re.MULTILINE)[1:]
    assert sections[::2] == list(licences.FILES)
    for file, section in zip(sections[::2], sections[1::2], strict=True):
        listed = re.findall(r"^\| (\S+) \| (\d\S*) \| (.+) \|$", section, re.MULTILINE)
        pinned = licences.pins((ROOT / file).read_text())
        assert [row[:2] for row in listed] == [(name, version) for name, version, _ in pinned]
        assert [row[0] for row in listed if row[2] == "not stated"] == []


def test_every_licence_is_what_the_installed_package_says():
    listed = licences.LIST.read_text()
    compared = 0
    for file in licences.FILES:
        for name, version, _ in licences.pins((ROOT / file).read_text()):
            with contextlib.suppress(PackageNotFoundError):
                if distribution_version(name) == version:  # else it is another Python's
                    assert f"| {name} | {version} | {licences.licence_of(name)} |\n" in listed
                    compared += 1
    assert compared > 100


def test_licences_of_what_is_not_installed_come_from_the_list_or_are_asked_for():
    one, two = "absent.one==1.0 \\\n    --hash=sha256:00\n", "absent-two==2.0 \\\n    --hash\n"
    other = 'absent-two==3.0 ; python_version == "3.9" \\\n    --hash\n'
    before = "| absent-one | 1.0 | MIT |\n| absent-two | 1.0 | BSD |\n"
    before += "| absent-two | 2.0 | not stated |\n"
    known = licences.known_licences(before)
    unknown = {"3.11": ["absent-two==2.0"], "3.9": ["absent-two==3.0"]}
    assert licences.missing(one + two + other, known, "3.11") == unknown
    assert list(licences.rows(one + two, known | {("absent-two", "2.0"): "a|b"})) == [
        "| absent.one | 1.0 | MIT |",
        "| absent-two | 2.0 | a/b |",
    ]


def test_a_licence_is_read_off_metadata_in_order_of_precision():
    about = {
        "License-Expression": ["MIT"],
        "Classifier": ["License :: OSI Approved :: BSD License"],
    }
    assert licences.said(lambda field: about.get(field, [])) == "MIT"
    del about["License-Expression"]
    assert licences.said(lambda field: about.get(field, [])) == "BSD License"
    assert (
        licences.said(lambda field: [" A\n  licence "] if field == "License" else []) == "A licence"
    )
    assert licences.said(lambda _: []) == ""


BSD = """Copyright Somebody

Redistribution and use in source and binary forms, with or without modification, are permitted ...
3. Neither the name of the copyright holder nor the names of its contributors ..."""


def test_a_licence_is_named_where_metadata_hold_its_text():
    def about(text):
        return licences.said(lambda field: [text] if field == "License" else [])

    assert about(BSD) == "BSD-3-Clause"
    assert about(BSD[:100]).startswith("Copyright Somebody Redistribution")
    rows = re.findall(r"^\| \S+ \| \S+ \| (.+) \|$", licences.LIST.read_text(), re.MULTILINE)
    assert [row for row in rows if "Copyright" in row or len(row) > 120] == []


def test_the_notice_of_models_of_others_travels_with_them():
    models = ROOT / "src" / "social_nav_core" / "social_nav_core" / "models"
    notice = (models / "LICENSE.MIT").read_text()
    assert "Copyright (c) 2025 Qiaoyue Yang\n\nPermission is hereby granted" in notice
    setup = (models.parents[1] / "setup.py").read_text()
    for name in ("proxemics.yaml", "interaction.npz"):
        assert name in notice and (models / name).is_file() and f"`{name}`" in licences.HEAD
    for match in re.findall(r"\(\"share/social_nav_core/models\", \[(.*?)\]\)", setup, re.DOTALL):
        assert "models/proxemics.yaml" in match and "models/LICENSE.MIT" in match
    assert '"models/*"' in setup and licences.LIST.read_text().startswith(licences.HEAD)


def package(name, *vulnerabilities, **more):
    found = [{"id": each, "fix_versions": ["2.0"]} for each in vulnerabilities]
    return {"name": name, "version": "1.0", "vulns": found, **more}


def test_an_audit_tells_a_vulnerability_from_a_service_that_knows_nothing():
    files = {("a", "1.0"): ["one.txt"], ("b", "1.0"): ["one.txt", "two.txt"]}
    assert audit.verdict([package("a"), package("b")], files)[0] == 0
    status, words = audit.verdict([package("a"), package("b", "CVE-1")], files)
    assert status == 1 and "b 1.0: CVE-1, mended in 2.0; pinned in one.txt, two.txt" in words
    status, words = audit.verdict([{"name": "a", "skip_reason": "not found"}], files)
    assert status == 2 and "nothing was audited" in words
    unknown = {"name": "ros-rclpy", "skip_reason": "?"}
    status, words = audit.verdict([package("a"), unknown], files)
    assert status == 0 and "does not know 1: ros-rclpy" in words


def test_an_audit_asks_about_every_pin(monkeypatch, tmp_path, capsys):
    """A stand-in for pip-audit finds something about each Python's and each image's numpy."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!{sys.executable}\n{STAND_IN}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(sys, "argv", ["audit"])
    assert audit.main() == 1
    said = capsys.readouterr().out
    pinned = {
        (licences.plain(name), version, file)
        for file in licences.FILES
        for name, version, _ in licences.pins((ROOT / file).read_text())
    }
    assert {file for _, _, file in pinned} == set(licences.FILES)
    assert f"{len({pin[:2] for pin in pinned})} packages asked about" in said
    for name, version, file in pinned:
        if name == "numpy":
            assert re.search(rf"^numpy {version}: CVE-1, .*{file}", said, re.MULTILINE)


STAND_IN = """
import json, sys
assert sys.argv.count("-r") == 1
names = [line.strip().split("==") for line in open(sys.argv[sys.argv.index("-r") + 1])]
assert len({name for name, _ in names}) == len(names), "pip-audit takes each name once"
packages = []
for name, version in names:
    vulns = [{"id": "CVE-1", "fix_versions": []}] if name == "numpy" else []
    packages.append({"name": name, "version": version, "vulns": vulns})
print(json.dumps({"dependencies": packages}))
"""


def messages(path):
    """All texts of a Python file, with {} for what is filled in, roughly."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value for part in node.values if isinstance(part, ast.Constant))
            yield "{}".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_what_pages_and_messages_tell_to_install_is_pinned():
    """Every `pip install` names a file of pins with hashes, this project, or pinned versions."""
    pinned = {
        f"{licences.plain(name)}=={version}"
        for file in licences.FILES
        for name, version, _ in licences.pins((ROOT / file).read_text())
    }
    pages = (*ROOT.glob("docs/*.md"), *ROOT.glob("src/*/README.md"))
    told = [
        (page, words)
        for page in pages
        for words in re.findall(r"pip install ([^`#]+?)(?:`|#|\n\n|\n    )", page.read_text())
    ]
    assert len(told) > 5
    folders = ("launch", "benchmarks/**", "tools/**", "src/*/social_nav_*/**")
    code = [path for folder in folders for path in ROOT.glob(f"{folder}/*.py")]
    said = [
        (path, words)
        for path in code
        for text in messages(path)
        for words in re.findall(r"pip install ([^'`,;\n]+)", text)
    ]
    assert len({path for path, _ in said}) > 5
    for path, words in told + said:
        options = words.split()
        if "-r" in options:
            file = options[options.index("-r") + 1]
            assert "--require-hashes" in options and file in licences.FILES, f"{path}: {words}"
        elif not words.startswith("./src/"):
            assert {*options} <= pinned, f"{path}: {words}"
