"""What the suite never does (unpickle, evaluate text, start a shell), and what it trusts."""

from __future__ import annotations

import ast
import contextlib
import re
import subprocess
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

import audit
import licences
import numpy as np
import pytest
from social_nav_core.checksums import FIELD, check_arrays, check_seal, sealed
from social_nav_core.input_files import FileError, parse_yaml, read_arrays, read_file
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.perception.checkpoint_file import CheckpointError, read_checkpoint
from social_nav_core.proxemics.model import SHIPPED_MODEL, ModelError, load_model, save_model

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle"}
CARRIERS = {"joblib", "distributed", "dask", "multiprocessing", "concurrent"}
"""Modules that unpickle what other processes send, and the files that may use them."""
CARRIED = {
    "src/social_nav_core/social_nav_core/evaluation/workers.py",  # trials; see docs/security.md
    "tools/fuzzing/__main__.py",  # its own child processes
}
CALLS = {"eval", "exec", "compile"}
METHODS = {
    *("os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "torch.load"),
    *("subprocess.getoutput", "subprocess.getstatusoutput", "joblib.load", "pandas.read_pickle"),
    *("asyncio.create_subprocess_shell", "pty.spawn"),
}
SHELLS = {"bash", "sh", "dash", "zsh", "ksh", "fish", "csh", "tcsh"}
CODE: tuple[str, ...] = (
    "src/*/*.py",
    "src/*/social_nav_*/**/*.py",
    "underlay/*/*.py",
    "underlay/*/*/**/*.py",
)
CODE += tuple(f"{folder}/**/*.py" for folder in ("tools", "benchmarks", "launch", "docker"))


def offences(tree):
    """(line, what) of everything that is not allowed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names if a.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from ((node.lineno, name) for name in {node.module} & MODULES | names & METHODS)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in CALLS | METHODS:
                yield node.lineno, name
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                if keyword.arg in ("shell", "allow_pickle") and value is not False:
                    yield node.lineno, f"{keyword.arg}={ast.unparse(keyword.value)}"
        if isinstance(node, (ast.List, ast.Tuple, ast.Call)):
            found = set(programs(node)) & (SHELLS | MODULES)
            yield from ((node.lineno, name) for name in found)


def programs(node):
    """What a list, a tuple or a call may start or import: the last parts of the texts in it."""
    for part in [*getattr(node, "elts", ()), *getattr(node, "args", ())]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield (part.value.split() or [""])[0].rpartition("/")[2]


def parsed():
    """(path from the top, tree) of every file of code that is not a test."""
    paths = {path for pattern in CODE for path in ROOT.glob(pattern)}
    for path in sorted(paths):
        if "test" not in path.relative_to(ROOT).parts:
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def test_no_pickle_no_eval_no_shell():
    files = dict(parsed())
    assert len(files) > 100
    folders = {path.partition("/")[0] for path in files}
    assert folders >= {"src", "underlay", "tools", "benchmarks", "launch"}
    found = {
        f"{path}:{line}: {what}" for path, tree in files.items() for line, what in offences(tree)
    }
    assert found == set()


def test_few_files_let_processes_send_each_other_objects():
    found = set()
    for path, tree in parsed():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if CARRIERS & {name.partition(".")[0] for name in names}:
                found.add(path)
    assert found == CARRIED


@pytest.mark.parametrize(
    "code",
    [
        *("import pickle", "eval('1')", "os.system('ls')", "run(x, shell=True)", "yaml.load(f)"),
        *("run(['bash', '-c', script])", "step('a', ('/bin/sh', '-c', 'ls'))", "run('sh -c ls')"),
        *("command = ['env', 'bash']", "os.execvp('bash', arguments)", "from os import system"),
        *("import_module('pickle')", "__import__('pickle')", "np.load(f, allow_pickle=yes)"),
    ],
)
def test_the_rule_knows_what_is_not_allowed(code):
    assert list(offences(ast.parse(code)))


@pytest.mark.parametrize(
    "code", ["run(['gz', 'sim'])", "f('a bash')", "np.load(f)", "re.compile(x)"]
)
def test_the_rule_lets_the_rest_be(code):
    assert not list(offences(ast.parse(code)))


def test_the_shipped_models_have_checksums():
    content = SHIPPED_MODEL.read_bytes()
    assert content.startswith(b"sha256: ")
    check_seal(content, SHIPPED_MODEL)
    arrays = read_arrays(SHIPPED_MODEL.with_name("interaction.npz"), 10**7)
    assert FIELD in arrays
    check_arrays(arrays, "interaction.npz")
    shipped_interaction_model()


def test_a_changed_checkpoint_is_refused_and_the_committed_ones_are_whole(tmp_path):
    files = sorted((ROOT / "benchmarks" / "perception" / "weights").glob("*.npz"))
    assert len(files) >= 18
    for file in files:
        read_checkpoint(file)
    arrays: dict[str, Any] = dict(read_arrays(files[0], 10**7))
    name = next(name for name in arrays if name.startswith("weights/"))
    np.savez(tmp_path / "own.npz", **arrays)
    read_checkpoint(tmp_path / "own.npz")
    np.savez(tmp_path / "own.npz", **arrays | {name: 0 * arrays[name]})
    with pytest.raises(CheckpointError, match=r"own\.npz.* sha256 is .*changed or damaged"):
        read_checkpoint(tmp_path / "own.npz")
    del arrays[FIELD]
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(CheckpointError, match="field sha256 is missing"):
        read_checkpoint(tmp_path / "own.npz")


def test_a_changed_model_is_refused_and_one_without_a_checksum_is_read(tmp_path):
    path = tmp_path / "model.yaml"
    save_model(path, load_model(SHIPPED_MODEL))
    text = path.read_text()
    path.write_text(text.replace("-0.30", "-0.31", 1))
    with pytest.raises(ModelError, match=r"model\.yaml: sha256 is .*changed or damaged"):
        load_model(path)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(ModelError, match="changed or damaged"):
        load_model(path)
    path.write_text(text.split("\n", 1)[1])
    assert load_model(path).peak == pytest.approx(load_model(SHIPPED_MODEL).peak)
    assert sealed(path.read_bytes()).decode() == text


def test_a_checksum_is_the_plain_digits_alone():
    digits = sealed(b"a: 1\n")[8:72].decode()
    for good in (f"sha256: {digits}\n", f"sha256:  {digits} \r\n"):
        assert check_seal(f"{good}a: 1\n".encode(), "model.yaml")
    for bad in (f"'{digits}'", f'"{digits}"', f"{digits} # whole", f"{{{digits}}}", "", "12"):
        with pytest.raises(FileError, match="expected one line of 64 hexadecimal digits"):
            check_seal(f"sha256: {bad}\na: 1\n".encode(), "model.yaml")
    with pytest.raises(FileError, match="expected one line of 64 hexadecimal digits"):
        check_seal(f"sha256:{digits}\na: 1\n".encode(), "model.yaml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [1, 1]\nb: &b [*a, *a]\n", r"\*a is an alias"),
        ("[" * 1000, "more than 20 levels"),
        ("[" + "1," * 30_000 + "]", "more than 20000 values"),
        ("a: !!python/object/apply:os.system [ls]", "is a tag"),
        ("a: 1\na: 2", "'a' is repeated"),
        ("? [1]\n: 2", "a key is no plain value"),
        ("a: [", "is not YAML: line 1"),
    ],
)
def test_hostile_yaml_is_refused_in_one_line(text, reason):
    with pytest.raises(FileError, match=reason) as error:
        parse_yaml(text, "file.yaml")
    assert "\n" not in str(error.value)


def test_folders_devices_and_giants_are_refused(tmp_path):
    for path, reason in ((tmp_path, "is a folder"), ("/dev/zero", "is a device")):
        with pytest.raises(FileError, match=reason):
            read_file(path, 100)
    (tmp_path / "long").write_bytes(bytes(101))
    with pytest.raises(FileError, match="has 101 bytes, expected at most 100"):
        read_file(tmp_path / "long", 100)
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(OSError, match="symbolic links"):
        read_file(tmp_path / "link", 100)


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


def test_the_demo_is_not_seen_from_the_network(monkeypatch):
    command = ["tools/env", "printenv", "ROS_AUTOMATIC_DISCOVERY_RANGE"]
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE", raising=False)
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "LOCALHOST\n"
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "SUBNET\n"
    recipe = re.search(r"^demo:\n\t@(.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe and recipe.group(1).startswith("tools/env ")


def package(name, *vulnerabilities, **more):
    found = [{"id": each, "fix_versions": ["2.0"]} for each in vulnerabilities]
    return {"name": name, "version": "1.0", "vulns": found, **more}


def test_an_audit_tells_a_vulnerability_from_a_service_that_knows_nothing():
    assert audit.verdict([package("a"), package("b")])[0] == 0
    status, words = audit.verdict([package("a"), package("b", "CVE-1")])
    assert status == 1 and "b 1.0: CVE-1, mended in 2.0" in words
    status, words = audit.verdict([{"name": "a", "skip_reason": "not found"}])
    assert status == 2 and "nothing was audited" in words
    status, words = audit.verdict([package("a"), {"name": "ros-rclpy", "skip_reason": "?"}])
    assert status == 0 and "does not know 1: ros-rclpy" in words
