"""Recordings that somebody made to do harm: refused in one line, at once, with no memory."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from refused_recordings import both_refuse
from social_nav_core.__main__ import main
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.recordings import opening
from social_nav_core.recordings.bag import read_bag
from social_nav_core.recordings.errors import DataError
from social_nav_core.recordings.packed import PackedError, check_packed
from social_nav_core.recordings.trajectories import Trajectories
from social_nav_core.recordings.writers import write_bag

rosbag2 = pytest.importorskip("rosbags.rosbag2", reason="recordings need the package rosbags")
lz4 = pytest.importorskip("lz4.frame", reason="recordings need the package rosbags")
MAGIC = b"\x89MCAP0\r\n"
PEOPLE = "social_nav_msgs/msg/SocialPersonArray"


def record(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + struct.pack("<Q", len(body)) + body


def text(content: str | bytes) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return struct.pack("<I", len(data)) + data


def schema(definition: str = "uint8 x") -> bytes:
    return record(3, struct.pack("<H", 1) + text(PEOPLE) + text("ros2msg") + text(definition))


CHANNEL = record(4, struct.pack("<HH", 1, 1) + text("/social_people") + text("cdr") + text(""))
STATISTICS = record(11, struct.pack("<QHIIIIQQI", 1, 1, 1, 0, 0, 1, 0, 1, 0))
SUMMARY = schema() + CHANNEL + STATISTICS


@dataclass(frozen=True)
class Chunk:
    """Of an MCAP file; the size is what it says of itself."""

    packed: bytes
    size: int
    compression: str = "zstd"
    start: int = 0
    end: int = 9

    def written(self) -> bytes:
        head = struct.pack("<QQQI", self.start, self.end, self.size, 0) + text(self.compression)
        return record(6, head + struct.pack("<Q", len(self.packed)) + self.packed)

    def index(self, at: int) -> bytes:
        head = struct.pack("<QQQQ", self.start, self.end, at, len(self.written()))
        head += struct.pack("<IHQQ", 10, 1, 0, 0) + text(self.compression)
        return record(8, head + struct.pack("<QQ", len(self.packed), self.size))


def mcap(
    chunks: list[Chunk], summary: bytes = SUMMARY, indexed: bool = True, twice: bool = False
) -> bytes:
    data = MAGIC + record(1, text("ros2") + text("test"))
    index = b""
    for chunk in chunks:
        index += chunk.index(len(data)) * (1 + twice)
        data += chunk.written()
    data += record(15, bytes(4))
    summary += index if indexed else b""
    footer = struct.pack("<QQI", len(data) if summary else 0, 0, 0)
    return data + summary + record(2, footer) + MAGIC


def zeros(count: int) -> bytes:
    """A frame of Zstandard that unpacks to so many blocks of 128 KiB, in 4 bytes each."""
    block = struct.pack("<I", (2**17 << 3) | (1 << 1))[:3] + b"\0"
    last = struct.pack("<I", 1)[:3]
    return bytes.fromhex("28b52ffd0038") + block * count + last


def lz4_zeros(count: int) -> bytes:
    """An LZ4 frame of so many blocks of 4 MiB."""
    whole = lz4.compress(bytes(2**22), block_size=lz4.BLOCKSIZE_MAX4MB, store_size=False)
    return bytes(whole[:7] + whole[7:-4] * count + bytes(4))


def refusal(path: Path) -> str:
    """What both readers say, in one line that names the file."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = both_refuse(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # [KiB]
    return told


