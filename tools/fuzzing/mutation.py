"""Bad files from good ones: changed bytes, changed values, and headers that lie."""

from __future__ import annotations

import copy
import gzip
import io
import json
import struct
import tarfile
import zipfile
from typing import Any

import numpy as np
import yaml

from fuzzing.choices import Choices

TOKENS = (
    *(b"nan", b"inf", b"-1", b"0", b"1e999", b"-1e308", b"5e-324", b"9" * 400, b"true", b"null"),
    *(b"[" * 60, b"{" * 60, b"&a [*a, *a]", b"*a", b"!!python/object:os.system", b"\x00", b"\xff"),
    *(
        b"\n",
        b"\r",
        b",",
        b":",
        b"'",
        b'"',
        b"# ",
        b"---\n",
        b"- ",
        b"\t",
        b"sha256: 0\n",
        b"1:2:3",
    ),
    *(b"2001-99-99", b"<<: *a", b"? [a]\n: b", b"a" * 300, b"../", b"/dev/zero", b"~"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 2**60, 0.0, -0.0, 1e300, 5e-324, float("nan"), float("inf")),
    *("", "x", "nan", "robot", "x" * 400, [], [[]], {}, {"a": 1}, [1, 2], [1, 2, 3], [0.0] * 50),
    *([[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]], 7.1, 100, 1e-9, "anna", "map"),
)


def changed_bytes(choices: Choices, data: bytes) -> bytes:
    """Data with up to four changes: cut, doubled, exchanged or with a token put in."""
    for _ in range(1 + choices.below(4)):
        at = choices.below(len(data) + 1)
        length = choices.below(min(len(data) - at, 64) + 1)
        kind = choices.below(7)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + data[at + length :]
        elif kind == 2:
            data = data[: at + length] + data[at:]
        elif kind == 3:
            data = data[:at] + choices.take(length) + data[at + length :]
        elif kind == 4 and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << choices.below(8))]) + data[at + 1 :]
        else:
            data = data[:at] + choices.pick(TOKENS) + data[at + length :]
    return data


def changed_tree(choices: Choices, tree: Any) -> Any:
    """A tree of mappings and lists in which up to three values are others, gone or doubled."""
    tree = json.loads(json.dumps(tree))
    for _ in range(1 + choices.below(3)):
        holder, key = _place(choices, tree)
        if holder is None:
            return _value(choices)
        kind = choices.below(6)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[choices.text()] = holder.pop(key)
        elif kind == 1:
            holder.append(holder[key])
        elif kind == 2:
            holder[key] = choices.real()
        else:
            holder[key] = _value(choices)
    return tree


def _value(choices: Choices) -> Any:
    """One of `VALUES` for this tree alone: it may be changed further."""
    return copy.deepcopy(choices.pick(VALUES))


def _place(choices: Choices, tree: Any) -> tuple[Any, Any]:
    holder, key = None, None
    while isinstance(tree, (dict, list)) and tree:
        holder, key = tree, choices.pick(list(tree) if isinstance(tree, dict) else range(len(tree)))
        tree = holder[key]
        if choices.one_in(4):
            break
    return holder, key


def as_yaml(tree: Any) -> bytes:
    """YAML text of a tree; JSON is YAML, and faster to write."""
    try:
        return json.dumps(tree).replace("NaN", ".nan").replace("Infinity", ".inf").encode()
    except (ValueError, RecursionError):
        return yaml.safe_dump(tree).encode()


