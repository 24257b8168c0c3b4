"""What the robot believed about people in a run, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from social_nav_core.evaluation import style
from social_nav_core.evaluation.run import RunRecord
from social_nav_core.evaluation.wording import readable
from social_nav_core.geometry import FloatArray
from social_nav_core.people import Action, Intent, Person
from social_nav_core.whole_file import written_whole

PERIOD = 0.1  # between kept beliefs [s]
_COLOURS = {
    Intent.UNKNOWN: "#e5e7eb",
    Intent.INTERACTING: "#00867a",
    Intent.INTERESTED: "#8fd0b4",
    Intent.NOT_INTERESTED: "#c9b8a8",
}
_LETTER = 0.0075  # width of a letter of an action's name, as a share of the axis


@dataclass(frozen=True)
class Perceived:
    """Beliefs over time; t samples, n people.

    Attributes:
        times: (t,) [s], on the clock of the run.
        person_ids: (n,) names.
        intent: (t, n, 4) probabilities, all NaN while a person is not known.
        action: (t, n, 11) the same.
        group_ids: (t, n) names of conversations, '' when alone or not known.
        last_seen: (t, n) when each was measured last [s], on the clock of the messages.
    """

    times: FloatArray
    person_ids: tuple[str, ...]
    intent: FloatArray
    action: FloatArray
    group_ids: np.ndarray
    last_seen: FloatArray


class PerceivedRecorder:
    """Collects what the robot believes, ten times a second."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, dict[str, Person]]] = []

    def sample(self, time: float, people: Iterable[Person]) -> None:
        """Beliefs at one time [s]."""
        if not self._samples or time >= self._samples[-1][0] + PERIOD - 1e-6:
            self._samples.append((time, {person.id: person for person in people}))

    def record(self) -> Perceived:
        """Everything so far."""
        ids = tuple(dict.fromkeys(name for _, people in self._samples for name in people))
        shape = (len(self._samples), len(ids))
        intent = np.full((*shape, len(Intent)), np.nan)
        action = np.full((*shape, len(Action)), np.nan)
        seen, groups = np.full(shape, np.nan), np.full(shape, "", dtype=object)
        for row, (_, people) in enumerate(self._samples):
            for column, name in enumerate(ids):
                if name in people:
                    person = people[name]
                    intent[row, column], action[row, column] = person.intent, person.action
                    seen[row, column], groups[row, column] = person.last_seen, person.group_id
        times = np.array([time for time, _ in self._samples])
        return Perceived(times, ids, intent, action, groups.astype(np.str_), seen)


def save_perceived(path: Path, perceived: Perceived) -> None:
    """Write beliefs as NPZ."""
    with written_whole(path) as file:
        np.savez_compressed(file, **vars(perceived))


def labels_over_time(perceived: Perceived, run: RunRecord) -> Figure:
    """For each person the believed probabilities of intents, and the truth in a strip above."""
    count = max(len(run.person_ids), 1)
    with matplotlib.rc_context(style.RC):
        figure = Figure(figsize=(10.0, 0.9 + 2.1 * count))
        FigureCanvasAgg(figure)
        axes = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
        for ax, name in zip(axes, run.person_ids, strict=False):
            _draw_person(ax, perceived, run, name)
        axes[-1].set_xlabel("time [s]")
        handles = [
            matplotlib.patches.Patch(color=colour, label=intent.name.lower().replace("_", " "))
            for intent, colour in _COLOURS.items()
        ]
        figure.suptitle("What the robot believed, and the truth", x=0.06, ha="left", weight="bold")
        figure.legend(handles=handles, loc="lower right", ncol=len(handles), frameon=False)
        figure.subplots_adjust(left=0.06, right=0.985, top=1.0 - 0.62 / (0.9 + 2.1 * count))
        figure.subplots_adjust(bottom=0.75 / (0.9 + 2.1 * count), hspace=0.35)
    return figure


def _draw_person(ax: Axes, perceived: Perceived, run: RunRecord, name: str) -> None:
    """Probabilities from 0 to 1, the believed action's names in them, truth from 1.08 to 1.28."""
    truth = run.person_ids.index(name)
    ax.set(ylim=(0.0, 1.28), yticks=[0.0, 0.5, 1.0], xlim=(run.times[0], run.times[-1]))
    if name in perceived.person_ids:
        column = perceived.person_ids.index(name)
        believed = np.nan_to_num(perceived.intent[:, column])
        order = [Intent.INTERACTING, Intent.INTERESTED, Intent.NOT_INTERESTED, Intent.UNKNOWN]
        colours = [_COLOURS[intent] for intent in order]
        layers = [believed[:, intent] for intent in order]
        ax.stackplot(perceived.times, layers, colors=colours, linewidth=0)
        known = np.isfinite(perceived.action[:, column, 0])
        actions = np.where(known, np.nan_to_num(perceived.action[:, column]).argmax(axis=-1), 0)
        _write_spans(ax, perceived.times, actions, 0.06, Action)
    _strip(ax, run.times, run.intents[:, truth])
    _write_spans(ax, run.times, run.actions[:, truth], 1.18, Action)
    ax.text(-0.01, 1.18, "truth", transform=ax.get_yaxis_transform(), ha="right", va="center")
    ax.set_title(readable(name))
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _strip(ax: Axes, times: FloatArray, intents: np.ndarray) -> None:
    for start, end, value in _spans(times, intents):
        ax.fill_between([start, end], 1.08, 1.28, color=_COLOURS[Intent(value)], linewidth=0)


def _write_spans(
    ax: Axes, times: FloatArray, values: np.ndarray, height: float, names: type[Action]
) -> None:
    left, right = ax.get_xlim()
    for begin, finish, value in _spans(times, values):
        start, end = max(begin, left), min(finish, right)
        word = names(value).name.lower().replace("_", " ")
        if value and end - start >= _LETTER * len(word) * (right - left):
            ax.text(
                start + 0.05, height, word, fontsize=8.5, va="center", clip_on=True, color=style.INK
            )


def _spans(times: FloatArray, values: np.ndarray) -> list[tuple[float, float, int]]:
    """(start, end, value) of runs of equal values."""
    if not len(times):
        return []
    change = np.flatnonzero(np.diff(values)) + 1
    starts = np.concatenate([[0], change])
    ends = np.concatenate([change, [len(times) - 1]])
    return [
        (float(times[a]), float(times[b]), int(values[a]))
        for a, b in zip(starts, ends, strict=True)
    ]
