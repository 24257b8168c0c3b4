"""Intents as frequent as they are where the robot works, in place of the training data's shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import parameter
from social_nav_core.perception.tasks import BALANCED_INTENTS


@dataclass(frozen=True)
class ExpectedParameters:
    """How frequent the intents are; only the ratios of the three shares matter.

    The larger `not_interested`, the fewer passers-by are taken for people who want something, and
    the clearer somebody has to show it.
    """

    interacting: float = parameter(
        0.3, "", "share of people who are expected to interact with the robot", 0.001, 1.0
    )
    interested: float = parameter(
        0.35, "", "share of people who are expected to be interested in it", 0.001, 1.0
    )
    not_interested: float = parameter(
        0.35, "", "share of people who are expected to want nothing of it", 0.001, 1.0
    )

    @property
    def shares(self) -> FloatArray:
        """The shares (3,), with the sum 1."""
        given = np.array([self.interacting, self.interested, self.not_interested])
        return np.asarray(given / given.sum())


def as_expected(
    intents: FloatArray, expected: ExpectedParameters, trained: FloatArray = BALANCED_INTENTS
) -> FloatArray:
    """Probabilities of intents where they are as frequent as expected, by Bayes' rule.

    Training data hold intents in shares of their own; each probability is weighted by the ratio of
    the shares (Saerens et al., Neural Computation 2002, eq. 2.4).

    Args:
        intents: (n, 3) calibrated probabilities, without UNKNOWN.
        expected: how frequent they are.
        trained: shares (3,) in the training data.
    """
    weighted = intents * (expected.shares / trained)
    return np.asarray(weighted / weighted.sum(axis=-1, keepdims=True))
