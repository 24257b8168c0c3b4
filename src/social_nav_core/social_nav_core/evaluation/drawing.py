"""What the top views are made of: room, furniture, people, robot, paths, costs, marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.image import AxesImage
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D, Transform
from scipy.ndimage import binary_dilation

from social_nav_core.evaluation import style
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.wording import readable
from social_nav_core.geometry import FloatArray, transform_points
from social_nav_core.grid import GridGeometry
from social_nav_core.sim.room import Box, BoxArray

SHOULDERS = (0.26, 0.5)
"""Depth and width [m] of the shoulders seen from above."""
HEAD_RADIUS = 0.105
GOAL_RADIUS = 0.38
HALO = (withStroke(linewidth=3.0, foreground="white", alpha=0.9),)


def room(ax: Axes, run: RunRecord) -> None:
    """Floor, walls and furniture; sets the limits to the known part of the map, in metres."""
    grid, occupancy = run.grid, run.occupancy
    colours = np.zeros((*grid.shape, 4))
    colours[occupancy >= 0] = (*to_rgb(style.FLOOR), 1.0)
    colours[wall_cells(run)] = (*to_rgb(style.WALL), 1.0)
    _image(ax, grid, colours, zorder=0)
    for box in run.furniture:
        _piece(ax, box)
    rows, columns = np.nonzero(occupancy >= 0)
    known = grid.centers_of(rows, columns)
    low, high = known.min(axis=0) - grid.resolution, known.max(axis=0) + grid.resolution
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.set_axis_off()


def wall_cells(run: RunRecord) -> np.ndarray:
    """Occupied cells (height, width) that are not a piece of furniture's."""
    wall = run.occupancy >= 100
    if not run.furniture:
        return wall
    cells = np.nonzero(wall)
    gaps = BoxArray(run.furniture).clearances(run.grid.centers_of(*cells))
    apart = np.zeros_like(wall)
    apart[cells] = gaps > 0.75 * run.grid.resolution
    return np.asarray(wall & binary_dilation(apart, np.ones((3, 3))))


def field(
    ax: Axes, grid: GridGeometry, values: FloatArray, colours: ListedColormap, zorder: float = 2
) -> AxesImage:
    """A field in [0, 1] as a soft see-through colour map with a few quiet contour lines."""
    image = _image(ax, grid, values, zorder, cmap=colours, vmin=0.0, vmax=1.0)
    centers = grid.centers()
    if values.max() > 0.1:
        ax.contour(
            centers[..., 0],
            centers[..., 1],
            values,
            levels=[level for level in (0.1, 0.3, 0.5, 0.7, 0.9) if level < values.max()],
            colors="white",
            linewidths=0.7,
            alpha=0.7,
            zorder=zorder,
        )
    return image


def _image(
    ax: Axes, grid: GridGeometry, values: np.ndarray, zorder: float, **how: Any
) -> AxesImage:
    size = (0.0, grid.width * grid.resolution, 0.0, grid.height * grid.resolution)
    interpolation = "nearest" if values.ndim == 3 else "bilinear"
    image = ax.imshow(
        values, origin="lower", extent=size, interpolation=interpolation, zorder=zorder, **how
    )
    image.set_transform(_placed(grid.origin) + ax.transData)
    return image


def _placed(pose: Sequence[float] | FloatArray) -> Transform:
    return Affine2D().rotate(float(pose[2])).translate(float(pose[0]), float(pose[1]))


def _piece(ax: Axes, box: Box) -> None:
    """One piece of furniture from above."""
    length, width = box.size
    fill, edge = {"sofa": style.FABRIC, "chair": style.FABRIC, "plant": style.LEAF}.get(
        box.kind, style.WOOD
    )
    place = _placed(box.pose) + ax.transData
    look: dict[str, Any] = {
        "facecolor": fill,
        "edgecolor": edge,
        "linewidth": 1.0,
        "zorder": 1,
        "transform": place,
    }
    if box.kind == "plant":
        radius = 0.5 * min(length, width)
        for angle in np.arange(6) * np.pi / 3.0:
            at = (0.55 * radius * np.cos(angle), 0.55 * radius * np.sin(angle))
            ax.add_patch(Ellipse(at, 0.95 * radius, 0.6 * radius, angle=np.rad2deg(angle), **look))
        ax.add_patch(Circle((0.0, 0.0), 0.25 * radius, **(look | {"facecolor": edge})))
        return
    rounding = 0.12 * min(length, width) if box.kind in ("sofa", "chair", "table") else 0.0
    corner = (-0.5 * length + rounding, -0.5 * width + rounding)
    ax.add_patch(
        FancyBboxPatch(
            corner,
            length - 2.0 * rounding,
            width - 2.0 * rounding,
            boxstyle=f"round,pad={rounding},rounding_size={rounding}"
            if rounding
            else "square,pad=0",
            **look,
        )
    )
    if box.kind in ("sofa", "chair"):
        back = (-0.5 * length + 0.08 * length, 0.28 * width)
        ax.add_patch(Rectangle(back, 0.84 * length, 0.14 * width, **(look | {"facecolor": edge})))
    if box.kind in ("shelf", "cabinet"):
        for share in (-0.25, 0.0, 0.25):
            ax.plot(
                *transform_points(
                    box.pose,
                    np.array([[share * length, -0.5 * width], [share * length, 0.5 * width]]),
                ).T,
                color=edge,
                linewidth=0.8,
                zorder=1,
            )


