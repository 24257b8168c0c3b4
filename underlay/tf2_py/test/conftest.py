"""An empty buffer for each test."""

import pytest

from tf2_py import BufferCore


@pytest.fixture
def core() -> BufferCore:
    return BufferCore()
