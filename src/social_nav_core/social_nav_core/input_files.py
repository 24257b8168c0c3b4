"""Files that anybody may have written: read within limits of size, depth and kind, or refused.

Nothing of a file is executed, nothing larger than a limit is ever in memory, and a device, a pipe
or a folder in a file's place is refused at once.  YAML is read as plain data: mappings, lists,
texts, numbers, true, false and null; aliases and tags are refused, because a few hundred bytes of
aliases stand for gigabytes.
"""

from __future__ import annotations

import math
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Hashable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

try:
    from yaml._yaml import CParser as Parser  # four times as fast
except ImportError:  # PyYAML was built without libyaml
    from social_nav_core.yaml_parser import Parser  # type: ignore[assignment]

LARGEST_YAML = 200_000  # [byte]
LARGEST_TABLE = 200_000_000  # [byte]
MOST_NODES = 20_000  # mappings, lists and values of one YAML file
DEEPEST = 20  # mappings and lists in each other
MOST_ARRAYS = 2000  # in one NPZ file
_LONGEST_NAME = 200  # of an array [character]
_IN_DIRECTORY = b"PK\x01\x02"  # every entry of an archive's directory begins so
_HEADER_MOST = 10_000  # of one array in an NPZ file [byte]
_HEADER = re.compile(
    r"\{'descr': (.{1,200}?), 'fortran_order': (True|False), 'shape': "
    r"\(([-0-9, ]{0,700})\),? ?\} *\n?"
)
_PLAIN = re.compile(r"'[<>=|]?[biufSU][1-9][0-9]{0,9}'")
_LENGTHS = {(1, 0): "<H", (2, 0): "<I"}  # of a header, by format
_BROKEN_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError, TypeError, LookupError, ArithmeticError, MemoryError),
)