def person(
    ax: Axes, pose: FloatArray, colour: str, *, alpha: float = 1.0, rim: float = 1.0
) -> None:
    """A person from above: shoulders, head and a nose that points where the chest does.

    The parts have white rims of ``rim`` points.
    """
    place, zorder = _placed(pose) + ax.transData, 6.0
    look: dict[str, Any] = {"transform": place, "alpha": alpha, "linewidth": rim}
    look["edgecolor"] = "white"
    dark = tuple(0.62 * np.array(to_rgb(colour)))
    nose = np.array([[0.3, 0.0], [0.05, 0.1], [0.05, -0.1]])
    ax.add_patch(Ellipse((0.0, 0.0), *SHOULDERS, facecolor=colour, zorder=zorder, **look))
    ax.add_patch(Polygon(nose, closed=True, facecolor=dark, zorder=zorder + 0.1, **look))
    ax.add_patch(Circle((0.0, 0.0), HEAD_RADIUS, facecolor=dark, zorder=zorder + 0.2, **look))


def label(ax: Axes, xy: Sequence[float] | FloatArray, text: str, colour: str = style.INK) -> None:
    """A short text with a white halo, centred at a place in metres."""
    ax.text(
        float(xy[0]),
        float(xy[1]),
        text,
        ha="center",
        va="center",
        fontsize=9.5,
        linespacing=1.05,
        color=colour,
        zorder=9,
        path_effects=HALO,
        clip_on=True,
    )


def people(ax: Axes, run: RunRecord, sample: int, labels: bool = True) -> None:
    """Everybody who is there at a sample, tinted by group, with name and intent."""
    tint = style.group_colours(run.group_ids)
    poses = run.people_in_map[sample]
    there = np.isfinite(poses).all(-1)
    for i in np.flatnonzero(there):
        group = str(run.group_ids[sample, i])
        person(ax, poses[i], tint[group])
        if labels:
            intent = int(run.intents[sample, i])
            words = [readable(run.person_ids[i]), style.INTENT_WORDS[intent]]
            at = _label_place(poses[there], poses[i], run.robot_in_map[sample])
            label(ax, at, "\n".join(filter(None, words)), style.INTENT_COLOURS[intent])


def tracks(ax: Axes, run: RunRecord, least: float = 0.3) -> None:
    """The ways of people who walked farther than ``least`` [m], as dotted lines."""
    tint = style.group_colours(run.group_ids)
    for i in range(len(run.person_ids)):
        xy = run.people_in_map[:, i, :2]
        if np.linalg.norm(np.nanmax(xy, axis=0) - np.nanmin(xy, axis=0)) > least:
            colour = tint[str(run.group_ids[0, i])]
            ax.plot(*xy.T, ":", color=colour, linewidth=2.0, zorder=3.1)


def _label_place(poses: FloatArray, pose: FloatArray, robot_pose: FloatArray) -> FloatArray:
    """Away from the others who stand near and from the robot, else below."""
    places = np.vstack([poses[:, :2], robot_pose[:2]])
    near = places[np.linalg.norm(places - pose[:2], axis=1) < 2.5]
    if len(near) < 2:
        return np.asarray(pose[:2] - np.array([0.0, 0.55]))
    away = pose[:2] - near.mean(axis=0)
    away /= max(float(np.linalg.norm(away)), 1e-6)
    return np.asarray(pose[:2] + away * np.array([1.15, 0.55]))


