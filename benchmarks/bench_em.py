"""Fit of a bivariate skew normal: this project's EM beside the package mvem, in one run.

    pip install --require-hashes -r requirements-bench.txt
    python benchmarks/bench_em.py

Both fit the same points, drawn from the shipped model; mvem with its default settings (at most
100 iterations) and until it converges.  Limits: at least 10 times faster than mvem's default at
an equal or better log-likelihood.  The exit status is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from social_nav_core.proxemics.em import fit_skew_normals  # noqa: E402
from social_nav_core.proxemics.model import shipped_model  # noqa: E402
from social_nav_core.proxemics.skew_normal import SkewNormal  # noqa: E402

try:
    from mvem.stats import multivariate_skewnorm
except ImportError:
    sys.exit("bench_em compares with mvem: pip install --require-hashes -r requirements-bench.txt")

LIMIT = 10.0  # times faster
ROUNDS = 7


def ours(points: np.ndarray) -> SkewNormal:
    """This project's fit, with all its starts."""
    return fit_skew_normals(points, np.random.default_rng(0)).model.components[0]


def theirs(points: np.ndarray, iterations: int) -> SkewNormal:
    """The fit of mvem."""
    mu, sigma, lam = multivariate_skewnorm.fit(points, maxiter=iterations)
    return SkewNormal(np.ravel(mu), 0.5 * (sigma + sigma.T), np.ravel(lam))


def timed(tasks: dict[str, Callable[[], SkewNormal]]) -> dict[str, tuple[float, SkewNormal]]:
    """Median processor time [s] of each task, taken in turns, and its result."""
    results = {name: task() for name, task in tasks.items()}
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            times[name].append(time.process_time() - start)
    return {name: (float(np.median(times[name])), results[name]) for name in tasks}


def main() -> int:
    """Print the table; 1 when a limit is missed."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    print("points  fit                  CPU [ms]  ratio  log-likelihood")
    missed = False
    for count in (5_000, 50_000):
        points = shipped_model().components[0].sample(count, np.random.default_rng(count))
        found = timed(
            {
                "ours": partial(ours, points),
                "mvem": partial(theirs, points, 100),
                "mvem, converged": partial(theirs, points, 2000),
            }
        )
        own_time, own_model = found["ours"]
        own_likelihood = own_model.logpdf(points).sum()
        for name, (seconds, model) in found.items():
            likelihood = model.logpdf(points).sum()
            ratio = seconds / own_time
            print(f"{count:6d}  {name:18s} {1e3 * seconds:10.1f} {ratio:6.1f}  {likelihood:.4f}")
            if name == "mvem":
                missed |= ratio < LIMIT or own_likelihood < likelihood - 1e-3
    print("limits missed" if missed else f"at least {LIMIT:.0f} times faster, as likely or more")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
