"""What the evaluation must show, checked on results: each claim holds or does not, with figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.evaluation.arms import BASELINES, NO_LAYER, OURS
from social_nav_core.evaluation.batch import Result
from social_nav_core.evaluation.statistics import RESAMPLES
from social_nav_core.geometry import FloatArray

BEARING, FACING = 60.0, 10.0
NEAREST, FARTHEST = 0.6, 1.6
"""A good arrival: angles [deg] and distances [m]."""


@dataclass(frozen=True)
class Claim:
    """A sentence, whether it holds, and the figures that say so."""

    text: str
    holds: bool
    figures: str


def column(results: Sequence[Result], task: str, arm: str, metric: str) -> FloatArray:
    """A metric of all trials of a task with an arm, in the order of entries and trials."""
    return np.array([r.values[metric] for r in results if r.arm == arm and r.task == task])


def claims(results: Sequence[Result]) -> list[Claim]:
    """All claims about the arms and tasks that the results have."""
    arms = {result.arm for result in results}
    tasks = {result.task for result in results}
    found: list[Claim] = []
    if "avoid" in tasks and {OURS, NO_LAYER} <= arms:
        found += _against_no_layer(results)
    if "avoid" in tasks and OURS in arms:
        for arm in BASELINES:
            found += _against_baseline(results, arm) if arm in arms else []
    if "approach" in tasks and OURS in arms:
        found += _approach(results)
    return found


def _against_no_layer(results: Sequence[Result]) -> Iterator[Claim]:
    def both(*metrics: str) -> Iterator[FloatArray]:
        """Sums of metrics of ours and of no layer, trial by trial."""
        for arm in (OURS, NO_LAYER):
            columns = [column(results, "avoid", arm, metric) for metric in metrics]
            yield np.sum(columns, axis=0)

    for metrics, words in (
        (("intimate_time", "personal_time"), "time closer than 1.2 m to somebody"),
        (("o_space_intrusions",), "intrusions into o-spaces"),
    ):
        ours, none = (float(values.mean()) for values in both(*metrics))
        yield Claim(
            f"Avoid: at most half the {words}, against no layer",
            ours <= 0.5 * none,
            f"{ours:.2f} instead of {none:.2f} a trial, {_share(ours, none)}",
        )
    ours, none = (float(values.sum()) for values in both("path_length"))
    yield Claim(
        "Avoid: a path at most 35 % longer than with no layer",
        ours <= 1.35 * none,
        f"{ours / none - 1.0:+.1%}",
    )
    good, good_without = (int(values.sum()) for values in both("success"))
    count = len(column(results, "avoid", OURS, "success"))
    yield Claim(
        "Avoid: no loss of success against no layer",
        good >= good_without,
        f"{good} instead of {good_without} of {count} trials",
    )


def _against_baseline(results: Sequence[Result], arm: str) -> Iterator[Claim]:
    """Whether our settings reach the arm's cost, and that of the arm with less cost, no later.

    The curve goes through all shares of ours that were tried and through no layer, which is a
    share of nothing; between them it is straight, and a setting with a shorter path and less cost
    stands for those behind it.
    """
    ours, other = _settings(results, OURS), _settings(results, arm)
    curve = np.array([*ours.values(), *_settings(results, NO_LAYER).values()])
    means = {name: values.mean(axis=1) for name, values in other.items()}
    mine = {name: _cost_at(curve.mean(axis=2), way) for name, (_, way) in means.items()}
    worse = [
        f"{name} ({cost:.3f} s at {way:.2f} m, ours {mine[name]:.3f} s)"
        for name, (cost, way) in means.items()
        if mine[name] > cost + 1e-4
    ]
    (cost, way), (other_cost, other_way) = ours[OURS].mean(axis=1), means[arm]
    low, high = _interval(curve, other[arm])
    yield Claim(
        f"Avoid: no more personal-space cost than '{arm}' at no longer a path",
        not any(words.startswith(f"{arm} (") for words in worse),
        f"ours {cost:.4f} s at {way:.2f} m, {arm} {other_cost:.4f} s at {other_way:.2f} m; at that"
        f" length ours costs {mine[arm]:.4f} s: {mine[arm] - other_cost:+.4f} s (bootstrap 95 %"
        f" interval {low:+.4f} to {high:+.4f} s)",
    )
    if len(other) > 1:
        yield Claim(
            f"Avoid: the same against '{arm}' with any share of its costs",
            not worse,
            f"ours costs no more than {len(other) - len(worse)} of {len(other)}"
            + "".join(f"; not so: {words}" for words in worse),
        )


def _settings(results: Sequence[Result], plain: str) -> dict[str, FloatArray]:
    """Costs [s] and path lengths [m] ``(2, n)`` of an arm and of its scaled ones, by name."""
    names = {r.arm for r in results if r.arm.partition(" x")[0] == plain}
    metrics = ("personal_cost_integral", "path_length")
    return {
        name: np.array([column(results, "avoid", name, metric) for metric in metrics])
        for name in sorted(names)
    }


def _cost_at(curve: FloatArray, way: float) -> float:
    """The least cost [s] on a path of at most a length [m]; curve (k, 2) of costs and lengths."""
    costs, ways = curve[curve[:, 1].argsort()].T
    return float(np.interp(way, ways, np.minimum.accumulate(costs)))


def _interval(curve: FloatArray, other: FloatArray) -> tuple[float, float]:
    """Bootstrap 95 % interval [s] of how much more the curve (k, 2, n) costs than (2, n)."""
    count = other.shape[1]
    more = []
    for draw in np.random.default_rng(0).integers(count, size=(RESAMPLES, count)):
        cost, way = other[:, draw].mean(axis=1)
        more.append(_cost_at(curve[..., draw].mean(axis=2), way) - cost)
    low, high = np.percentile(more, [2.5, 97.5]).tolist()
    return low, high


def _approach(results: Sequence[Result]) -> Iterator[Claim]:
    bearing = column(results, "approach", OURS, "arrival_bearing")
    distance = column(results, "approach", OURS, "arrival_distance")
    facing = column(results, "approach", OURS, "facing_error")
    success = column(results, "approach", OURS, "success") > 0.0
    parts = {
        f"|bearing| under {BEARING:.0f}°": bearing < BEARING,
        f"{NEAREST} to {FARTHEST} m": (distance >= NEAREST) & (distance <= FARTHEST),
        f"facing error under {FACING:.0f}°": facing < FACING,
        "arrived": success,
    }
    good = np.logical_and.reduce(list(parts.values()))
    figures = ", ".join(f"{words} {holds.mean():.0%}" for words, holds in parts.items())
    entries = [r.entry for r in results if r.arm == OURS and r.task == "approach"]
    figures += "".join(
        f"; {entry.partition(' ')[2]} {share:.0%}"
        for entry in dict.fromkeys(entries)
        if (share := float(good[[e == entry for e in entries]].mean())) < 0.95
    )
    yield Claim(
        "Approach: arrival in front, near and facing, in at least 95 % of trials",
        bool(good.mean() >= 0.95),
        f"{good.mean():.1%} of {len(good)} trials ({figures})",
    )
    unwanted = column(results, "approach", OURS, "unwanted_approach")
    yield Claim(
        "Approach: unwanted approaches in less than 2 % of trials",
        bool(unwanted.mean() < 0.02),
        f"{int(unwanted.sum())} of {len(unwanted)}",
    )


def _share(value: float, of: float) -> str:
    return f"{value / of:.0%}" if of > 0.0 else "of nothing"
