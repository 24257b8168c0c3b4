"""Opens recordings (rosbag2: MCAP, SQLite), which anybody may have made.

What a recording would take is told from its headers before the package rosbags sees it, because
that reads and unpacks whatever a file says: regular files alone, chunks and messages of bounded
size.  What is taken from a recording into memory is bounded, too.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from social_nav_core.input_files import FileError, one_line, read_yaml, shown
from social_nav_core.recordings.definitions import READ, check_definitions
from social_nav_core.recordings.errors import BROKEN_RECORDING, DataError, LimitError, damaged
from social_nav_core.recordings.mcap_limits import check_mcap
from social_nav_core.recordings.message_text import DefinitionError, fields_alone
from social_nav_core.recordings.profiles import Profiles, profiles_in
from social_nav_core.recordings.sqlite_limits import check_sqlite

LARGEST = 200 * 10**9  # file [byte]
MOST_TAKEN = 500_000_000
"""Of all messages that are taken from a recording, as they are recorded [byte]."""
MOST_DEFINED = 1000
"""Fields in the definitions of all messages that are read; rosbags needs 1 s for so many texts."""
MOST_VALUES = 1000
"""Of one message of each kind that is taken; rosbags writes lines of code for each, also in arrays
of texts and messages of a fixed length, and needs 1 s for so many texts."""
MOST_FILES = 10_000  # of a folder
_MESSAGE = 100  # that each counts besides its content [byte]
_BELOW = (
    *(("apsw", "Error"), ("sqlite3", "Error"), ("zstandard", "ZstdError")),
    *(("backports.zstd", "ZstdError"), ("compression.zstd", "ZstdError")),
)
_PLUGINS = {".mcap": "mcap", ".db3": "sqlite3"}


@dataclass(frozen=True)
class Recording:
    """One that is open.

    Attributes:
        reader: a ``rosbags.rosbag2.Reader``.
        typestore: a ``rosbags.typesys.store.Typestore`` of the messages that are read, as the
            recording defines them.
    """

    reader: Any
    typestore: Any

    @property
    def connections(self) -> list[Any]:
        """``rosbags.interfaces.Connection`` by topic and publisher."""
        return list(self.reader.connections)


@contextmanager
def opened(path: Path) -> Iterator[Recording]:
    """A recording that is open, and was checked before.

    Raises:
        DataError: it cannot be read, or not within the limits; the package rosbags is not there.
            Also for what rosbags raises while the recording is open.
        OSError: it is not there, or may not be read.
    """
    try:
        from rosbags.rosbag2 import Reader, ReaderError  # noqa: PLC0415
        from rosbags.serde import SerdeError  # noqa: PLC0415
        from rosbags.typesys import TypesysError  # noqa: PLC0415
    except ImportError as error:
        raise DataError(
            f"{path}: reading recordings needs the package rosbags: pip install rosbags==0.11.9"
        ) from error
    check_recording(path)
    try:
        with Reader(path) as reader:
            yield Recording(reader, _definitions(path, reader.connections))
    except DataError:
        raise
    except (ReaderError, SerdeError, TypesysError, *BROKEN_RECORDING) as error:
        raise damaged(path, error) from error
    except _errors_below() as error:
        raise damaged(path, error) from error


def _definitions(path: Path, connections: list[Any]) -> Any:
    """Of the messages that are read; others are not even looked at, because that takes long."""
    from rosbags.interfaces import MessageDefinitionFormat as Format  # noqa: PLC0415
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore  # noqa: PLC0415

    told = {
        connection.msgtype: connection.msgdef
        for connection in connections
        if connection.msgtype in READ and connection.msgdef.format is not Format.NONE
    }
    lines = 0
    types: dict[str, Any] = {}
    for name, definition in told.items():
        if definition.format is not Format.MSG:
            raise DataError(
                f"{path}: its {name} is defined in IDL, expected the fields of a .msg file; record "
                "it where the message's package has that file"
            )
        try:
            fields = fields_alone(definition.data)
        except DefinitionError as error:
            raise DataError(f"{path}: its definition of {name}: {error}") from error
        lines += fields.count("\n")
        if lines > MOST_DEFINED:
            raise DataError(
                f"{path}: its definitions of {shown(', '.join(sorted(told)))} have more than "
                f"{MOST_DEFINED} fields, expected the usual ones"
            )
        types |= get_types_from_msg(fields, name)
    store = get_typestore(Stores.EMPTY if told else Stores.ROS2_HUMBLE)
    store.register(types)
    return store


def _errors_below() -> tuple[type[Exception], ...]:
    """Of the packages that rosbags reads with, which are not the same in all of its versions."""
    return tuple(getattr(sys.modules[name], it) for name, it in _BELOW if name in sys.modules)


def taken(path: Path, recording: Recording, connections: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Connections and messages of a recording from `opened`, in the order of their times.

    Raises:
        DataError: they are more than `MOST_TAKEN`, or are defined with more than `MOST_VALUES`, or
            otherwise than they are read.
    """
    left = MOST_TAKEN
    if not connections:  # which rosbags takes for all of them
        return
    values = 0
    for kind in sorted({connection.msgtype for connection in connections}):
        check_definitions(path, recording.typestore, kind)
        values += _values(recording.typestore.fielddefs, kind, {})
        if values > MOST_VALUES:
            raise DataError(
                f"{path}: its {shown(kind)} has arrays of more than {MOST_VALUES} texts and "
                "messages, expected the usual definition"
            )
    for connection, _, data in recording.reader.messages(connections=connections):
        left -= len(data) + _MESSAGE
        if left < 0:
            topics = ", ".join(sorted({c.topic for c in connections}))
            raise DataError(
                f"{path}: its messages on {shown(topics)} take more than {MOST_TAKEN} bytes; cut "
                "it into shorter recordings"
            )
        yield connection, recording.typestore.deserialize_cdr(data, connection.msgtype)


