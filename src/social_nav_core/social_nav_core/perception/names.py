"""Names for people and groups that nobody has yet."""

from __future__ import annotations

from collections.abc import Collection


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name that is wanted, or with the first number ``#2``, ``#3``, ... that makes it free."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}#{number}"
    return name