def robot(
    ax: Axes,
    pose: FloatArray,
    radius: float,
    colour: str | tuple[float, ...],
    *,
    solid: bool = False,
    zorder: float = 5,
) -> None:
    """The robot's footprint with a wedge toward its front; an outline only unless solid."""
    place = _placed(pose) + ax.transData
    wedge = radius * np.array([[0.85, 0.0], [-0.25, 0.5], [-0.05, 0.0], [-0.25, -0.5]])
    face = (*to_rgb("white"), 0.95 if solid else 0.35)
    ax.add_patch(
        Circle(
            (0.0, 0.0),
            radius,
            transform=place,
            facecolor=face,
            edgecolor=colour,
            linewidth=2.2 if solid else 1.1,
            zorder=zorder,
        )
    )
    alpha = 1.0 if solid else 0.75
    look: dict[str, Any] = {"facecolor": colour, "alpha": alpha, "transform": place}
    ax.add_patch(Polygon(wedge, closed=True, zorder=zorder + 0.1, **look))


def trajectory(ax: Axes, run: RunRecord, colour: str, every: float = 2.0) -> LineCollection:
    """The way driven, darker with time, with the footprint at intervals [s] and at the end."""
    xy = run.robot_in_map[:, :2]
    ax.plot(*xy.T, color="white", linewidth=6.0, alpha=0.85, solid_capstyle="round", zorder=3.4)
    line = LineCollection(
        list(np.stack([xy[:-1], xy[1:]], axis=1)),
        array=run.times[:-1] - run.times[0],
        cmap=style.time_colours(colour),
        linewidths=3.2,
        capstyle="round",
        zorder=3.6,
    )
    ax.add_collection(line)
    shades = style.time_colours(colour)
    for time in np.arange(run.times[0], run.times[-1] - 0.5 * every, every):
        shade = shades((time - run.times[0]) / run.duration)
        robot(ax, run.robot_in_map[run.sample_at(time)], run.robot_radius, shade, zorder=4)
    robot(ax, run.robot_in_map[-1], run.robot_radius, colour, solid=True)
    return line


def planned_path(ax: Axes, points: FloatArray, colour: str) -> None:
    """A planned path as a fine dashed line."""
    ax.plot(*points.T, color=colour, linewidth=1.4, dashes=(4, 3), alpha=0.9, zorder=3.2)


def start_mark(ax: Axes, xy: FloatArray) -> None:
    """A ring with the word start."""
    ax.plot(*xy[:2], "o", ms=7, mfc="white", mec=style.INK, mew=1.6, zorder=5.5)
    label(ax, (xy[0], xy[1] + 0.5), "start")


def goal_mark(ax: Axes, goal: FloatArray, text: str = "goal", colour: str = style.INK) -> None:
    """A dashed ring that a robot fits in, with a tip toward the goal's heading."""
    place = _placed(goal) + ax.transData
    ring = {"fill": False, "edgecolor": colour, "linestyle": (0, (3, 2)), "linewidth": 1.8}
    tip = np.array([[0.56, 0.0], [0.4, 0.1], [0.4, -0.1]])
    ax.add_patch(Circle((0.0, 0.0), GOAL_RADIUS, transform=place, zorder=5.6, **ring))
    ax.add_patch(Polygon(tip, closed=True, transform=place, facecolor=colour, zorder=5.6))
    label(ax, (goal[0], goal[1] + 0.62), text, colour)


def places(ax: Axes, goals: FloatArray) -> None:
    """Approach places (g, 3) in order, if any: the first and the last whole, dots in between."""
    if len(goals) > 2:
        ax.plot(*goals[:, :2].T, ":", color=style.INK, linewidth=1.2, zorder=5.6)
        ax.plot(*goals[1:-1, :2].T, "o", ms=4.5, mfc="white", mec=style.INK, zorder=5.7)
    for i in sorted({0, len(goals) - 1} if len(goals) else ()):
        goal_mark(ax, goals[i], f"place {i + 1}" if len(goals) > 1 else "place")


def scale_bar(ax: Axes, length: float = 1.0) -> None:
    """A bar of some metres below the lower left corner of the room."""
    left, bottom = ax.get_xlim()[0] + 0.2, ax.get_ylim()[0] - 0.22
    ax.plot(
        [left, left + length], [bottom, bottom], color=style.INK, linewidth=3.0, clip_on=False,
        solid_capstyle="butt",
    )  # fmt: skip
    ax.text(left + length + 0.12, bottom, f"{length:g} m", va="center", fontsize=10)
