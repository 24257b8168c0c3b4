"""A file is written whole, or what was there stays."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys

import pytest
from social_nav_core.__main__ import main
from social_nav_core.whole_file import written_whole


def test_a_device_or_pipe_is_not_replaced(tmp_path, capsys):
    """As root a file could take the place of /dev/full."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with (
            pytest.raises(FileExistsError, match="expected a file") as error,
            written_whole(path),
        ):
            pass
        assert error.value.filename == str(path)
    with pytest.raises(SystemExit):
        main(["export-baseline", "hall", "--out", str(pipe)])
    assert "pipe is a device or pipe, expected a file" in capsys.readouterr().err
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_full_disk_leaves_what_was_there_and_names_the_file(tmp_path):
    path = tmp_path / "model.yaml"
    path.write_text("before")
    command = [sys.executable, "-m", "social_nav_core", "export-baseline", "hall"]
    done = subprocess.run(
        [*command, "--components", "1", "--out", str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, f"error: {path}: File too large\n")
    assert path.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["model.yaml"]
