"""Maps of rooms as Nav2's map server reads them: an image (.pgm) and its description (.yaml)."""

from __future__ import annotations

import numpy as np

from social_nav_core.sim.room import FREE, OCCUPIED, Room

WHITE, GREY, BLACK = 254, 205, 0  # free, unknown, occupied
OCCUPIED_ABOVE, FREE_BELOW = 0.65, 0.196
"""Thresholds of the share of black; grey is 0.19608 of it and so between them."""


def map_files(room: Room, resolution: float = 0.05) -> tuple[bytes, bytes]:
    """The image ``NAME.pgm`` and the description ``NAME.yaml`` of a room's map.

    Args:
        room: with the name that the files have.
        resolution: edge of a cell [m].
    """
    grid, cells = room.occupancy(resolution)
    pixels = np.full(cells.shape, GREY, dtype=np.uint8)
    pixels[cells == FREE] = WHITE
    pixels[cells == OCCUPIED] = BLACK
    header = f"P5\n{grid.width} {grid.height}\n255\n".encode()
    x, y, yaw = grid.origin
    description = (
        f"image: {room.name}.pgm\n"
        "mode: trinary\n"
        f"resolution: {resolution:g}\n"
        f"origin: [{x:g}, {y:g}, {yaw:g}]\n"
        "negate: 0\n"
        f"occupied_thresh: {OCCUPIED_ABOVE}\n"
        f"free_thresh: {FREE_BELOW}\n"
    )
    return header + pixels[::-1].tobytes(), description.encode()
