"""NPZ files that somebody made to do harm, for every reader of models: one line, no memory."""

from __future__ import annotations

import io
import json
import math
import re
import resource
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from social_nav_core.checksums import FIELD, digest_of
from social_nav_core.evaluation.record_file import load_run
from social_nav_core.evaluation.run import RunRecordError
from social_nav_core.input_files import read_arrays
from social_nav_core.interaction import kde
from social_nav_core.interaction.kde import load_interaction_model
from social_nav_core.perception.checkpoint_file import CheckpointError, read_checkpoint
from social_nav_core.perception.encounters.files import load_encounters
from social_nav_core.perception.encounters.generator import EncounterSettings, generate
from social_nav_core.proxemics.model import ModelError, shipped_model
from social_nav_core.proxemics.personal import PersonalModel
from social_nav_core.recordings.errors import DataError

READERS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "interaction model": (load_interaction_model, ModelError),
    "personal counts": (lambda path: PersonalModel(shipped_model()).load_counts(path), ModelError),
    "checkpoint": (read_checkpoint, CheckpointError),
    "run": (load_run, RunRecordError),
    "encounters": (load_encounters, DataError),
}


def member(name: str, content: bytes, stream: io.BytesIO, kind: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(stream, "a", kind) as archive:
        archive.writestr(name, content)


def header(dtype: str, shape: str) -> bytes:
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def lying(dtype: str = "'<f8'", shape: str = "(1000000000000,)") -> bytes:
    """An array of three numbers whose header promises something else."""
    stream = io.BytesIO()
    member("centers.npy", header(dtype, shape) + bytes(24), stream)
    return stream.getvalue()


def larger_than_it_is() -> bytes:
    """An archive whose directory says that a small member is of 4 GB when it is unpacked."""
    stream = io.BytesIO()
    member("centers.npy", header("'<f8'", "(3,)") + bytes(24), stream)
    data = bytearray(stream.getvalue())
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = (4_200_000_000).to_bytes(4, "little")
    return bytes(data)


def bomb(size: int = 12_000_000) -> bytes:
    """Zeros, compressed a thousandfold."""
    stream = io.BytesIO()
    content = header("'|u1'", f"({size},)") + bytes(size)
    member("centers.npy", content, stream, zipfile.ZIP_DEFLATED)
    assert len(stream.getvalue()) < size // 900
    return stream.getvalue()


def pickled() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, centers=np.array([{"a": 1}], dtype=object))
    return stream.getvalue()


def headed(text: str) -> bytes:
    """An array of nothing with such a header."""
    head = text.encode("latin-1")
    stream = io.BytesIO()
    content = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
    member("centers.npy", content, stream)
    return stream.getvalue()


def named(name: str) -> bytes:
    stream = io.BytesIO()
    member(f"{name}.npy", header("'<f8'", "(3,)"), stream)
    return stream.getvalue()


def at(place: int) -> bytes:
    """An archive of 64 bits whose only member begins at a byte."""
    whole = lying(shape="(3,)")
    start, end = whole.rindex(b"PK\x01\x02"), whole.rindex(b"PK\x05\x06")
    entry, tail = bytearray(whole[start:end]), bytearray(whole[end:])
    more = (1).to_bytes(2, "little") + (8).to_bytes(2, "little") + place.to_bytes(8, "little")
    entry[30:32] = len(more).to_bytes(2, "little")
    entry[42:46] = b"\xff\xff\xff\xff"
    tail[12:16] = len(entry + more).to_bytes(4, "little")
    return whole[:start] + entry + more + tail


