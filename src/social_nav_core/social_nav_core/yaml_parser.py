"""PyYAML's parser in Python, for where PyYAML was built without the one in C (libyaml)."""

from __future__ import annotations

from yaml.parser import Parser as Grammar
from yaml.reader import Reader
from yaml.scanner import Scanner


class Parser(Reader, Scanner, Grammar):
    """Events of a YAML text."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Grammar.__init__(self)
