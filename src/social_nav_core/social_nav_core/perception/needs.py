"""What only training needs."""

from __future__ import annotations

from importlib.util import find_spec

from social_nav_core.proxemics.model import ModelError


def require_torch() -> None:
    """Raise a `ModelError` that says what to install where PyTorch is not there."""
    if find_spec("torch") is None:
        raise ModelError("torch is not installed, and training needs it: pip install torch==2.13.0")
