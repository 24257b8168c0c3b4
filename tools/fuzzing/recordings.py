"""Recordings that are nearly good: MCAP files of chunks that lie, databases, metadata."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
import tempfile
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

from social_nav_core.recordings.bag import read_bag

from fuzzing import mutation
from fuzzing.choices import Choices

_MAGIC = b"\x89MCAP0\r\n"
_MODULE = (
    "module social_nav_msgs {{ module msg {{ {}struct SocialPersonArray {{ long x; }}; }}; }};"
)
_DEFINITIONS = (
    *("uint8 x\n", "string[200000] x\n", "std_msgs/Header h\n", "x/E[999] x\n"),
    *("float64 X=1e999\n", "float64 x nan\n", "uint8 __class__\n", "uint8 class\n"),
    *(f"{80 * '='}\nMSG: 1/2\nuint8 y\n", f"{80 * '='}\nMSG: x/E\nuint8 y\n"),
    *("uint8 X=" + "9" * 5000 + "\n", "string S='\\'\n"),
    *(_MODULE.format(more) for more in ("", "const long A = ((1));", "const long A = 1 << 99999;")),
)
_QUALITIES = (
    *("", "- history: 3\n  depth: 0\n", "{},", "[{}, 1]", "[", "- - ", "&a [*a]", "? a\n"),
    "a: &a {x: 1}\n"
    + "".join(f"{b}: &{b} {{<<: [{9 * f'*{a},'}]}}\n" for a, b in pairwise("abcdefghij")),
    "!!python/name:os.system x",
)
_COMMANDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("UPDATE topics SET offered_qos_profiles = ?", _QUALITIES),
    ("UPDATE topics SET offered_qos_profiles = CAST(? AS BLOB)", _QUALITIES),
    ("UPDATE message_definitions SET encoded_message_definition = ?", _DEFINITIONS),
    ("UPDATE message_definitions SET encoding = ?", ("ros2idl", "ros2msg", "", "x")),
    ("UPDATE topics SET type = ?", ("nav_msgs/msg/Path", "x", "")),
    ("UPDATE messages SET timestamp = ?", ("x", "-1", "9" * 18)),
    ("UPDATE messages SET data = ?", ("", "x", "\x00\x01\x00\x00")),
    ("UPDATE schema SET schema_version = ?", ("1", "2", "3", "9", "x")),
    ("CREATE VIEW IF NOT EXISTS v AS SELECT 1", ("",)),
    ("DELETE FROM topics", ("",)),
)
_NUMBERS = (0, 1, 9, 1000, 2**17, 2**20, 2**27, 2**28, 2**31, 2**40, 2**63, 2**64 - 1)


def mcap_case(choices: Choices, seeds: tuple[bytes, ...]) -> bytes:
    """A file with other bytes, or one whose chunks or definitions are not what they say."""
    kind = choices.below(4)
    if kind > 1:
        return mutation.changed_bytes(choices, choices.pick(seeds))
    data = _MAGIC + _record(1, _text("ros2") + _text("fuzzing"))
    index = b""
    for _ in range(choices.below(5) if kind else 0):
        compression, packed = choices.pick(("zstd", "lz4", "", "x")), _packed(choices)
        start, end, size = (choices.pick(_NUMBERS) for _ in range(3))
        chunk = struct.pack("<QQQI", start, end, size, 0) + _text(compression)
        chunk = _record(6, chunk + struct.pack("<Q", len(packed)) + packed)
        about = struct.pack("<QQQQIHQQ", start, end, len(data), len(chunk), 10, 1, 0, 0)
        about += _text(compression) + struct.pack("<QQ", len(packed), size)
        index += _record(8, about) * (1 + choices.one_in(8))
        data += chunk
    summary = _summary(choices) + index * (not choices.one_in(4))
    footer = _record(2, struct.pack("<QQI", len(data) if summary else 0, 0, 0))
    return data + summary + footer + _MAGIC


def _summary(choices: Choices) -> bytes:
    """Some of a definition, a topic and statistics."""
    name = choices.pick(("social_nav_msgs/msg/SocialPersonArray", "nav_msgs/msg/OccupancyGrid"))
    encoding = choices.pick(("ros2msg", "ros2idl", "ros2msg", "omgidl", "", "x"))
    definition = choices.pick(_DEFINITIONS) * 10 ** choices.below(5)
    if choices.one_in(3):
        definition = mutation.changed_bytes(choices, definition.encode()).decode(errors="replace")
    qualities = choices.pick(_QUALITIES) * 10 ** choices.below(5)
    about = _text("offered_qos_profiles") + _text(qualities[:900_000])
    about = struct.pack("<I", choices.pick((len(about), 0, 2**31))) + about
    if choices.one_in(3):
        about = mutation.changed_bytes(choices, about)
    topic = struct.pack("<HH", 1, 1) + _text("/map") + _text("cdr") + about
    made = (
        _record(3, struct.pack("<H", 1) + _text(name) + _text(encoding) + _text(definition)),
        _record(4, topic),
        _record(11, struct.pack("<QHIIIIQQI", 1, 1, 1, 0, 0, 1, 0, 1, 0)),
    )
    return b"".join(part for part in made if not choices.one_in(6))


def _packed(choices: Choices) -> bytes:
    """Blocks of Zstandard that unpack to 128 KiB each, or of an LZ4 frame; some are cut."""
    count = choices.pick((0, 1, 10, 1000, 100_000))
    if choices.below(2):
        data = bytes.fromhex("28b52ffd0038") + b"\x02\x00\x10\x00" * count + b"\x01\x00\x00"
    else:
        data = bytes.fromhex("04224d186070730a000080") + bytes(10) * count + bytes(4)
    return data[: choices.below(len(data))] if choices.one_in(4) else data


def _record(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + struct.pack("<Q", len(body)) + body


def _text(content: str) -> bytes:
    data = content.encode()
    return struct.pack("<I", len(data)) + data


def database_case(choices: Choices, seed: bytes) -> bytes:
    """A database with other bytes, or one of other tables or texts."""
    if choices.below(3):
        return mutation.changed_bytes(choices, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.db3"
        path.write_bytes(seed)
        with closing(sqlite3.connect(path)) as base:
            base.execute("PRAGMA synchronous = OFF")
            for _ in range(1 + choices.below(3)):
                command, texts = choices.pick(_COMMANDS)
                text = choices.pick(texts) * 10 ** choices.below(5)
                with suppress(sqlite3.IntegrityError), base:  # a key that is no number
                    base.execute(command, (text[:900_000],) * command.count("?"))
        return path.read_bytes()


def metadata(good: bytes) -> tuple[bytes, ...]:
    """The metadata of a recording as it is, and with qualities of service in texts."""
    line = b"offered_qos_profiles: []"
    if line not in good:
        raise ValueError(f"no {line!r} in the metadata of a recording")
    told = [json.dumps(text).encode() for text in _QUALITIES]
    return (good, *(good.replace(line, line[:-2] + text) for text in told))


def read_folder(metadata: Path, good: Path) -> object:
    """The recording beside a folder's metadata, which are others."""
    folder = metadata.parent / "of_metadata"
    if not folder.exists():
        shutil.copytree(good, folder)
    shutil.copy(metadata, folder / "metadata.yaml")
    return read_bag(folder)
