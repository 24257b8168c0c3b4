"""Reference tables that lie beside some checkouts, never in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data"


def _table(name: str) -> Path:
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"reference table {name} is not in ../shared/data beside the repository")
    return path


@pytest.fixture
def interaction_table() -> Path:
    """1536 positions around a person in conversations (CongreG8)."""
    return _table("congreg8_interaction_positions.csv")


@pytest.fixture
def avoidance_table() -> Path:
    """Histogram of where people walked around a person (CongreG8)."""
    return _table("congreg8_avoidance_histogram.csv")