def changed_arrays(choices: Choices, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of which up to two have other values, types or shapes, or are gone."""
    arrays = dict(arrays)
    for _ in range(1 + choices.below(2)):
        if not arrays:
            break
        name = choices.pick(sorted(arrays))
        values, kind = arrays[name], choices.below(9)
        if kind == 0:
            del arrays[name]
        elif kind == 1:
            arrays[name] = values[..., :0] if values.ndim else np.zeros((0, 3))
        elif kind == 2:
            arrays[name] = values.reshape(-1, 1)
        elif kind == 3:
            kinds = ("f4", "i8", "u1", "S3", "U5", "c16", "?")
            if values.dtype.kind not in "US":
                arrays[name] = values.astype(choices.pick(kinds))
        elif kind == 4:
            arrays[name] = np.array(choices.pick((0, -1, 2**60, 1e300, np.nan, "x", True)))
        elif kind == 5:
            arrays[choices.text() or "empty"] = values
        elif kind == 6 and values.dtype.kind == "f" and values.size:
            values = values.copy()
            values.flat[choices.below(values.size)] = choices.real()
            arrays[name] = values
        elif kind == 7 and values.dtype.kind in "iu" and values.size:
            values = values.copy()
            low, high = np.iinfo(values.dtype).min, np.iinfo(values.dtype).max
            values.flat[choices.below(values.size)] = choices.pick((low, high, 0, 1))
            arrays[name] = values
        else:
            arrays[name] = np.concatenate([values.ravel()] * 2)
    return arrays


def as_npz(choices: Choices, arrays: dict[str, np.ndarray]) -> bytes:
    """An NPZ file; in one of six cases with a header that claims more than there is."""
    lie = choices.one_in(6)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if choices.one_in(2) else 0) as archive:
        for name, values in arrays.items():
            if not (lie and name == "centers"):
                archive.writestr(f"{name}.npy".replace("\x00", "0"), _npy(values))
        if lie:
            archive.writestr("centers.npy", _lying_npy(choices))
    data = stream.getvalue()
    return _other_directory(choices, data) if choices.one_in(12) else data


_PLACES = (6, 8, 10, 16, 20, 24, 28, 30, 32, 36, 42)  # of numbers in an entry of a directory


def _other_directory(choices: Choices, data: bytes) -> bytes:
    """An archive whose directory says something else, in one place, of a member."""
    start, end = data.rfind(b"PK\x01\x02"), data.rfind(b"PK\x05\x06")
    if start < 0:
        return data
    entry, tail = bytearray(data[start:end]), bytearray(data[end:])
    if choices.one_in(2):  # 64 bits, which follow the entry
        far = choices.pick((2**63, 2**64 - 1, 2**62, 2**32, 0, 1))
        more = struct.pack("<HHQ", 1, 8, far)
        (length,) = struct.unpack_from("<H", entry, 28)
        entry[46 + length : 46 + length] = more
        struct.pack_into("<H", entry, 30, len(more))
        struct.pack_into("<I", entry, choices.pick((20, 24, 42)), 2**32 - 1)
        struct.pack_into("<I", tail, 12, struct.unpack_from("<I", tail, 12)[0] + len(more))
    else:
        number = choices.pick((0, 1, 99, 2**15, 2**16 - 1))
        struct.pack_into("<H", entry, choices.pick(_PLACES), number)
    return data[:start] + bytes(entry) + bytes(tail)


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(values), allow_pickle=False)
    return stream.getvalue()


_DTYPES = (
    *("<f8", "|O", "<U100000000", "<f8, <f8", "V8", "|S0", "<U0", "<m8", "|S1", "<U999999999", "?"),
    *("<f8,*9", "|S99999999999", "f" * 300),
)
_HEADERS = (
    *("(" * 9000, "{'descr': " + "-" * 9900 + "1}", "~" * 9990 + "1", "[" * 190 + "]" * 190),
    *("1" + "**1" * 3000, "not " * 2400 + "1", "lambda:" * 1400 + "1", "a" + ".a" * 4900, "{}"),
    *("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1, " * 300 + ")}", "\\"),
)


def _lying_npy(choices: Choices) -> bytes:
    sizes = (10**12, 0, -1, 2**63, 3, 10**6, 20_000, 10**300)
    shape = tuple(choices.pick(sizes) for _ in range(choices.pick((2, 3, 40))))
    order = choices.pick(("False", "True", "None"))
    header = f"{{'descr': '{choices.pick(_DTYPES)}', 'fortran_order': {order}, 'shape': {shape}, }}"
    if choices.one_in(3):
        header = choices.pick(_HEADERS)
    if choices.one_in(6):
        header = changed_bytes(choices, header.encode()).decode("latin-1")
    content = (header + "\n").encode("latin-1")
    version = choices.pick((b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x01", b""))
    length = len(content).to_bytes(4 if version == b"\x02\x00" else 2, "little")
    return b"\x93NUMPY" + version + length + content + bytes(24)


def with_hostile_headers(choices: Choices, data: bytes) -> bytes:
    """A packed archive with up to three members before its own: links, properties, long names."""
    stream = io.BytesIO()
    for _ in range(1 + choices.below(3)):
        about = tarfile.TarInfo(choices.pick(("x", "package/", "././@PaxHeader")))
        about.type = choices.pick((b"x", b"g", b"X", b"L", b"K", b"S", b"2", b"1", b"7", b"0"))
        word = choices.pick((b"0", b"9 a=b\n", b"\x00", b"22 GNU.sparse.major=1\n", b"11 size=9\n"))
        content = word * choices.pick((1, 100, 20_000))
        about.size = choices.pick((len(content), 0, 10**9, 2**40))
        stream.write(about.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512))
    return gzip.compress(stream.getvalue(), 1) + data


def changed_table(choices: Choices, data: bytes) -> bytes:
    """A CSV table with cells that are others, rows that are gone, doubled or cut."""
    rows = [line.split(b",") for line in data.splitlines()]
    for _ in range(1 + choices.below(4)):
        if not rows:
            break
        row = rows[choices.below(len(rows))]
        kind = choices.below(5)
        if kind == 0:
            rows.remove(row)
        elif kind == 1:
            rows.append(list(row))
        elif kind == 2 and row:
            row.pop()
        elif row:
            cell = choices.pick((*TOKENS, repr(choices.real()).encode(), choices.text().encode()))
            row[choices.below(len(row))] = cell
    return b"\n".join(b",".join(row) for row in rows) + b"\n"
