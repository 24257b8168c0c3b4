"""Labels over time: probabilities that grow with what is known, smoothed, with hysteresis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from social_nav_core.geometry import FloatArray
from social_nav_core.parameters import check, parameter
from social_nav_core.perception.tasks import CLASSES, TASKS


@dataclass(frozen=True)
class LabelParameters:
    """How labels follow the network's answers."""

    smoothing: float = parameter(0.4, "s", "time constant of the probabilities", 0.0, 10.0)
    hysteresis: float = parameter(0.15, "", "lead that another label needs to take over", 0.0, 0.99)
    per_image: int = parameter(
        16, "", "people whose labels one image renews; of more, who waited longest", 1, 1000
    )


class LabelFilter:
    """Probabilities of all people for every task, indexed as in social_nav_msgs: 0 is UNKNOWN.

    An answer counts by how much of its window was seen; the rest is UNKNOWN.  A label stays until
    another one leads it by `hysteresis`: until then both share the lead, the one that stays ahead
    by a hair.

    Args:
        parameters: how labels follow.

    Raises:
        ParameterError: a parameter is out of bounds.
    """

    def __init__(self, parameters: LabelParameters | None = None) -> None:
        self.parameters = LabelParameters() if parameters is None else parameters
        check(self.parameters)
        self._smoothed: dict[str, dict[str, FloatArray]] = {}
        self._held: dict[str, dict[str, int]] = {}
        self._times: dict[str, float] = {}

    def due(self, names: Sequence[str]) -> list[str]:
        """Whose labels are to be renewed next: at most `per_image`, who waited longest first."""
        most = self.parameters.per_image
        if len(names) <= most:
            return list(names)
        turn = {name: place for place, name in enumerate(self._times)}
        return sorted(names, key=lambda name: turn.get(name, -1))[:most]

    def update(
        self,
        time: float,
        names: Sequence[str],
        answers: Mapping[str, FloatArray],
        trust: FloatArray,
    ) -> None:
        """Take in the network's answers to one image.

        Args:
            time: of the image [s].
            names: (n,) of the people.
            answers: probabilities ``(n, classes)`` by task, without UNKNOWN.
            trust: (n,) how much each answer counts, 0 to 1.
        """
        full = {
            task: np.column_stack([1.0 - trust, trust[:, None] * answers[task]]) for task in TASKS
        }
        for row, name in enumerate(names):
            before = self._smoothed.get(name)
            elapsed = time - self._times.get(name, time)
            fade = np.exp(-elapsed / max(self.parameters.smoothing, 1e-9)) if before else 0.0
            self._times.pop(name, None)  # to the end, behind those who wait
            self._times[name] = time
            now = {task: full[task][row] for task in TASKS}
            if before is not None:
                now = {task: fade * before[task] + (1.0 - fade) * now[task] for task in TASKS}
            self._smoothed[name] = now
            held = self._held.setdefault(name, {})
            for task in TASKS:
                held[task] = self._label(now[task], held.get(task))

    def probabilities(self, name: str) -> dict[str, FloatArray]:
        """Probabilities ``(classes + 1,)`` by task; all UNKNOWN for who is not known yet."""
        if name not in self._smoothed:
            return {task: np.eye(CLASSES[task] + 1)[0] for task in TASKS}
        held = self._held[name]
        return {task: _led_by(held[task], p) for task, p in self._smoothed[name].items()}

    def forget(self, names: Sequence[str]) -> None:
        """Drop people."""
        for name in names:
            for item in (self._smoothed, self._held, self._times):
                item.pop(name, None)

    def clear(self) -> None:
        """Forget everybody."""
        self.forget(list(self._smoothed))

    def _label(self, probabilities: FloatArray, held: int | None) -> int:
        best = int(probabilities.argmax())
        if held is None or probabilities[best] - probabilities[held] > self.parameters.hysteresis:
            return best
        return held


def _led_by(held: int, probabilities: FloatArray) -> FloatArray:
    """Probabilities ``(k,)`` whose largest is the label that is held, with the same sum."""
    best = int(probabilities.argmax())
    if best == held:
        return probabilities.copy()
    led = probabilities.copy()
    ahead = led >= led[held]
    shared = led[ahead].mean()
    led[ahead] = shared
    led[held] = min(shared + 1e-6 * ahead.sum(), 1.0)
    return led / led.sum()
