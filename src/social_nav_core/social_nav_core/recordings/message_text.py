"""Definitions of messages as a recording has them, reduced to their fields.

The package rosbags makes Python code of definitions and runs it.  It is given lines of a type and a
name alone, which are identifiers: constants and default values, which are not needed to read
messages, and whatever else somebody may have written are not among them.
"""

from __future__ import annotations

import re

from social_nav_core.input_files import shown

_SEPARATOR = 80 * "="
_MESSAGE = re.compile(r"MSG: ((?:[A-Za-z][A-Za-z0-9_]{0,99}/){1,2}[A-Za-z][A-Za-z0-9_]{0,99})")
_TYPE = (
    r"(?:[A-Za-z][A-Za-z0-9_]{0,99}/){0,2}[A-Za-z][A-Za-z0-9_]{0,99}(?:<=[0-9]{1,9})?"
    r"(?:\[(?:(?:<=)?[0-9]{1,9})?\])?"
)
_FIELD = re.compile(rf"({_TYPE})[ \t]+([A-Za-z][A-Za-z0-9_]{{0,99}})[ \t]*(=|$|(?<=[ \t])\S|#)")


class DefinitionError(ValueError):
    """A line of a definition is none; the message has it."""


def fields_alone(definition: str) -> str:
    """A definition (of the kind ``ros2msg``, with those that it needs) without all but its fields.

    Raises:
        DefinitionError: a line is no field, constant, comment or beginning of another message.
    """
    kept = []
    for number, line in enumerate(definition.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text == _SEPARATOR or _MESSAGE.fullmatch(text):
            kept.append(text)
            continue
        found = _FIELD.match(text)
        if found is None:
            raise DefinitionError(f"line {number} is {shown(text)}, expected a type and a name")
        if found[3] != "=":
            kept.append(f"{found[1]} {found[2]}")
    return "".join(f"{line}\n" for line in kept)
