"""Cost of the perception node's work, and how well it finds groups.

    python benchmarks/bench_perception_node.py

The student and what it is compared with are timed turn by turn in one process, as CPU time of one
thread; ratios are those of the medians.  Limits: 20 people cost at most 15 ms an image, the student
at most 3 times a dense matrix product with as many multiply-adds, and one window at most 11.9 % of
the teacher's time (needs torch).  The exit status is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from social_nav_core.bodies import Body  # noqa: E402
from social_nav_core.perception.formations import f_formations  # noqa: E402
from social_nav_core.perception.gatherings import CLOSE, WIDE, gathering  # noqa: E402
from social_nav_core.perception.groups import (  # noqa: E402
    GroupFilter,
    GroupParameters,
    group_scores,
)
from social_nav_core.perception.perceive import Perception, Sight  # noqa: E402
from social_nav_core.perception.student_file import Student, shipped_student  # noqa: E402
from social_nav_core.sim.anatomy.gestures import sample_manners  # noqa: E402
from social_nav_core.sim.anatomy.physique import (  # noqa: E402
    sample_physiques,
    sample_statures,
)
from social_nav_core.sim.body import figures  # noqa: E402
from social_nav_core.sim.camera import BoxBlockers, Camera  # noqa: E402
from social_nav_core.sim.detector import Detector  # noqa: E402
from social_nav_core.sim.motion import standing  # noqa: E402

PEOPLE, ROUNDS, RATE = 20, 150, 30.0
TICK_LIMIT, PRODUCT_LIMIT, TEACHER_LIMIT = 15e-3, 3.0, 0.119
MULTIPLY_ADDS = 3_982_501
"""Of the student for one window (`networks.count.multiply_adds`)."""


def timed(tasks: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median CPU time [s] of each task, all of them in turn."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            taken[name].append(time.process_time() - start)
    return {name: float(np.median(times)) for name, times in taken.items()}


def some_windows(student: Student, count: int) -> np.ndarray:
    """Windows of nothing in particular; the cost does not depend on what is in them."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1.0, 1.0, (count, student.about.steps, 23, 3)).astype(np.float32)


