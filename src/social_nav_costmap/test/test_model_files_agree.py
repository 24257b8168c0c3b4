"""Model files of a list that the layer's test reads, too: both sides read and refuse alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from social_nav_core.proxemics.model import ModelError, load_model

LIST = Path(__file__).with_name("model_files.txt")
GOOD = {
    "format": b"1",
    "frame": b"person",
    "mu": b"[0.1, 0.2]",
    "sigma": b"[[0.3, 0.0], [0.0, 0.1]]",
    "lambda": b"[1.0, 0.0]",
}


def content_of(key: str, value: str) -> bytes:
    """Of a file, as the list says."""
    raw = re.sub(
        rb"\\(n|x[0-9a-f]{2})",
        lambda found: b"\n" if found[1] == b"n" else bytes([int(found[1][1:], 16)]),
        value.encode(),
    )
    if key == "file":
        return raw
    return b"".join(b"%s: %s\n" % (name.encode(), of) for name, of in {**GOOD, key: raw}.items())


def cases() -> list[tuple[str, str, str]]:
    rows = [line for line in LIST.read_text().split("\n") if line and not line.startswith("#")]
    return [(verdict, key, value) for verdict, key, value in (row.split("\t") for row in rows)]


@pytest.mark.parametrize(("verdict", "key", "value"), cases())
def test_python_reads_and_refuses_as_the_list_says(tmp_path, verdict, key, value):
    path = tmp_path / "model.yaml"
    path.write_bytes(content_of(key, value))
    if verdict == "read":
        load_model(path)
    else:
        assert verdict == "refused"
        with pytest.raises(ModelError) as caught:
            load_model(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ") and message.isprintable(), message
