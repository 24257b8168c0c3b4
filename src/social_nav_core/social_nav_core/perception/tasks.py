"""The three questions that the networks answer, and how their classes belong together.

Class k of a task is the member of `people.Intent`, `Attitude` or `Action` with the value k + 1: the
networks have no UNKNOWN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from social_nav_core.people import Action, Attitude, Intent

TASKS = ("intent", "attitude", "action")
CLASSES = {"intent": 3, "attitude": 3, "action": 10}
NOT_INTERACTING = Attitude.NOT_INTERACTING - 1
"""Attitude class of people who do not interact; left out of the attitude's loss."""

_POSITIVE = (Action.HANDSHAKE, Action.HUG, Action.PET, Action.WAVE)
_NEGATIVE = (Action.PUNCH, Action.THROW)
_INTERESTED = (Action.POINT, Action.GAZE)


def labels_of(action: Action) -> tuple[int, int, int]:
    """Classes (intent, attitude, action) of somebody who does an action.

    Friendly and hostile actions toward the robot are interaction, pointing and gazing are interest,
    leaving and no response are neither (the grouping of JPL-Social).
    """
    intent, attitude = Intent.NOT_INTERESTED, Attitude.NOT_INTERACTING
    if action in _POSITIVE:
        intent, attitude = Intent.INTERACTING, Attitude.POSITIVE
    elif action in _NEGATIVE:
        intent, attitude = Intent.INTERACTING, Attitude.NEGATIVE
    elif action in _INTERESTED:
        intent = Intent.INTERESTED
    return intent - 1, attitude - 1, action - 1


def class_names(task: str) -> tuple[str, ...]:
    """Names of a task's classes, in order."""
    members = {"intent": Intent, "attitude": Attitude, "action": Action}[task]
    return tuple(member.name.lower() for member in members if member > 0)


def label_table() -> NDArray[np.int64]:
    """Classes ``(10, 3)`` of intent, attitude and action for each action class."""
    return np.array([labels_of(Action(k + 1)) for k in range(CLASSES["action"])])


BALANCED_INTENTS = np.bincount(label_table()[:, 0], minlength=CLASSES["intent"]) / CLASSES["action"]
"""Shares (3,) of the intents where every action counts as much as any other, as in training."""


def action_weights(actions: NDArray[np.int64]) -> NDArray[np.float32]:
    """Weights ``(n,)`` by which every action among some windows counts as much as any other.

    Their mean over windows with an action is 1; windows without one (-1) have the weight 1.
    """
    known = actions >= 0
    count = np.bincount(actions[known], minlength=1)
    share = known.sum() / max(np.count_nonzero(count), 1)
    weights = np.ones(len(actions), dtype=np.float32)
    weights[known] = share / count[actions[known]]
    return weights
