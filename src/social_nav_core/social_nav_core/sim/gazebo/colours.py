"""Colours of Gazebo's people."""

from __future__ import annotations

from social_nav_core.sim.gazebo.xml import Colour

SHIRTS: tuple[Colour, ...] = (
    (0.80, 0.33, 0.23),
    (0.20, 0.45, 0.70),
    (0.25, 0.58, 0.36),
    (0.86, 0.66, 0.20),
    (0.50, 0.33, 0.62),
    (0.35, 0.62, 0.66),
)
TROUSERS: Colour = (0.16, 0.19, 0.27)
SKIN: Colour = (0.87, 0.68, 0.55)
HAIR: Colour = (0.22, 0.15, 0.11)
SHOES: Colour = (0.93, 0.93, 0.90)
BADGE: Colour = (1.0, 1.0, 1.0)


def of_person(index: int) -> dict[str, Colour]:
    """Colours of a mesh's materials; the shirt's goes by the person's place in the scene."""
    return {
        "shirt": SHIRTS[index % len(SHIRTS)],
        "trousers": TROUSERS,
        "skin": SKIN,
        "hair": HAIR,
        "shoes": SHOES,
        "white": BADGE,
    }
