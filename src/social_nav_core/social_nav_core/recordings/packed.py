"""How much a run of compressed bytes unpacks to at most, told from its blocks' headers alone.

The size that a file claims may be a lie, and who unpacks to see has the gigabytes already.  Blocks
of Zstandard (RFC 8878) hold at most 128 KiB, those of an LZ4 frame (its format 1.6) at most what
the frame says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

_ZSTD, _LZ4 = 0xFD2FB528, 0x184D2204
_ZSTD_BLOCK = 2**17  # [byte]
_LZ4_BLOCKS = {4: 2**16, 5: 2**18, 6: 2**20, 7: 2**22}  # [byte], by the number in the frame
_LEAST = 256  # that a block counts [byte], so that empty ones come to an end


class PackedError(ValueError):
    """Bytes are not what their format says, or too many when they are unpacked."""


def check_packed(file: BinaryIO, start: int, size: int, compression: str, most: int) -> None:
    """Raise `PackedError` when bytes of a file are damaged or may unpack to more than a limit.

    Args:
        file: that they are in.
        start: where they begin.
        size: of them [byte].
        compression: '' (none), 'zstd' or 'lz4'.
        most: the limit [byte].
    """
    if size > most:
        raise PackedError(f"has {size} bytes, expected at most {most}")
    if not compression:
        return
    if compression not in _FRAMES:
        raise PackedError(f"is compressed as {compression[:40]!r}, expected zstd or lz4")
    frame = _FRAMES[compression]
    run = _Run(file, start, start + size, most)
    while run.at < run.end:
        magic = run.number(4)
        if magic & 0xFFFFFFF0 == 0x184D2A50:  # of a frame that readers skip
            run.skip(run.number(4))
        else:
            frame(run, magic)


@dataclass
class _Run:
    """A place in a run of bytes, and how much may still be unpacked."""

    file: BinaryIO
    at: int
    end: int
    most: int
    unpacked: int = 0

    def number(self, size: int) -> int:
        self.file.seek(self.at)
        self.skip(size)
        return int.from_bytes(self.file.read(size), "little")

    def skip(self, size: int) -> None:
        self.at += size
        if self.at > self.end:
            raise PackedError("is cut off")

    def block(self, size: int, unpacked: int) -> None:
        self.skip(size)
        self.unpacked += max(unpacked, _LEAST)
        if self.unpacked > self.most:
            raise PackedError(f"unpacks to more than {self.most} bytes")


def _zstd_frame(run: _Run, magic: int) -> None:
    if magic != _ZSTD:
        raise PackedError("is not of Zstandard")
    about = run.number(1)
    alone = about >> 5 & 1
    dictionary, content = (0, 1, 2, 4)[about & 3], (alone, 2, 4, 8)[about >> 6]
    run.skip(1 - alone + dictionary + content)
    is_last = False
    while not is_last:
        told = run.number(3)
        is_last, kind, size = bool(told & 1), told >> 1 & 3, told >> 3
        if kind == 3:
            raise PackedError("is not of Zstandard")
        run.block(1 if kind == 1 else size, _ZSTD_BLOCK if kind == 2 else size)
    run.skip(4 * (about >> 2 & 1))


def _lz4_frame(run: _Run, magic: int) -> None:
    about, blocks = run.number(1), run.number(1) >> 4
    if magic != _LZ4 or about >> 6 != 1 or blocks not in _LZ4_BLOCKS:
        raise PackedError("is not an LZ4 frame")
    run.skip(8 * (about >> 3 & 1) + 4 * (about & 1) + 1)
    while told := run.number(4):
        size = told & 0x7FFFFFFF
        run.block(size + 4 * (about >> 4 & 1), _LZ4_BLOCKS[blocks] if told == size else size)
    run.skip(4 * (about >> 2 & 1))


_FRAMES: dict[str, Callable[[_Run, int], None]] = {"zstd": _zstd_frame, "lz4": _lz4_frame}
