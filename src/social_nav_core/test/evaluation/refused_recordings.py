"""What the readers of recordings say of one that they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from social_nav_core.evaluation.bag_run import read_run
from social_nav_core.recordings.bag import read_bag
from social_nav_core.recordings.errors import DataError


def both_refuse(path: Path) -> str:
    """What both readers say, in one line that names the file."""
    told = []
    for read in (read_bag, lambda p: read_run(p, "avoid")):
        with pytest.raises(DataError) as caught:
            read(path)
        told.append(str(caught.value))
    assert told[0] == told[1] and told[0].startswith(str(path)) and "\n" not in told[0]
    assert len(told[0]) < 400 + len(str(path))
    return told[0]