def crowded() -> bytes:
    """A directory of 200,000 members, all of them the same one."""
    whole = lying(shape="(3,)")
    start, end = whole.rindex(b"PK\x01\x02"), whole.rindex(b"PK\x05\x06")
    directory, tail = whole[start:end] * 200_000, bytearray(whole[end:])
    tail[12:16] = len(directory).to_bytes(4, "little")
    return whole[:start] + directory + tail


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lying("'|S0'", "(20000, 20000, 20000)"), r"type '\|S0' and shape \(20000, 20000, 20000\)"),
        (lying("'<U0'", "(20000, 10000)"), "expected plain numbers"),
        (headed(9000 * "("), r"centers has the header '\(\(\(.*, expected that of an array"),
        (headed("{'descr': " + 9900 * "-" + "1}\n"), "centers has the header"),
        (
            headed("{'descr': " + 300 * "~" + "1, 'fortran_order': False, 'shape': ()}"),
            "the header",
        ),
        (
            headed("{'descr': '<f8', 'fortran_order': False, 'shape': (" + 70 * "--" + ")}"),
            "is not",
        ),
        (lying(shape="(" + 40 * "1, " + ")"), "centers claims a tuple of 40 of float64, 8 bytes"),
        (lying(shape="(" + 699 * "9" + ")"), "centers claims"),
        (named("a\nb"), r"'a\\nb.npy' is no plain array"),
        (named(300 * "n"), "'nnn.* is no plain array"),
        (at(2**63), "is not an NPZ file: "),
        (at(2**64 - 1), "is not an NPZ file: "),
        (crowded(), "has (200000 arrays|11400155 bytes), expected at most"),
        (b"", "is not an NPZ file"),
        (b"nothing", "is not an NPZ file"),
        (lying()[:-40], "is not an NPZ file"),
        (lying(), r"claims \(1000000000000,\) of float64, 8000000000000 bytes; it holds 24"),
        (lying(shape=f"({2**62}, {2**62})"), "centers claims"),
        (lying(shape="(-1, -3)"), r"shape \(-1, -3\), expected plain numbers"),
        (lying(dtype="'<U100000000'"), "centers claims"),
        (lying(dtype="'|O'"), "Object arrays cannot be loaded"),
        (pickled(), "Object arrays cannot be loaded"),
        (lying(dtype="[('a', '<f8')]"), "expected plain numbers"),
    ],
    ids=[
        *("no bytes each", "no letters each", "brackets", "minuses", "tildes", "no sizes", "deep"),
        *("endless", "lines", "name"),
        *("far away", "farther away", "crowded"),
        *("empty", "text", "truncated", "huge", "overflow", "negative", "wide", "object"),
        *("pickle", "records"),
    ],
)
def test_a_hostile_archive_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    read, error = READERS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(error) as caught:
        read(path)
    told = str(caught.value)
    assert told.count(str(path)) == 1 and "\n" not in told and len(told) < 400 + len(str(path))
    assert re.search(words, told), told
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # [KiB]


def test_an_array_of_no_letters_beside_a_model_takes_no_memory(tmp_path: Path) -> None:
    shipped = Path(kde.__file__).parents[1] / "models" / "interaction.npz"
    path = tmp_path / "file.npz"
    path.write_bytes(shipped.read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zzz.npy", header("'<U0'", "(20000, 10000)"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="zzz has the type '<U0' and shape"):
        load_interaction_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # [KiB]


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((2, 0, 3)),
        np.arange(6.0).reshape(2, 3).T,
        np.array(["", "anna"]),
        np.array(7),
        np.array([[True], [False]]),
        np.array([1, 2], ">i4"),
        np.array([[1.5]], np.float16),
        np.array([b"a", b"bc"]),
        np.zeros((1,) * 32),
    ],
    ids=lambda values: f"{values.dtype} {values.shape}"[:30],
)
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_what_numpy_writes_is_read(
    tmp_path: Path, values: np.ndarray, version: tuple[int, int]
) -> None:
    stream, path = io.BytesIO(), tmp_path / "file.npz"
    np.lib.format.write_array(stream, values, version, allow_pickle=False)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", stream.getvalue())
    (read,) = read_arrays(path, 1000).values()
    assert read.dtype == values.dtype and read.shape == values.shape
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("name", ["interaction model", "personal counts", "checkpoint"])
@pytest.mark.parametrize(("make", "least"), [(bomb, 12), (larger_than_it_is, 4000)])
def test_no_model_unpacks_to_more_than_models_have(
    tmp_path: Path, name: str, make: Callable[[], bytes], least: int
) -> None:
    """A checkpoint may be large, so it may not be compressed."""
    path = tmp_path / "file.npz"
    path.write_bytes(make())
    read, error = READERS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(error, match=r"unpacks to more than|is compressed"):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 0.5 * 1024 * least


