"""Models of either kind, from a file or by the name of a baseline."""

from __future__ import annotations

from social_nav_core.interaction.kde import (
    InteractionModel,
    load_interaction_model,
    shipped_interaction_model,
)
from social_nav_core.proxemics.baselines import BASELINES, Baseline
from social_nav_core.proxemics.model import ModelError, ProxemicsModel, load_model, shipped_model

MODEL_HELP = """\
MODEL is a proxemics model (.yaml), an interaction model (.npz), 'proxemics' or 'interaction' for
the ones that come with this package, or a baseline: hall, kirby, egg, gaussian.
"""
AnyModel = ProxemicsModel | Baseline | InteractionModel


def load_any_model(name: str) -> AnyModel:
    """The model that a command's argument names.

    Raises:
        ModelError: neither a known name nor a usable file.
        OSError: there is no such file.
    """
    if name == "proxemics":
        return shipped_model()
    if name == "interaction":
        return shipped_interaction_model()
    if name in BASELINES:
        return BASELINES[name]()
    if name.endswith(".npz"):
        return load_interaction_model(name)
    if name.endswith((".yaml", ".yml")):
        return load_model(name)
    raise ModelError(
        f"{name}: expected a .yaml or .npz file, proxemics, interaction, {', '.join(BASELINES)}"
    )
