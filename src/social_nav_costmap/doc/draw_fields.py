"""Draws the picture of the README: the costs of six scenes.

python doc/draw_fields.py
"""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from social_nav_core.grid import GridGeometry
from social_nav_core.people import Attitude, Intent, Person, certain
from social_nav_core.proxemics import shipped_model, social_field

GRID = GridGeometry(320, 280, 0.02, (-2.9, -2.6, 0.0))
EXTENT = (-2.9, 3.5, -2.6, 3.0)


def at(x: float, y: float, yaw: float, **more: object) -> Person:
    return Person(f"{x} {y}", np.array([x, y, yaw]), **more)  # type: ignore[arg-type]


def circle(radius: float) -> list[Person]:
    angles = [math.pi / 2 + 2.0 * math.pi * i / 3 for i in range(3)]
    return [
        at(radius * math.cos(a), radius * math.sin(a), a + math.pi, group_id="g") for a in angles
    ]


SCENES = {
    "stands": [at(0, 0, 0)],
    "walks at 1 m/s, looks aside": [at(0, 0, math.pi / 2, velocity=np.array([1.0, 0.0]))],
    "wants to interact": [at(0, 0, 0, intent=certain(Intent.INTERACTING))],
    "negative attitude": [at(0, 0, 0, attitude=certain(Attitude.NEGATIVE))],
    "face to face, 1.6 m": [
        at(-0.8, 0, 0, group_id="g"),
        at(0.8, 0, math.pi, group_id="g"),
    ],
    "three in a circle, 0.9 m": circle(0.9),
}


def main() -> None:
    model = shipped_model()
    figure, axes = plt.subplots(2, 3, figsize=(10.5, 6.8), constrained_layout=True)
    for axis, (title, people) in zip(axes.flat, SCENES.items(), strict=True):
        field = 240.0 * social_field(people, model, GRID)
        image = axis.imshow(
            np.ma.masked_equal(field, 0.0),
            origin="lower",
            extent=EXTENT,
            cmap="YlOrRd",
            vmin=0,
            vmax=252,
        )
        axis.contour(field, [10, 60, 120, 180], extent=EXTENT, colors="k", linewidths=0.4)
        for person in people:
            x, y, yaw = person.pose
            axis.plot(x, y, "o", color="tab:blue", markersize=7)
            axis.arrow(
                x,
                y,
                0.35 * math.cos(yaw),
                0.35 * math.sin(yaw),
                width=0.03,
                color="tab:blue",
                length_includes_head=True,
            )
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("x [m]")
        axis.set_ylabel("y [m]")
        axis.set_aspect("equal")
    figure.colorbar(image, ax=axes, shrink=0.7, label="cost (max_cost 240)")
    figure.savefig(Path(__file__).with_name("fields.png"), dpi=80)


if __name__ == "__main__":
    main()