def zeros(count: int, **shapes: tuple[int, ...]) -> bytes:
    """Encounters of nothing, some arrays of another shape than they should have, packed."""
    made = generate("test", 1, 0, EncounterSettings(image=4))
    stream = io.BytesIO()
    format_ = header("'<i8'", "()") + (1).to_bytes(8, "little")
    member("format.npy", format_, stream)
    for item in fields(made):
        shape = shapes.get(item.name, (count, *getattr(made, item.name).shape[1:]))
        kind = np.dtype(getattr(made, item.name).dtype).str
        content = header(repr(kind), repr(shape)) + bytes(
            math.prod(shape) * np.dtype(kind).itemsize
        )
        member(f"{item.name}.npy", content, stream, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("count", "shapes", "words"),
    [
        (
            1000,
            {},
            r"its \d+ bytes unpack to \d+, expected at most 4000000000 and 20 times the file",
        ),
        (
            1,
            {"pixels": (1, 9000, 23, 3)},
            r"\(1, 9000, 23, 3\), expected \(1, t, 23, 3\)",
        ),
        (1, {"crop": (1, 10, 600, 600, 3)}, r"expected \(1, 10, e, e, 3\)"),
        (
            1,
            {"box": (1, 5)},
            r"box has the shape \(1, 5\), expected \(1, 4\) of numbers",
        ),
        (2, {"labels": (3, 3)}, r"labels has the shape \(3, 3\), expected \(2, 3\)"),
    ],
    ids=["dense", "long", "wide", "fixed", "differing"],
)
def test_encounters_are_refused_by_what_they_claim_before_they_are_unpacked(
    tmp_path: Path, count: int, shapes: dict[str, tuple[int, ...]], words: str
) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(zeros(count, **shapes))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match=words) as caught:
        load_encounters(path)
    assert "\n" not in str(caught.value) and str(caught.value).count(str(path)) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # [KiB]


def checkpoint(path: Path, told: Any = None, **arrays: Any) -> Path:
    about = {"format": 1, "epoch": 3, "about": {"network": "student"}} if told is None else told
    text = about if isinstance(about, str) else json.dumps(about)
    arrays = {"weights/last/a": np.ones((2, 3), np.float32), **arrays}
    arrays = {"header": np.array(text), "optimiser/0/step": np.array(7.0), **arrays}
    np.savez(path, **arrays | {FIELD: np.array(digest_of(arrays))})
    return path


def test_a_checkpoint_is_read(tmp_path: Path) -> None:
    read = read_checkpoint(checkpoint(tmp_path / "good.npz"))
    assert read.epoch == 3 and read.about == {"network": "student"}
    assert read.parts["weights"]["last/a"].tolist() == [[1.0] * 3] * 2
    assert read.parts["optimiser"]["0/step"].tolist() == 7.0


@pytest.mark.parametrize(
    ("told", "arrays", "words"),
    [
        ({"format": 2}, {}, "has the format 2, expected 1"),
        ({"format": 1, "about": {}}, {}, "epoch is None, expected a whole number of 0 to"),
        ({"format": 1, "epoch": True, "about": {}}, {}, "epoch is True"),
        ({"format": 1, "epoch": 3, "about": [1]}, {}, r"about is \[1\], expected a mapping"),
        ([1], {}, r"header is \[1\], expected a mapping"),
        ("{", {}, "its header is not JSON"),
        (100_000 * "[", {}, "its header is not JSON"),
        (None, {"header": np.array(1)}, "has no header, expected a text"),
        (None, {"weights/bad": np.array([1.0, np.nan])}, "'weights/bad' has values that are not"),
        (None, {"optimiser/bad": np.array(np.inf)}, "'optimiser/bad' has values that are not"),
        (None, {"weights/bad": np.array("text")}, "'weights/bad' is of <U4, expected weights/"),
        (None, {"other": np.array(1.0)}, "'other' is of float64, expected weights/"),
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(
    tmp_path: Path, told: Any, arrays: dict[str, Any], words: str
) -> None:
    path = checkpoint(tmp_path / "bad.npz", told, **arrays)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none.npz is not a checkpoint: No such file"):
        read_checkpoint(tmp_path / "none.npz")
