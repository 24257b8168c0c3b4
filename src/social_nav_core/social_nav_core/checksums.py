"""Checksums (SHA-256) of model files: written with them, checked whenever they are read.

They tell a damaged or half-edited file from a whole one; against somebody who forges a file they
are no protection.

A YAML file has the line ``sha256: <64 hexadecimal digits>``, over all of its other bytes.  Whoever
writes a model by hand leaves the line out, and the file is read without the check; a checksum that
is written otherwise (quoted, in braces, with a comment) is refused.  An NPZ file
has the field ``sha256``, over the names, types, shapes and values of all others, and always needs
it.  An ONNX file has the property ``sha256`` in its metadata, over the whole file with these 64
digits read as zeros; networks that others made have none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from social_nav_core.input_files import FileError, shown

FIELD = "sha256"
NO_CHECKSUM = b"0" * 64
"""What a network's file has in place of its checksum while that is computed."""
_LINE = re.compile(rb"^sha256:[^\r\n]*(?:\r?\n|\Z)", re.MULTILINE)
_PROPERTY = re.compile(rb"sha256\x12\x40([0-9a-f]{64})")
_VALUE = re.compile(rb"sha256: +([0-9a-f]{64})[ \t]*\r?\n?")


def sealed(content: bytes) -> bytes:
    """YAML text with the line of its checksum, at its top; a former such line is replaced."""
    rest = _LINE.sub(b"", content)
    return f"sha256: {hashlib.sha256(rest).hexdigest()}\n".encode() + rest


def check_seal(content: bytes, path: str | Path) -> bool:
    """Whether YAML text has the line of a checksum; `FileError` when that is not its own."""
    lines = _LINE.findall(content)
    if not lines:
        return False
    told = _VALUE.fullmatch(lines[0])
    if len(lines) > 1 or told is None:
        got = f"there {len(lines)} times" if len(lines) > 1 else shown(lines[0].decode("latin-1"))
        raise FileError(path, f"sha256 is {got}, expected one line of 64 hexadecimal digits")
    _compare(told.group(1).decode(), hashlib.sha256(_LINE.sub(b"", content)).hexdigest(), path)
    return True


def sealed_network(content: bytes) -> bytes:
    """An ONNX file whose property ``sha256`` was `NO_CHECKSUM`, with its checksum there."""
    head, _, tail = content.rpartition(NO_CHECKSUM)
    return head + hashlib.sha256(content).hexdigest().encode() + tail


def network_seal(content: bytes) -> tuple[str, str] | None:
    """The checksum that an ONNX file tells, and its own; None when it does not tell one."""
    found: list[bytes] = _PROPERTY.findall(content)
    if len(found) != 1:
        return None
    return found[0].decode(), hashlib.sha256(content.replace(found[0], NO_CHECKSUM)).hexdigest()


def check_network(content: bytes, path: str | Path) -> bool:
    """Whether an ONNX file tells its checksum; raise `FileError` when that is not its own."""
    seal = network_seal(content)
    if seal is not None:
        _compare(*seal, path)
    return seal is not None


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """Checksum of named arrays, whatever their order; the field ``sha256`` does not count."""
    digest = hashlib.sha256()
    for name in sorted(set(arrays) - {FIELD}):
        values = np.asarray(arrays[name])
        values = values.astype(values.dtype.newbyteorder("<"))
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def check_arrays(arrays: Mapping[str, np.ndarray], path: str | Path) -> None:
    """Raise `FileError` when the field ``sha256`` is missing or not that of the others."""
    if FIELD not in arrays:
        raise FileError(path, f"field {FIELD} is missing, expected the checksum of the others")
    _compare(str(arrays[FIELD]), digest_of(arrays), path)


def _compare(told: str, own: str, path: str | Path) -> None:
    if told != own:
        raise FileError(
            path,
            f"sha256 is {shown(told[:16])}, that of the content begins with '{own[:16]}': the file "
            "was changed or damaged",
        )
