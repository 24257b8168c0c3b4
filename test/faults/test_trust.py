"""What the suite never does (unpickle, evaluate text, start a shell), and what it trusts."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.checksums import FIELD, check_arrays, check_seal, sealed
from social_nav_core.input_files import FileError, parse_yaml, read_arrays, read_file
from social_nav_core.interaction.kde import shipped_interaction_model
from social_nav_core.perception.checkpoint_file import CheckpointError, read_checkpoint
from social_nav_core.proxemics.model import SHIPPED_MODEL, ModelError, load_model, save_model

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    *("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle"),
    "runpy",
}
"""Modules that make objects of bytes, or run code of files and texts."""
CARRIERS = {"joblib", "distributed", "dask", "multiprocessing", "concurrent"}
"""Modules that unpickle what other processes send, and the files that may use them."""
CARRIED = {
    "src/social_nav_core/social_nav_core/evaluation/workers.py",  # trials; see docs/security.md
    "tools/fuzzing/__main__.py",  # its own child processes
}
NAMES = {
    *("builtins.eval", "builtins.exec", "builtins.compile", "code.interact"),
    *("os.system", "os.popen", "pty.spawn", "asyncio.create_subprocess_shell"),
    *("subprocess.getoutput", "subprocess.getstatusoutput"),
    *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.unsafe_load_all"),
    *("yaml.full_load", "yaml.full_load_all", "yaml.Loader", "yaml.CLoader", "yaml.UnsafeLoader"),
    *("yaml.CUnsafeLoader", "yaml.FullLoader", "yaml.CFullLoader"),
    *("torch.load", "torch.hub.load", "torch.jit.load", "joblib.load"),
    *("pandas.read_pickle", "numpy.lib.format.read_array"),
}
MEANT = {"np": "numpy", "pd": "pandas", "__builtins__": "builtins"}
MEANT |= {name: f"builtins.{name}" for name in ("eval", "exec", "compile")}
"""What names stand for without an import in the same file."""
SHELLS = {"bash", "sh", "dash", "zsh", "ksh", "fish", "csh", "tcsh"}
CODE = ("src", "underlay", "tools", "benchmarks", "launch", "docker")


def offences(tree):
    """(line, what) of everything that is not allowed."""
    meant = imported(tree)
    for node in ast.walk(tree):
        names = set()
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, (ast.Name, ast.Attribute)):
            names = {full_name(node, meant)}
        elif isinstance(node, ast.Call):
            names = {f"{what}={value}" for what, value in switches(node, meant)}
            names |= {full_name(node, meant)}
        found = {name for name in names if forbidden(name)}
        if isinstance(node, (ast.List, ast.Tuple, ast.Call)):
            found |= set(programs(node)) & (SHELLS | MODULES)
        yield from ((getattr(node, "lineno", 0), name) for name in found)


def forbidden(name):
    """Whether a full name, as 'yaml.load' or 'yaml.*', is of what is not allowed."""
    module, _, last = name.rpartition(".")
    every = last == "*" and any(each.startswith(f"{module}.") for each in NAMES)
    return every or name in NAMES or "=" in name or name.partition(".")[0] in MODULES


def imported(tree):
    """What names of a file stand for: 'y' for 'yaml', 'read' for 'yaml.load'."""
    meant = dict(MEANT)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meant |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            meant |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return meant


def full_name(node, meant):
    """'module.name' of a name or an attribute, also one that getattr takes by its name."""
    if isinstance(node, ast.Name):
        return meant.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, meant)}.{node.attr}"
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and len(node.args) > 1:
        owner, name = node.args[:2]
        if isinstance(name, ast.Constant):
            return full_name(ast.Attribute(owner, str(name.value)), meant)
    return ""


def switches(call, meant):
    """(name, value) of arguments of a call that turn pickle or a shell on."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for part in given.pop(None, None), *call.args:
        if isinstance(part, ast.Dict):
            pairs = zip(part.keys, part.values, strict=True)
            given |= {getattr(key, "value", ""): value for key, value in pairs}
    if full_name(call.func, meant) == "numpy.load":
        for part in [*(a for a in call.args if isinstance(a, ast.Starred)), *call.args[2:3]]:
            given["allow_pickle"] = part
    for name in {"shell", "allow_pickle"} & set(given):
        if getattr(given[name], "value", None) is not False:
            yield name, ast.unparse(given[name])


def programs(node):
    """What a list, a tuple or a call may start or import: the last parts of the texts in it."""
    for part in [*getattr(node, "elts", ()), *getattr(node, "args", ())]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield (part.value.split() or [""])[0].rpartition("/")[2]


def parsed():
    """(path from the top, tree) of every file of code that is not a test."""
    paths = {path for folder in CODE for path in (ROOT / folder).rglob("*") if path.is_file()}
    for path in sorted(paths):
        if not {"test", "__pycache__"} & set(path.relative_to(ROOT).parts) and is_python(path):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def is_python(path):
    """Whether a file is Python by its ending, or else by its first line."""
    if path.suffix:
        return path.suffix == ".py"
    with path.open("rb") as file:
        return re.match(rb"#!.*python", file.readline(200)) is not None


def test_no_pickle_no_eval_no_shell():
    files = dict(parsed())
    assert len(files) > 100
    folders = {path.partition("/")[0] for path in files}
    assert folders >= {"src", "underlay", "tools", "benchmarks", "launch"}
    assert "tools/pin" in files
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
        *("import builtins; builtins.eval('1')", "import builtins as b; f = b.exec", "f = eval"),
        *("import yaml as y; y.load(f)", "from yaml import load as read", "from yaml import *"),
        *("yaml.load_all(f, Loader=yaml.Loader)", "yaml.unsafe_load_all(f)", "x(yaml.Loader)"),
        *("np.load(f, None, True)", "import numpy; numpy.load(f, *how)", "pd.read_pickle(x)"),
        *("import subprocess as sp; sp.getoutput('ls')", "from subprocess import getoutput as g"),
        *("from pickle import loads", "import _pickle", "from runpy import run_path"),
        *("torch.hub.load(x)", "f = os.system", "getattr(os, 'system')('ls')", "code.interact()"),
        *("run(x, **{'shell': True})", "partial(run, shell=True)", "np.lib.format.read_array(f)"),
        *("import os.path; os.popen(x)", "import torch as t; t.load(x)", "map(eval, x)"),
    ],
)
def test_the_rule_knows_what_is_not_allowed(code):
    assert list(offences(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        *("run(['gz', 'sim'])", "f('a bash')", "np.load(f)", "re.compile(x)", "yaml.safe_load(x)"),
        *(
            "np.load(f, None, False)",
            "run(x, **{'shell': False})",
            "model.eval()",
            "code = self.code",
        ),
        *("from re import compile", "np.load(f, allow_pickle=False)", "x.load(f)"),
    ],
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


def test_the_demo_is_not_seen_from_the_network(monkeypatch):
    command = ["tools/env", "printenv", "ROS_AUTOMATIC_DISCOVERY_RANGE"]
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE", raising=False)
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "LOCALHOST\n"
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "SUBNET\n"
    recipe = re.search(r"^demo:\n\t@(.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe and recipe.group(1).startswith("tools/env ")
