"""Paths of grid cells made fit for driving: corners cut where it costs no more, then rounded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from social_nav_core.geometry import FloatArray

NODES = 40  # places of a path between which straight lines are tried
ROUNDS = 30  # of smoothing; rounds corners over about sqrt(ROUNDS) points


def shortened(
    points: FloatArray, price_at: Callable[[FloatArray], FloatArray], spacing: float
) -> FloatArray:
    """Cheapest chain of straight lines between some places of a path.

    Args:
        points: the path ``(n, 2)`` [m].
        price_at: price of a metre at points ``(..., 2)``; inf where blocked.
        spacing: of the samples on the lines, and of the result [m].

    Returns:
        Points ``(m, 2)``, about ``spacing`` apart, with the same ends; where no straight line is
        free, the path as it was.
    """
    nodes = np.unique(np.linspace(0, len(points) - 1, NODES).round().astype(int))
    first, last = np.triu_indices(len(nodes), k=1)
    lines = _line_prices(points[nodes[first]], points[nodes[last]], price_at, spacing)
    lines += 1e-6  # of two equal ways, the one with fewer corners
    straight = np.isfinite(lines)
    neighbours = last == first + 1
    along = _path_prices(points, price_at)[nodes]
    kept = along[last] - along[first]
    lines = np.where(neighbours & ~straight, kept, lines)
    table = np.full((len(nodes), len(nodes)), np.inf)
    table[first, last] = lines
    best, before = np.zeros(len(nodes)), np.zeros(len(nodes), dtype=int)
    for node in range(1, len(nodes)):
        ways = best[:node] + table[:node, node]
        before[node] = int(np.argmin(ways))
        best[node] = ways[before[node]]
    is_straight = np.zeros_like(table, dtype=bool)
    is_straight[first, last] = straight
    pieces, node = [points[-1:]], len(nodes) - 1
    while node > 0:
        start = before[node]
        chosen = points[nodes[start] : nodes[node] + 1]
        pieces.append(_resampled(chosen[[0, -1]] if is_straight[start, node] else chosen, spacing))
        node = start
    return np.concatenate(pieces[::-1])


def smoothed(
    points: FloatArray, is_free: Callable[[FloatArray], NDArray[np.bool_]], spacing: float
) -> FloatArray:
    """The path ``(n, 2)`` with rounded corners and the same ends, ``spacing`` [m] apart.

    A point never moves to a place that is not free.
    """
    rounds = np.repeat(points[None], ROUNDS + 1, axis=0)
    for before, after in pairwise(rounds):
        after[1:-1] = _rounded(before)
    blocked = ~is_free(rounds[1:, 1:-1]).all(axis=1)
    done = int(np.argmax(blocked)) if blocked.any() else ROUNDS
    points = rounds[done]
    for _ in range(done, ROUNDS):
        middle = _rounded(points)
        points[1:-1] = np.where(is_free(middle)[:, None], middle, points[1:-1])
    return np.concatenate([_resampled(points, spacing), points[-1:]])


def _rounded(points: FloatArray) -> FloatArray:
    """Where a round moves the points between the ends, if it may."""
    return 0.25 * points[:-2] + 0.5 * points[1:-1] + 0.25 * points[2:]


def _line_prices(
    starts: FloatArray,
    ends: FloatArray,
    price_at: Callable[[FloatArray], FloatArray],
    spacing: float,
) -> FloatArray:
    """Price of straight lines ``(n, 2)`` to ``(n, 2)``: mean price of a metre times length."""
    lengths = np.hypot(*(ends - starts).T)
    counts = 2 + (lengths / spacing).astype(int)
    begins = np.cumsum(counts) - counts
    share = np.arange(counts.sum()) - np.repeat(begins, counts)
    share = share / np.repeat(counts - 1, counts)
    samples = np.repeat((ends - starts).T, counts, axis=1)
    samples *= share
    samples += np.repeat(starts.T, counts, axis=1)
    return np.add.reduceat(price_at(samples.T), begins) / counts * lengths


def _path_prices(points: FloatArray, price_at: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Price of the way to each point of a path; a blocked first point costs nothing extra."""
    prices = price_at(points)
    prices = np.where(np.isfinite(prices), prices, 1.0)
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(0.5 * (prices[1:] + prices[:-1]) * steps)])


def _resampled(points: FloatArray, spacing: float) -> FloatArray:
    """Points about ``spacing`` apart on a path, without its last one."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(1, round(float(along[-1]) / spacing))
    wanted = np.linspace(0.0, along[-1], count, endpoint=False)
    return np.stack([np.interp(wanted, along, axis) for axis in points.T], axis=-1)
