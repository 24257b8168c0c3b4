"""What could be guessed without looking at anybody's pose: a check of made data.

A linear classifier gets only where and how large the person is in the image, how that changes, how
fast the person walks and in how many frames it is seen.  Its accuracy should be near that of always
naming the commonest class.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from social_nav_core.geometry import FloatArray
from social_nav_core.perception.encounters.generator import Encounters
from social_nav_core.perception.metrics import Classes

SHORTCUTS = ("position", "size", "speed", "length")
_PENALTY = 1e-3


def shortcut_features(encounters: Encounters) -> dict[str, FloatArray]:
    """Features ``(n, k)`` that say nothing of the pose, by name."""
    size = encounters.image_size
    box = encounters.box / np.concatenate([size, size], axis=-1)
    middle = box[:, :2] + 0.5 * box[:, 2:]
    edge = np.log(np.maximum(box[:, 3:], 1e-3))
    return {
        "position": np.column_stack([middle, middle**2, middle.prod(axis=1)]),
        "size": np.column_stack([edge, edge**2, np.log(encounters.distance)]),
        "speed": np.column_stack([encounters.speed, encounters.speed**2, encounters.speed > 0.0]),
        "length": encounters.present.sum(axis=1, keepdims=True).astype(float),
    }


def shortcut_accuracy(
    train: Encounters, test: Encounters, labels: tuple[Classes, Classes], names: tuple[str, ...]
) -> tuple[float, float]:
    """Accuracy of the linear classifier, and of always naming the commonest class.

    Args:
        train, test: made data of two splits.
        labels: classes ``(n,)`` of one task, of train and of test.
        names: of the features that it may use, some of `SHORTCUTS`.
    """
    given, asked = (
        np.column_stack([shortcut_features(one)[name] for name in names]) for one in (train, test)
    )
    mean, spread = given.mean(axis=0), given.std(axis=0) + 1e-9
    weights = _logistic((given - mean) / spread, labels[0])
    answers = _answers(weights, (asked - mean) / spread).argmax(axis=1)
    commonest = np.bincount(labels[0]).argmax()
    return float((answers == labels[1]).mean()), float((labels[1] == commonest).mean())


def _answers(weights: FloatArray, features: FloatArray) -> FloatArray:
    return np.asarray(features @ weights[:-1] + weights[-1])


def _logistic(features: FloatArray, truth: Classes) -> FloatArray:
    """Weights ``(k + 1, classes)`` of a multinomial logistic regression, the last row constant."""
    count, inputs = features.shape
    classes = int(truth.max()) + 1
    wanted = np.eye(classes)[truth]

    def cost(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat.reshape(inputs + 1, classes)
        answer = log_softmax(_answers(weights, features), axis=1)
        error = (np.exp(answer) - wanted) / count
        slope = np.vstack([features.T @ error, error.sum(axis=0)]) + 2.0 * _PENALTY * weights
        loss = -(answer * wanted).sum() / count + _PENALTY * (weights**2).sum()
        return float(loss), slope.ravel()

    start = np.zeros((inputs + 1) * classes)
    best = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(best.x.reshape(inputs + 1, classes))