class FileError(ValueError):
    """A file cannot be used; one line that names it and the reason.

    Attributes:
        reason: without the file's name.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason


def read_file(path: str | Path, most: int) -> bytes:
    """The bytes of a regular file, or of what a symbolic link to one names.

    Args:
        path: of the file.
        most: largest size [byte] that makes sense.

    Raises:
        FileError: it is no regular file, or larger.
        OSError: it is not there, or may not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise FileError(repr(str(path)), f"not a path: {error}") from error
    try:
        about = os.fstat(handle)
        if stat.S_ISDIR(about.st_mode):
            raise FileError(path, "is a folder, expected a file")
        if not stat.S_ISREG(about.st_mode):
            raise FileError(path, "is a device, pipe or socket, expected a file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(most + 1) if about.st_size <= most else b""
    finally:
        os.close(handle)
    if about.st_size > most or len(data) > most:
        size = max(about.st_size, len(data))
        raise FileError(path, f"has {size} bytes, expected at most {most}")
    return data


def read_text(path: str | Path, most: int) -> str:
    """The text (UTF-8) of a file; raises as `read_file`, and `FileError` for other bytes."""
    try:
        return read_file(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(path, f"is not UTF-8 text: {error}") from error


def read_yaml(path: str | Path) -> Any:
    """The plain data of a YAML file; raises as `read_file`, and `FileError` for other content."""
    return parse_yaml(read_text(path, LARGEST_YAML), path)


def parse_yaml(text: str, path: str | Path) -> Any:
    """The plain data of YAML text; ``path`` is for messages.

    Raises:
        FileError: not YAML, too deep, too many values, a repeated key, an alias or a tag.
    """
    try:
        return _PlainLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = 0 if mark is None else min(mark.line + 1, max(len(text.splitlines()), 1))
        where = f"line {line}: " if line else ""
        raise FileError(path, f"is not YAML: {where}{one_line(error.problem or error)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FileError(path, f"is not YAML: {one_line(error)}") from error


def shown(value: Any) -> str:
    """A value from a file in at most 80 characters, for a message."""
    if isinstance(value, (dict, list, tuple)) and len(value) > 8:
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class _Header(NamedTuple):
    """Of an NPY file, whose values begin at the byte ``end``."""

    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    end: int


Declared = dict[str, tuple[np.dtype, tuple[int, ...]]]
"""Types and shapes that the arrays of a file are said to have, by name."""


def read_arrays(
    path: str | Path,
    most: int,
    packed: bool = True,
    check: Callable[[Declared], None] | None = None,
) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file, without pickle.

    Args:
        path: of the file.
        most: bytes that the arrays may take together, which bounds the memory in use.
        packed: whether they may be compressed; if not they take no more than the file.
        check: is told what the arrays are said to be before any of them is unpacked, and raises
            `FileError` when that cannot be.

    Raises:
        FileError: not an NPZ file, larger, or an array is not what its header says.
        OSError: it is not there, or may not be read.
    """
    data = read_file(path, most + 1_000_000)
    if (count := data.count(_IN_DIRECTORY)) > MOST_ARRAYS:  # each would take memory already
        raise FileError(path, f"has {count} arrays, expected at most {MOST_ARRAYS}")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_members(archive, path, packed)
            if check is not None:
                check(_declared(archive, path))
            return _arrays(archive, path, most)
    except FileError:
        raise
    except _BROKEN_ARCHIVE as error:
        raise FileError(path, f"is not an NPZ file: {one_line(error)}") from error


def _check_members(archive: zipfile.ZipFile, path: str | Path, packed: bool) -> None:
    seen: set[str] = set()
    for member in archive.infolist():
        name = member.filename
        plain = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        plain &= name.endswith(".npy") and name.isprintable() and len(name) <= _LONGEST_NAME
        if not plain or member.flag_bits & 1 or name in seen:
            raise FileError(path, f"{shown(name)} is no plain array (.npy)")
        if not packed and member.compress_type != zipfile.ZIP_STORED:
            raise FileError(path, f"{shown(name)} is compressed, expected it as it is")
        seen.add(name)


def _declared(archive: zipfile.ZipFile, path: str | Path) -> Declared:
    found: Declared = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        with archive.open(member) as file:
            told = _header(file.read(2 * _HEADER_MOST), name, path)
        _check_size(told, member.file_size, name, path)
        found[name] = told.dtype, told.shape
    return found


def _arrays(archive: zipfile.ZipFile, path: str | Path, most: int) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    left = most
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if member.file_size > left:
            raise FileError(path, f"unpacks to more than {most} bytes")
        with archive.open(member) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise FileError(path, f"unpacks to more than {most} bytes")
        arrays[name] = _array(content, name, path)
    return arrays


def _array(content: bytes, name: str, path: str | Path) -> np.ndarray:
    """The array of an NPY file whose size agrees with its header."""
    told = _header(content, name, path)
    _check_size(told, len(content), name, path)
    values = np.frombuffer(content, told.dtype, math.prod(told.shape), told.end)
    return values.reshape(told.shape, order="F" if told.fortran else "C").copy()


def _check_size(told: _Header, size: int, name: str, path: str | Path) -> None:
    """Whether a file of so many bytes is what its header says."""
    claimed, held, shape = math.prod(told.shape) * told.dtype.itemsize, size - told.end, told.shape
    if claimed != held or len(shape) > 32:
        told_of = f"{shown(shape)} of {told.dtype}, {shown(claimed)} bytes"
        raise FileError(path, f"{name} claims {told_of}; it holds {held}")
    if held == 0 and max(shape, default=0) > MOST_NODES:
        raise FileError(path, f"{name} claims the shape {shown(shape)}, and is empty")


def _header(content: bytes, name: str, path: str | Path) -> _Header:
    """What an NPY file of plain numbers or texts says of itself, as NumPy writes it.

    NumPy's own reader gives the text to the parser of Python, which a few thousand brackets break.
    """
    if content[:6] != b"\x93NUMPY":
        raise FileError(path, f"{name} is no array of NumPy")
    version = content[6], content[7]
    if version not in _LENGTHS:
        raise FileError(path, f"{name} has the array format {version}, expected (1, 0) or (2, 0)")
    length = struct.Struct(_LENGTHS[version])
    start, (size,) = 8 + length.size, length.unpack_from(content, 8)
    text = content[start : start + size].decode("latin-1") if size <= _HEADER_MOST else ""
    found = _HEADER.fullmatch(text)
    if found is None:
        raise FileError(path, f"{name} has the header {shown(text)}, expected that of an array")
    kind, order, sizes = found.groups()
    shape = tuple(map(int, sizes.rstrip(", ").split(","))) if sizes else ()
    if "O" in kind:
        raise FileError(path, f"{name}: Object arrays cannot be loaded, expected plain numbers")
    if not _PLAIN.fullmatch(kind) or min(shape, default=0) < 0:
        raise FileError(
            path, f"{name} has the type {kind} and shape {shown(shape)}, expected plain numbers"
        )
    return _Header(np.dtype(kind[1:-1]), shape, order == "True", start + size)


def one_line(error: object, most: int = 200) -> str:
    """What an error or a value says, in one line of at most so many characters.

    What is no printable character (of a terminal's commands, of the direction of writing) is
    replaced by U+FFFD.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


class _PlainLoader(Composer, Parser, SafeConstructor, Resolver):
    """YAML as plain data within limits; a repeated key, an alias or a tag is an error."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (add_implicit_resolver copies it)

    def __init__(self, text: str) -> None:
        Parser.__init__(self, text)
        for part in (Composer, SafeConstructor, Resolver):
            part.__init__(self)
        self._nodes = self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _problem(f"*{event.anchor} is an alias, expected plain values", event.start_mark)
        if event.tag is not None:
            raise _problem(f"{event.tag} is a tag, expected plain values", event.start_mark)
        self._nodes += 1
        self._depth += 1
        if self._nodes > MOST_NODES:
            raise _problem(f"more than {MOST_NODES} values", event.start_mark)
        if self._depth > DEEPEST:
            raise _problem(f"more than {DEEPEST} levels", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _problem("a key is no plain value", key.start_mark)
            if key.value in seen:
                raise _problem(f"'{one_line(key.value)}' is repeated", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _problem(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


_RESOLVERS = (  # whole numbers of more digits, dates and numbers to base 60 are texts
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"yes|no|on|off|true|false|Yes|No|On|Off|True|False", list("yYnNtTfFoO")),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+"
        r"|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
)
for _name, _pattern, _first in _RESOLVERS:
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), _first
    )
