"""What readers of recordings raise."""

import struct
import zlib

from social_nav_core.input_files import one_line

BROKEN_RECORDING = (
    *(ValueError, LookupError, ArithmeticError, TypeError, AttributeError, AssertionError),
    *(EOFError, MemoryError, RecursionError, RuntimeError, struct.error, zlib.error),
)
"""What rosbags raises beside its own errors for recordings that are damaged."""


class DataError(ValueError):
    """A file of data cannot be used; one line that names the file, the row and the column."""


def damaged(path: object, error: BaseException) -> DataError:
    """The error to raise when a recording cannot be read."""
    return DataError(f"{path}: not a recording that can be read: {one_line(error)}")


class LimitError(ValueError):
    """A recording is damaged, or would take more than a limit."""
