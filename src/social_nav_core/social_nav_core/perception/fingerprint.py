"""Fingerprints of data: what is learned from, told from anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np


def fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and values of some arrays; their order does not count."""
    digest = sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def fingerprint_of(settings: Mapping[str, Any]) -> str:
    """SHA-256 of settings that JSON can hold."""
    return sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
