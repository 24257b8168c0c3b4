"""Whether an MCAP file can be read within limits, told from its records' headers.

The format is https://mcap.dev/spec: records of a kind, a length and a content, in chunks that are
compressed, and an index of the chunks in a summary at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import BinaryIO

from social_nav_core.recordings.errors import LimitError
from social_nav_core.recordings.packed import PackedError, check_packed
from social_nav_core.recordings.profiles import KEY, Profiles

MOST_AT_ONCE = 2**28
"""Of the chunks that hold messages of the same time, unpacked, and of one message [byte]."""
MOST_TEXTS = 1_000_000
"""Of all definitions of messages and descriptions of topics in one file [byte]."""
_MOST_EXPANDED, _FREE = 100, 2**30
"""All chunks, unpacked, are at most so many times the file, and so many bytes more."""
_LARGEST_SUMMARY = 2**26  # [byte]
_LARGEST_RECORD = 2**20  # that is no message and no chunk [byte]
_MAGIC = b"\x89MCAP0\r\n"
_HEADER, _FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK = 1, 2, 3, 4, 5, 6
_CHUNK_INDEX, _STATISTICS, _SUMMARY_OFFSET = 8, 11, 14


@dataclass(frozen=True)
class _Chunk:
    start: int  # [ns]
    end: int
    at: int  # of its compressed bytes in the file
    packed: int  # [byte]
    unpacked: int  # [byte], as it claims
    compression: str


@dataclass
class _Section:
    """What is in a part of the file."""

    schemas: int = 0
    statistics: bool = False
    chunks: list[_Chunk] = field(default_factory=list)


def check_mcap(file: BinaryIO) -> None:
    """Raise `LimitError` when a file is no MCAP file, or reading it takes more than the limits."""
    try:
        _Mcap(file).check()
    except struct.error as error:
        raise LimitError("it is not an MCAP file: a record is too short") from error


class _Mcap:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        self._texts = 0
        self._profiles = Profiles()

    def check(self) -> None:
        start, end, has_summary = self._bounds()
        footer = self._size - 37
        if footer - end > _LARGEST_SUMMARY:
            raise LimitError(
                f"its summary has {footer - end} bytes, expected at most {_LARGEST_SUMMARY}"
            )
        summary = self._section(end, footer) if has_summary else _Section()
        chunks = summary.chunks
        if not chunks or not summary.schemas:
            data = self._section(start, end)
            if data.chunks and not (summary.schemas and (summary.statistics or chunks)):
                raise LimitError(
                    "it has no index, so that all of it would have to be unpacked to see what is "
                    "in it; write one with 'mcap recover' or 'ros2 bag reindex'"
                )
            chunks = chunks or data.chunks
        self._check_chunks(sorted(chunks, key=attrgetter("at")))

    def _bounds(self) -> tuple[int, int, bool]:
        """Where the data begin and end, and whether a summary follows."""
        head, tail = self._read(0, 17), self._read(max(self._size - 37, 0), 37)
        if head[:8] != _MAGIC or head[8:9] != bytes([_HEADER]):
            raise LimitError("it is not an MCAP file" if self._size else "it is empty")
        if tail[-8:] != _MAGIC or tail[:9] != bytes([_FOOTER]) + struct.pack("<Q", 20):
            raise LimitError("it is not a whole MCAP file: its end is missing; try 'mcap recover'")
        (length,), (summary,) = struct.unpack("<Q", head[9:]), struct.unpack("<Q", tail[9:17])
        start, footer = 17 + length, self._size - 37
        if length > _LARGEST_RECORD or not start <= (summary or footer) <= footer:
            raise LimitError("it is not an MCAP file: its parts are not where it says")
        return start, summary or footer, bool(summary)

    def _section(self, at: int, end: int) -> _Section:
        found = _Section()
        for kind, place, size in self._records(at, end):
            if kind in (_FOOTER, _SUMMARY_OFFSET):
                break
            if kind == _MESSAGE and size > MOST_AT_ONCE:
                raise LimitError(
                    f"a message has {size} bytes, expected at most {MOST_AT_ONCE}; record without "
                    "its topic"
                )
            if kind in (_SCHEMA, _CHANNEL):
                self._texts += size
                if self._texts > MOST_TEXTS:
                    raise LimitError(
                        f"its definitions of messages and topics take more than {MOST_TEXTS} "
                        "bytes; record fewer topics"
                    )
            if kind == _CHANNEL:
                self._check_channel(self._read(place, size))
            found.schemas += kind == _SCHEMA
            found.statistics |= kind == _STATISTICS
            if kind == _CHUNK:
                found.chunks.append(self._chunk(place, size))
            elif kind == _CHUNK_INDEX:
                found.chunks.append(self._indexed(place, size))
        return found

    def _records(self, at: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Kind, place and size of records."""
        while at < end:
            kind, size = struct.unpack("<BQ", self._read(at, 9))
            at += 9
            if at + size > self._size:
                raise LimitError(f"it is not an MCAP file: a record at byte {at} is cut off")
            yield kind, at, size
            at += size

    def _check_channel(self, content: bytes) -> None:
        place = 4
        for _ in ("topic", "encoding"):
            _, place = _text(content, place)
        end = place + 4 + struct.unpack_from("<I", content, place)[0]
        place += 4
        while place < end:
            key, place = _text(content, place)
            value, place = _text(content, place)
            if key == KEY:
                self._profiles.check(value)

    def _chunk(self, place: int, size: int) -> _Chunk:
        start, end, unpacked, _, length = struct.unpack("<QQQII", self._read(place, 32))
        name = self._name(place + 32, length)
        (packed,) = struct.unpack("<Q", self._read(place + 32 + length, 8))
        if 40 + length + packed > size:
            raise LimitError(f"it is not an MCAP file: a chunk at byte {place} is cut off")
        return _Chunk(start, end, place + 40 + length, packed, unpacked, name)

    def _indexed(self, place: int, size: int) -> _Chunk:
        if size > _LARGEST_RECORD:
            raise LimitError(f"an index has {size} bytes, expected at most {_LARGEST_RECORD}")
        start, end, chunk, _, channels = struct.unpack("<QQQQI", self._read(place, 36))
        place += 36 + channels + 8
        (length,) = struct.unpack("<I", self._read(place, 4))
        name = self._name(place + 4, length)
        packed, unpacked = struct.unpack("<QQ", self._read(place + 4 + length, 16))
        return _Chunk(start, end, chunk + 9 + 40 + length, packed, unpacked, name)

    def _name(self, place: int, length: int) -> str:
        """Of a compression."""
        if length > 40:
            raise LimitError(f"a compression's name has {length} bytes, expected zstd or lz4")
        return self._read(place, length).decode(errors="replace")

    def _check_chunks(self, chunks: list[_Chunk]) -> None:
        """Those of the file, in its order."""
        free = 0
        for chunk in chunks:
            if chunk.at < free or chunk.at + chunk.packed > self._size:
                raise LimitError("it is not an MCAP file: its chunks are not where it says")
            free = chunk.at + chunk.packed
            try:
                check_packed(self._file, chunk.at, chunk.packed, chunk.compression, MOST_AT_ONCE)
            except PackedError as error:
                raise LimitError(f"its chunk at byte {chunk.at} {error}") from error
        most = _MOST_EXPANDED * self._size + _FREE
        if (total := sum(chunk.unpacked for chunk in chunks)) > most:
            raise LimitError(f"it unpacks to {total} bytes, expected at most {most}")
        if (held := _most_at_once(chunks)) > MOST_AT_ONCE:
            raise LimitError(
                f"{held} bytes of it, unpacked, are of the same time, expected at most "
                f"{MOST_AT_ONCE}; record in smaller chunks, or without the largest topics"
            )

    def _read(self, place: int, size: int) -> bytes:
        self._file.seek(min(place, self._size))
        return self._file.read(size)


def _text(content: bytes, place: int) -> tuple[str, int]:
    """A text, and where the next begins."""
    start = place + 4
    end = start + struct.unpack_from("<I", content, place)[0]
    return content[start:end].decode(errors="replace"), end


def _most_at_once(chunks: list[_Chunk]) -> int:
    """Bytes of the chunks that a reader in the order of time has at the same time."""
    steps = [(chunk.start, 0, chunk.unpacked) for chunk in chunks]
    steps += [(max(chunk.start, chunk.end), 1, -chunk.unpacked) for chunk in chunks]
    held = most = 0
    for _, _, change in sorted(steps):
        held += change
        most = max(most, held)
    return most
