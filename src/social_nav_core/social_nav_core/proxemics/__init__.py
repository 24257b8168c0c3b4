"""Where people do not want others to be: the learned proxemics model and its cost field."""

from social_nav_core.proxemics.field import social_cost, social_field
from social_nav_core.proxemics.model import (
    ModelError,
    ProxemicsModel,
    load_model,
    save_model,
    shipped_model,
)
from social_nav_core.proxemics.skew_normal import SkewNormal
from social_nav_core.proxemics.zone import SocialZoneParameters, Zone, zones_of

__all__ = [
    "ModelError",
    "ProxemicsModel",
    "SkewNormal",
    "SocialZoneParameters",
    "Zone",
    "load_model",
    "save_model",
    "shipped_model",
    "social_cost",
    "social_field",
    "zones_of",
]