def _values(definitions: Any, message: str, known: dict[str, int]) -> int:
    """How many there are in a message, whose arrays of numbers and sequences count as one."""
    from rosbags.interfaces import Nodetype  # noqa: PLC0415

    if message in known:
        return known[message]
    known[message] = MOST_VALUES + 1  # should it be in itself
    count = 1
    for _, (node, content) in definitions[message][1]:
        is_list = node in (Nodetype.ARRAY, Nodetype.SEQUENCE)
        inner, value = content[0] if is_list else (node, content)
        each = _values(definitions, value, known) if inner is Nodetype.NAME else 1
        is_numbers = inner is Nodetype.BASE and value[0] not in ("string", "wstring")
        count += each * content[1] if node is Nodetype.ARRAY and not is_numbers else each
    known[message] = count
    return count


def check_recording(path: Path) -> None:
    """Raise `DataError` when a recording cannot be read within limits, `OSError` as `opened`."""
    if not path.exists():
        raise FileNotFoundError(2, "No such file or folder", str(path))
    if path.is_dir():
        plugin, files = _of_folder(path)
    else:
        plugin, files = _PLUGINS.get(path.suffix, ""), [path]
    if not plugin:
        raise DataError(f"{path}: expected the folder of a recording, or a .mcap or .db3 file")
    for file in files:
        try:
            with closing(_regular(file)) as stream:
                if plugin == "mcap":
                    check_mcap(stream)
                else:
                    check_sqlite(file)
        except (LimitError, FileError) as error:
            reason = error.reason if isinstance(error, FileError) else str(error)
            told = one_line(reason, most=400)
            raise DataError(f"{file}: not a recording that can be read: {told}") from error


def _regular(path: Path) -> BinaryIO:
    """A regular file, open to read."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(handle, "rb")
    about = os.fstat(handle)
    if stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST:
        return file
    file.close()
    if not stat.S_ISREG(about.st_mode):
        raise FileError(path, "it is a folder, device, pipe or socket, expected a file")
    raise FileError(path, f"it has {about.st_size} bytes, expected at most {LARGEST}")


def _of_folder(path: Path) -> tuple[str, list[Path]]:
    """Storage and files of a recording, as its metadata say."""
    about = path / "metadata.yaml"
    if not about.exists():
        raise DataError(f"{path}: no metadata.yaml in the folder, give the .mcap file in it")
    try:
        content = read_yaml(about)
    except FileError as error:
        raise DataError(f"{error}; give the .mcap file in the folder") from error
    told = content.get("rosbag2_bagfile_information") if isinstance(content, dict) else None
    if not isinstance(told, dict):
        raise DataError(f"{about}: has no rosbag2_bagfile_information, expected a recording's")
    profiles = Profiles()
    try:
        for text in profiles_in(told):
            profiles.check(text)
    except LimitError as error:
        raise DataError(f"{about}: {error}; give the .mcap file in the folder") from error
    mode, names = told.get("compression_mode") or "none", told.get("relative_file_paths")
    if str(mode).lower() not in ("none", "storage"):
        raise DataError(
            f"{about}: compression_mode is {shown(mode)}, expected none or storage, whose sizes "
            "are known before it is unpacked; convert it with 'ros2 bag convert'"
        )
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{about}: relative_file_paths is {shown(names)}, expected names of files")
    if len(names) > MOST_FILES:
        raise DataError(f"{about}: has {len(names)} files, expected at most {MOST_FILES}")
    storage = told.get("storage_identifier")
    if storage not in _PLUGINS.values():
        raise DataError(f"{about}: storage_identifier is {shown(storage)}, expected mcap, sqlite3")
    return str(storage), [path / PurePath(name).name for name in names]