def people() -> Trajectories:
    times = np.arange(0.0, 3.0, 0.1)
    poses = np.zeros((len(times), 2, 3))
    poses[:, 1, 0] = 2.0
    group = np.full((len(times), 2), -1)
    return Trajectories(times, ("a", "b"), poses, np.zeros(group.shape), group, "made")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording."""
    folder = tmp_path_factory.mktemp("good") / "bag"
    write_bag(folder, people())
    return folder


def rewritten(good: Path, folder: Path, plugin: str, compression: str = "") -> Path:
    """The same messages, in another storage."""
    new = rosbag2.Writer(folder, version=9, storage_plugin=rosbag2.StoragePlugin[plugin])
    if compression:
        new.set_compression(rosbag2.CompressionMode[compression], rosbag2.CompressionFormat.ZSTD)
    with rosbag2.Reader(good) as reader, new as writer:
        (told,) = reader.connections
        connection = writer.add_connection(
            told.topic, told.msgtype, msgdef=told.msgdef.data, rihs01=told.digest
        )
        for _, time, data in reader.messages():
            writer.write(connection, time, data)
    return folder


def by_hand(good: Path, compression: str, more: str = "") -> bytes:
    """The same messages in an MCAP file of one chunk, or of none, with more in their definition."""
    with rosbag2.Reader(good) as reader:
        definition = reader.connections[0].msgdef.data
        messages = [
            record(5, struct.pack("<HIQQ", 1, 0, time, time) + data)
            for _, time, data in reader.messages()
        ]
    top, line, rest = definition.partition(80 * "=")
    summary = (
        schema(top + more.partition("&")[0] + line + rest + more.partition("&")[2])
        + CHANNEL
        + STATISTICS
    )
    if compression == "unchunked":
        whole = mcap([], summary)
        at = len(MAGIC + record(1, text("ros2") + text("test")))
        body = whole[:at] + b"".join(messages) + record(15, bytes(4))
        return body + summary + record(2, struct.pack("<QQI", len(body), 0, 0)) + MAGIC
    raw = b"".join(messages)
    packed = lz4.compress(raw) if compression == "lz4" else raw
    return mcap([Chunk(packed, len(raw), compression, 0, 3 * 10**9)], summary)


@pytest.mark.parametrize("kind", ["MCAP", "STORAGE", "SQLITE3"])
def test_good_recordings_are_read(good: Path, tmp_path: Path, kind: str) -> None:
    storage = ("MCAP", "STORAGE") if kind == "STORAGE" else (kind,)
    folder = rewritten(good, tmp_path / "bag", *storage)
    (file,) = (path for path in folder.iterdir() if path.name != "metadata.yaml")
    for path in (folder, file):
        np.testing.assert_allclose(read_bag(path).poses, people().poses)


@pytest.mark.parametrize("compression", ["", "lz4", "unchunked"])
def test_files_of_other_writers_are_read(good: Path, tmp_path: Path, compression: str) -> None:
    path = tmp_path / "other.mcap"
    path.write_bytes(by_hand(good, compression))
    np.testing.assert_allclose(read_bag(path).poses, people().poses)


EMPTY = "\n" + 80 * "=" + "\nMSG: x/E\n"


@pytest.mark.parametrize(
    "more",
    [
        "string[200000] a\n",
        f"x/E[101] a\n&{EMPTY}std_msgs/Header[101] b\n",
        f"x/E a\n&{EMPTY}x/E[1] b\n",
    ],
    ids=["texts", "nested", "in itself"],
)
def test_definitions_that_become_endless_code_are_refused(
    good: Path, tmp_path: Path, more: str
) -> None:
    path = tmp_path / "definition.mcap"
    path.write_bytes(by_hand(good, "", more))
    with pytest.raises(DataError, match="has arrays of more than 1000 texts and messages"):
        read_bag(path)
    path.write_bytes(by_hand(good, "", more.replace("200000", "20").replace("101", "10")))
    if "x/E[1]" not in more:
        with pytest.raises(DataError, match="not a recording that can be read"):
            read_bag(path)  # as its messages have no more


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
@pytest.mark.parametrize("size", [0, 1, 100, 70_000, 400_000])
def test_blocks_tell_how_much_they_unpack_to(compression: str, size: int) -> None:
    """Never less than it is, and at most a block more."""
    zstd = pytest.importorskip("backports.zstd")
    rng = np.random.default_rng(size)
    raw = rng.integers(0, 4, size, np.uint8).tobytes() + bytes(size)
    pack = zstd.compress if compression == "zstd" else lz4.compress
    packed = pack(raw) + pack(raw)
    file = BytesIO(b"before" + packed + b"after")
    check_packed(file, 6, len(packed), compression, 2 * len(raw) + 2 * 2**18)
    if size:
        with pytest.raises(PackedError, match="unpacks to more than"):
            check_packed(file, 6, len(packed), compression, max(2 * len(raw) - 1, len(packed)))
    with pytest.raises(PackedError, match=r"is (cut off|not )"):
        check_packed(file, 6, len(packed) - 1, compression, 2**30)


def test_the_bombs_here_are_good_frames() -> None:
    zstd = pytest.importorskip("backports.zstd")
    assert zstd.decompress(zeros(3)) == bytes(3 * 2**17)
    assert lz4.decompress(lz4_zeros(2)) == bytes(2 * 2**22)


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([Chunk(zeros(6000), 6000 * 2**17)], "chunk at byte 86 unpacks to more than 268435456"),
        ([Chunk(zeros(6000), 1000)], "unpacks to more than 268435456 bytes"),
        ([Chunk(zeros(9) + zeros(6000), 1000)], "unpacks to more than 268435456 bytes"),
        ([Chunk(lz4_zeros(70), 1000, "lz4")], "unpacks to more than 268435456 bytes"),
        ([Chunk(zeros(1000), 1000 * 2**17)] * 3, "393216000 bytes of it, unpacked, are of the"),
        (
            [Chunk(zeros(1000), 1000 * 2**17, start=i, end=i) for i in range(9)],
            "it unpacks to 1179648000 bytes, expected at most",
        ),
        ([Chunk(zeros(1)[:-1], 2**17)], "is cut off"),
        ([Chunk(b"no frame", 2**17)], "is not of Zstandard"),
        ([Chunk(b"no frame", 2**17, "lz4")], "is not an LZ4 frame"),
        ([Chunk(b"no frame", 2**17, "snappy")], "is compressed as 'snappy', expected zstd or lz4"),
        ([Chunk(b"no frame", 2**17, 60 * "x")], "compression's name has 60 bytes"),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("indexed", [True, False])
def test_chunks_that_take_too_much_are_refused(
    tmp_path: Path, chunks: list[Chunk], words: str, indexed: bool
) -> None:
    path = tmp_path / "bomb.mcap"
    path.write_bytes(mcap(chunks, indexed=indexed))
    assert path.stat().st_size < 2_000_000
    assert words in refusal(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"no recording, but a text", "it is not an MCAP file"),
        (mcap([Chunk(b"", 0, "")])[:-3], "its end is missing; try 'mcap recover'"),
        (MAGIC + b"\x01" + struct.pack("<Q", 2**40) + mcap([])[17:], "parts are not where it says"),
        (mcap([Chunk(zeros(1), 2**17)], twice=True), "chunks are not where it says"),
        (mcap([Chunk(zeros(1), 2**17)], b"", False), "it has no index"),
        (mcap([Chunk(zeros(1), 2**17)], STATISTICS), "it has no index"),
        (mcap([], schema(1_000_000 * " ") + CHANNEL + STATISTICS), "take more than 1000000 bytes"),
        (mcap([], SUMMARY + record(3, b"")[:1] + struct.pack("<Q", 2**60)), "is cut off"),
    ],
    ids=["empty", "text", "cut", "header", "twice", "no summary", "no schemas", "texts", "record"],
)
def test_what_is_no_good_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.mcap"
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_message_that_is_enormous_is_refused(tmp_path: Path) -> None:
    """In a sparse file, which takes no place on the disk."""
    path = tmp_path / "large.mcap"
    whole, size = mcap([]), 2**28 + 1
    at = len(MAGIC + record(1, text("ros2") + text("test")))
    with path.open("wb") as file:
        file.write(whole[:at] + b"\x05" + struct.pack("<Q", size))
        file.seek(size, 1)
        start = file.tell()
        file.write(SUMMARY + record(2, struct.pack("<QQI", start, 0, 0)) + MAGIC)
    assert "a message has 268435457 bytes, expected at most 268435456" in refusal(path)


def test_only_regular_files_are_read(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "f.mcap")
    (tmp_path / "z.mcap").symlink_to("/dev/zero")
    (tmp_path / "d.mcap").mkdir()
    (tmp_path / "one.bag").write_bytes(b"#ROSBAG V2.0\n")
    for name in ("f.mcap", "z.mcap"):
        assert "it is a folder, device, pipe or socket, expected a file" in refusal(tmp_path / name)
    out = str(tmp_path / "out")
    for command in (["score", "proxemics"], ["evaluate", "--out", out, "--bag"]):
        assert main([*command, str(tmp_path / "f.mcap")]) != 0
        assert "f.mcap: not a recording that can be read: it is a" in capsys.readouterr().err
    assert "no metadata.yaml in the folder" in refusal(tmp_path / "d.mcap")
    with pytest.raises(DataError, match="expected the folder of a recording, or a"):
        read_run(tmp_path / "one.bag", "avoid")
    folder = shutil.copytree(good, tmp_path / "bag")
    (folder / "bag.mcap").unlink()
    os.mkfifo(folder / "bag.mcap")
    assert "expected a file" in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("compression_mode: ''", "compression_mode: FILE", "is 'FILE', expected none or storage"),
        ("compression_mode: ''", "compression_mode: message", "is 'message', expected none or"),
        ("storage_identifier: mcap", "storage_identifier: other", "storage_identifier is 'other'"),
        ("- bag.mcap", "- bag.mcap\n  - [bag.mcap]", "relative_file_paths is"),
        ("rosbag2_bagfile_information:", "other:", "has no rosbag2_bagfile_information"),
        ("- bag.mcap", f"- bag.mcap\n  - {300_000 * 'x'}", "expected at most 200000; give the"),
        ("- bag.mcap", "- &a bag.mcap\n  - *a", "is an alias, expected plain values; give the"),
        ("- bag.mcap", 10_001 * "- bag.mcap\n  ", "has 10001 files, expected at most 10000"),
    ],
    ids=range(8),
)
def test_metadata_of_a_folder(good: Path, tmp_path: Path, old: str, new: str, words: str) -> None:
    folder = shutil.copytree(good, tmp_path / "bag")
    about = folder / "metadata.yaml"
    whole = about.read_text(encoding="utf-8")
    assert old in whole, whole
    about.write_text(whole.replace(old, new), encoding="utf-8")
    assert words in refusal(folder)


def test_more_messages_than_a_memory_holds_are_refused(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MOST_TAKEN", 20_000)
    with pytest.raises(DataError, match="its messages on '/social_people' take more than 20000"):
        read_bag(good)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER TABLE messages ADD x BLOB AS (zeroblob(1000000000))", "b'messages' in it is comp"),
        ("CREATE VIEW a AS SELECT 1", "b'a' in it is computed, expected plain tables"),
        ("CREATE TRIGGER a AFTER INSERT ON topics BEGIN SELECT 1; END", "b'a' in it is computed"),
        (
            "UPDATE topics SET offered_qos_profiles = hex(zeroblob(600000))",
            "'topics' has 1200126 bytes, expected at most 1000000",
        ),
        ("DROP TABLE messages", "it has no table 'messages'"),
        ("ALTER TABLE messages RENAME data TO x", "no such column: data"),
    ],
    ids=range(6),
)
def test_databases_that_compute_are_refused(
    good: Path, tmp_path: Path, change: str, words: str
) -> None:
    folder = rewritten(good, tmp_path / "bag", "SQLITE3")
    base = sqlite3.connect(folder / "bag.db3")
    base.execute(change)
    base.commit()
    base.close()
    assert words in refusal(folder / "bag.db3")


def test_a_row_of_no_size_is_refused(good: Path, tmp_path: Path) -> None:
    """Found by fuzzing: SQLite says of it that memory is short."""
    file = rewritten(good, tmp_path / "bag", "SQLITE3") / "bag.db3"
    whole = file.read_bytes()
    at = whole.index(PEOPLE.encode() + b"ros2msg")
    file.write_bytes(whole[: at - 10] + b"\xff" * 18 + whole[at + 8 :])
    assert "more memory than there is" in refusal(file)


@pytest.mark.parametrize("kind", ["STORAGE", "SQLITE3"])
def test_damage_beyond_the_headers_is_one_line(good: Path, tmp_path: Path, kind: str) -> None:
    """Found by fuzzing: what the packages below rosbags raise came through."""
    storage = ("MCAP", "STORAGE") if kind == "STORAGE" else (kind,)
    folder = rewritten(good, tmp_path / "bag", *storage)
    (file,) = (path for path in folder.iterdir() if path.name != "metadata.yaml")
    whole, found = file.read_bytes(), 0
    for at in range(20, len(whole), len(whole) // 25):
        file.write_bytes(whole[:at] + b"\xff\xa5\x5a" + whole[at + 3 :])
        try:
            read_bag(file)
        except DataError as error:
            assert str(error).startswith(str(file)) and "\n" not in str(error)
            found += 1
    assert found >= 2


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    named = "a?mode=rwc.db3"
    for name, content in (("a.db3", b"no database" * 100), ("b.db3", b""), (named, b"")):
        (tmp_path / name).write_bytes(content)
        refused = refusal(tmp_path / name)
        assert ("has one of ? # %" in refused) == (name == named)
