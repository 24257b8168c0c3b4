"""How many steps a second: the student alone on the same windows at 30 and at 10 frames per second.

    python benchmarks/perception/steps.py

Needs torch.  Prints accuracy at full input and with 30 % of frames and joints lost, multiply-adds
and processor time of an answer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from social_nav_core.perception.encounters.generator import EncounterSettings, generate
from social_nav_core.perception.networks.count import multiply_adds
from social_nav_core.perception.networks.student import SocialEgoMobile
from social_nav_core.perception.stages import DistillSettings, pose_scores, train_pose_network
from social_nav_core.perception.table import CONDITIONS
from social_nav_core.perception.tasks import TASKS
from social_nav_core.perception.training import FitSettings
from social_nav_core.perception.windows import Windows

COUNTS = {"train": (2500, 31), "validation": (300, 32), "test": (800, 33)}  # windows, seed
EPOCHS = 20


def made() -> dict[str, Windows]:
    """Windows of 30 steps by split."""
    settings = EncounterSettings(rate=30, image=0)
    return {
        split: generate(split, count, seed, settings).windows()
        for split, (count, seed) in COUNTS.items()
    }


def trained(data: dict[str, Windows], every: int, folder: Path) -> str:
    """A line of the table for every k-th frame, the last one included."""
    data = {
        split: replace(windows, joints=windows.joints[:, every - 1 :: every])
        for split, windows in data.items()
    }
    torch.manual_seed(0)
    network = SocialEgoMobile()
    settings = FitSettings(EPOCHS, batch=64, rate=4e-3, seed=0)
    path = folder / f"{every}.npz"
    start = time.process_time()
    train_pose_network(
        network, data["train"], data["validation"], None, settings, DistillSettings(), path
    )
    spent = time.process_time() - start
    steps = data["train"].joints.shape[1]
    window = torch.zeros(1, steps, 23, 3)
    parts = [f"| {steps} | {multiply_adds(network, window) / 1e6:.2f} M | {spent:.0f} s |"]
    for condition in ("full input", "30 % both"):
        found = pose_scores(network, data["test"], CONDITIONS[condition], seed=0)
        parts.append(" / ".join(f"{100 * found[task].accuracy:.1f}" for task in TASKS) + " |")
    return " ".join(parts)


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    torch.set_num_threads(1)
    data = made()
    print("| steps | multiply-adds | training | full input | 30 % both |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for every in (3, 1):
            print(trained(data, every, Path(folder)), flush=True)
    print(f"\nIntent / attitude / action, {COUNTS['test'][0]} windows of the generated test split.")
    print(f"{COUNTS['train'][0]} training windows, {EPOCHS} epochs, one seed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