def against_a_product(student: Student) -> float:
    """Student for 20 people over a dense matrix product of as many multiply-adds."""
    rng, windows = np.random.default_rng(1), some_windows(student, PEOPLE)
    edge = 400
    left = rng.random((edge, edge), dtype=np.float32)
    right = rng.random((edge, PEOPLE * MULTIPLY_ADDS // edge**2), dtype=np.float32)
    found = timed(
        {"student": lambda: student.logits(windows), "product": lambda: left @ right}, ROUNDS
    )
    ratio = found["student"] / found["product"]
    print(
        f"student, {PEOPLE} people: {1e3 * found['student']:.2f} ms; dense product of "
        f"{PEOPLE * MULTIPLY_ADDS / 1e6:.0f} M multiply-adds: {1e3 * found['product']:.2f} ms; "
        f"ratio {ratio:.2f} (limit {PRODUCT_LIMIT:g})"
    )
    return ratio


def whole_image(student: Student, count: int) -> float:
    """CPU time [s] of one image of a film with some people: from bodies to people with groups."""
    film = filmed(count)
    perception, sight = Perception(student), Sight(np.zeros(2), 0.0)
    taken = []
    for index, bodies in enumerate(film):
        start = time.process_time()
        perception.see(index / RATE, bodies, 640, 480, sight)
        taken.append(time.process_time() - start)
    median, slowest = float(np.median(taken[40:])), max(taken[40:])
    seen = np.mean([len(bodies) for bodies in film])
    print(
        f"one image, {count} people ({seen:.0f} in view): {1e3 * median:.2f} ms, slowest "
        f"{1e3 * slowest:.2f} ms"
    )
    return median


def filmed(count: int) -> list[list[Body]]:
    """Three seconds of people who stand and gesture, each as if alone: nobody hides anybody."""
    rng, camera = np.random.default_rng(2), Camera()
    view, films = camera.pose(np.zeros(3)), []
    for k in range(min(count, PEOPLE)):
        person = sample_physiques(sample_statures(1, rng), rng), sample_manners(1, rng)
        detector = Detector(camera, None, rng)
        place = [[2.0 + 0.2 * k, rng.uniform(-0.8, 0.8), rng.uniform(-3.0, 3.0)]]
        gesture, film = rng.integers(0, 16, 1), []
        for index in range(round(3.0 * RATE)):
            shown = figures(standing(place, gesture, index / RATE, time=index / RATE), *person)
            film.append(detector.detect(["p"], shown, view, BoxBlockers.of(()), 1.0 / RATE))
        films.append(film)
    shift = np.array([0.0, 1.0, 0.0])
    return [
        [
            replace(body, id=f"p{k}", pose=body.pose + k * shift)
            for k in range(count)
            for body in films[k % PEOPLE][index]
        ]
        for index in range(round(3.0 * RATE))
    ]


def against_the_teacher(student: Student) -> float | None:
    """Student over small teacher, one window each; None without torch."""
    if find_spec("torch") is None:
        print("teacher: not measured, torch is not installed")
        return None
    import torch  # noqa: PLC0415
    from social_nav_core.perception.networks.teacher import (  # noqa: PLC0415
        CHANNELS,
        FULL,
        SMALL,
        STREAMS,
        SocialC3D,
    )

    torch.set_num_threads(1)
    window = some_windows(student, 1)
    ratios = {}
    for label, size, rounds in (("small", SMALL, 60), ("full", FULL, 5)):
        edges = {name: size.image if name == "rgb" else size.heatmap for name in STREAMS}
        steps = student.about.steps
        inputs = [
            torch.rand(1, CHANNELS[name], steps, edges[name], edges[name]) for name in STREAMS
        ]
        teacher = SocialC3D(size).eval()
        with torch.no_grad():
            found = timed(
                {"student": lambda: student.logits(window), "teacher": lambda: teacher(*inputs)},  # noqa: B023
                rounds,
            )
        ratios[label] = found["student"] / found["teacher"]
        print(
            f"one window: student {1e3 * found['student']:.2f} ms, {label} teacher "
            f"{1e3 * found['teacher']:.1f} ms; {100 * ratios[label]:.2f} % (limit "
            f"{100 * TEACHER_LIMIT:g} %)"
        )
    return max(ratios.values())


def groups() -> None:
    """F1 of groups on made-up gatherings of both kinds, at several errors."""
    for label, kinds in (("up to 5 people", CLOSE), ("up to 8 people, and rows", WIDE)):
        for position, heading in ((0.0, 0.0), (0.05, 0.15), (0.1, 0.25), (0.15, 0.4)):
            f1 = group_f1(kinds, position, heading)
            print(
                f"groups of {label}, errors of {position:g} m and {heading:g} rad: "
                f"F1 {f1[0]:.3f} (T=2/3), {f1[1]:.3f} (T=1)"
            )


def group_f1(kinds: Sequence[str], position: float, heading: float) -> list[float]:
    """F1 at two thirds and at all of the members, over 400 gatherings."""
    rng, counts = np.random.default_rng(11), {2.0 / 3.0: np.zeros(3), 1.0: np.zeros(3)}
    for _ in range(400):
        made = gathering(rng, kinds)
        parts: dict[str, set[str]] = {}
        people = made.people(position, heading, rng)
        found = GroupFilter(GroupParameters(memory=0.0)).update(0.0, people)
        for name, group in found.items():
            if group:
                parts.setdefault(group, set()).add(name)
        groups = [frozenset(part) for part in parts.values()]
        for share in counts:
            counts[share] += group_scores(groups, made.named_groups(), share)
    return [2.0 * a / (2.0 * a + b + c) for a, b, c in counts.values()]


def group_times() -> None:
    """CPU time of group detection alone."""
    about = GroupParameters()
    for count in (PEOPLE, 100):
        rng = np.random.default_rng(5)
        half = 0.8 * np.sqrt(count)
        spread = rng.uniform(-half, half, (count, 2))
        poses = np.column_stack([spread, rng.uniform(-np.pi, np.pi, count)])
        found = timed({"groups": lambda: f_formations(poses, about)}, ROUNDS)  # noqa: B023
        print(f"groups of {count} people who stand: {1e3 * found['groups']:.2f} ms")


def main() -> int:
    """Print everything; 1 when a limit is missed."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    student = shipped_student()
    ratio = against_a_product(student)
    times = {count: whole_image(student, count) for count in (3, PEOPLE, 100)}
    share = against_the_teacher(student)
    group_times()
    groups()
    missed = ratio > PRODUCT_LIMIT or times[PEOPLE] > TICK_LIMIT
    return int(missed or (share is not None and share > TEACHER_LIMIT))


if __name__ == "__main__":
    sys.exit(main())
