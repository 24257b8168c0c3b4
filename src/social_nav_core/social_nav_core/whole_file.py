"""A file that is there whole or not at all: written beside its place, then moved there."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def written_whole(path: str | Path) -> Iterator[IO[bytes]]:
    """Binary file that becomes ``path`` when the block ends; after an error nothing is left.

    Raises:
        OSError: the folder does not exist or cannot be written, or what is there is no file; it
            names the path.
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # a device must not be replaced by a file
        raise OSError(errno.EEXIST, "is a folder, device or pipe, expected a file", str(path))
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or ".")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # as of a disk that is full
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise
